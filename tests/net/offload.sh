# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# offload.sh: C10: flows in the flow table. They pass whole and are counted, obey every change at the next packet,
# and what is not plain goes the long way.

ORULES='
	accept tcp dport 80, 22 dst web name o
	accept udp dport 7777 dst web name u
	default drop'
OFF="$ZONES$LETS
wan -> dmz { offload
$ORULES
}
self -> any { default accept }"

# rule NAME FIELD: a counter of a rule
rule() { zf -j show rules | tr '{' '\n' | grep "\"name\":\"$1\"" | tr ',}' '\n' | sed -n "s/^\"$2\"://p"; }
some_offloaded() { [ "$(stat offloaded)" -ge "$1" ]; }
fast_beyond() { [ "$(stat offload_packets)" -gt "$1" ]; }
# offloaded N: at least N flows are in the table, and packets take its way
offloaded() {
  until_true some_offloaded "$1" && until_true fast_beyond "$(stat offload_packets)" && pass ||
    miss "$1 flows are not offloaded: $(stat offloaded); streams: $(streams); $(zf flow show | tr -s ' \n' ' /')"
}
streams() { # those under way, and how far the others came
  local f
  for f in "$T"/flow-*.pid; do
    f=${f%.pid}
    if kill -0 "$(cat "$f.pid")" 2> /dev/null; then echo -n "${f##*flow-} runs "; else echo -n "${f##*flow-} ended at $(cat "$f") "; fi
  done
}
flow_on() { # NAME HOST FAM ADDR PORT [COUNT [GAPMS]]: a stream in the background
  nsenter --net="/run/netns/$2" pkt stream "$4" "$5" "${6:-100000}" "${7:-10}" > "$T/flow-$1" & echo $! > "$T/flow-$1.pid"
}
# going NAME: the stream has not ended; it does when an exchange fails
going() { if kill -0 "$(cat "$T/flow-$1.pid")" 2>/dev/null; then pass; else miss "the stream $1 ended after $(cat "$T/flow-$1")"; fi; }
flow_off() { kill "$(cat "$T/flow-$1.pid")" 2>/dev/null; wait "$(cat "$T/flow-$1.pid")" 2>/dev/null; }
# silent NAME HOST: from now on nothing of ext1 reaches HOST
silent() {
  watch "$1" "$2"; unwatch "$1" 0.7
  is "$1: packets after the change" "$(seen "$1" "^$2 I [46] (6|17) (${A4[ext1]}|${A6[ext1]}) ")" 0
}
# moved NAME FROM TO-HOST ADDR: 3 MB through the firewall, as they were
moved() {
  [ -s "$T/bulk" ] || dd if=/dev/urandom of="$T/bulk" bs=65536 count=48 2>/dev/null
  rm -f "$T/got"
  nsenter --net="/run/netns/$3" timeout 60 socat -u TCP6-LISTEN:9000,ipv6only=0,reuseaddr "OPEN:$T/got,creat,trunc" & local p=$!
  until_true on "$3" sh -c 'grep -q ":2328 0*:0000 0A " /proc/net/tcp6'
  on "$2" timeout 60 socat -u "OPEN:$T/bulk" "TCP:$4:${5:-9000}" || miss "$1: the connection failed"
  wait $p
  is "$1: what arrived" "$(sha256sum < "$T/got")" "$(sha256sum < "$T/bulk")"
}
C10() { # an offloaded flow: whole, counted, cut at once
  local f b p n
  apply "$OFF" || return
  is "matrix" "$(zf -j show matrix | tr '{' '\n' | grep '"from":"wan"' | grep -c offload)" 1
  apply "${OFF/22 dst/22, 9000 dst}" || return
  b=$(stat offload_packets)
  moved "v4" ext1 web "${A4[web]}"; moved "v6" ext1 web "[${A6[web]}]"
  at_least "packets by the flow table" $(($(stat offload_packets) - b)) 60
  # counters: 300 datagrams there and 300 back, of 28 + 72 bytes and 48 + 72
  for f in 4 6; do
    n=$(rule u packets) p=$(rule u bytes) b=$(stat offload_packets)
    send ext1 -c 300 -g 3000 -S 4000 -l 72 udp "$(addr $f web)" 7777
    until_true test "$(rule u packets)" -ge $((n + 600))
    is "v$f: packets on the rule" $(($(rule u packets) - n)) 600
    is "v$f: bytes on the rule" $(($(rule u bytes) - p)) $((600 * (f == 4 ? 100 : 120)))
    at_least "v$f: of them by the flow table" $(($(stat offload_packets) - b)) 500
  done
  flow_on a4 ext1 4 "${A4[web]}" 80; flow_on a6 ext1 6 "${A6[web]}" 80
  offloaded 2
  at_least "flow show marks them" "$(zf flow show | grep -c offloaded)" 2
  # the flow that keeps its permission loses nothing, whatever is committed meanwhile
  flow_on keep ext2 4 "${A4[web]}" 22
  watch keep web
  send ext2 -c 500 -g 5000 -S 4001 -l 10 udp "${A4[web]}" 7777 & p=$!
  for n in 1 2 3 4 5 6 7 8; do apply "$OFF
int -> dmz { accept tcp dport $n }"; sleep 0.2; done
  wait $p
  unwatch keep
  is "datagrams of a flow that stays permitted" "$(seen keep "^web I 4 17 ${A4[ext2]} .* 4001 7777 ")" 500
  offloaded 2
  b=$(all_cut)
  apply "${OFF/80, 22/22}"
  silent revoked web
  until_true cut_beyond $((b + 1)) && pass || miss "cut by the new policy: $(($(all_cut) - b)) of 2"
  going keep
  flow_off a4; flow_off a6; flow_off keep
  apply "$P0"; is "no table without the word" "$(stat offloaded)" 0
}
C10S() { # what changes under one policy reaches offloaded flows, too
  local n
  apply "set banned { }
any -> any { drop src @banned }
$OFF" || return
  flow_on a ext1 4 "${A4[web]}" 80; flow_on b ext2 4 "${A4[web]}" 22
  offloaded 2
  zf set add banned "${A4[ext1]}"
  silent banned web
  flow_off a
  flow_on a ext1 6 "${A6[web]}" 80
  offloaded 2
  zf panic on
  silent panic web
  zf panic off
  flow_off a; flow_off b
  flow_on a ext1 6 "${A6[web]}" 80; flow_on b ext2 4 "${A4[web]}" 22
  offloaded 2
  fw ip link set wan1 down
  silent down web
  flow_off a; wan1_up
  flow_on a ext1 4 "${A6[web]}" 80
  offloaded 2
  fw ip link set wan1 name out1 2>/dev/null || { fw ip link set wan1 down; fw ip link set wan1 name out1; wan1_up out1; }
  silent renamed web
  fw ip link set out1 down; fw ip link set out1 name wan1; wan1_up
  going b; flow_off b; flow_off a
  apply "${OFF/web name o/web name o expires 20s}" || return
  flow_on a ext1 4 "${A4[web]}" 80
  offloaded 1
  o_gone() { [ -z "$(rule o packets)" ]; }
  until_true o_gone || miss "the rule did not expire"
  silent expired web
  flow_off a
  apply "$OFF" || return
  fw sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0
  flow_on a ext1 4 "${A4[web]}" 80
  offloaded 1
  zf flow kill src "${A4[ext1]}" > /dev/null
  silent killed web
  fw sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1
  flow_off a
  flow_on a ext1 4 "${A4[web]}" 80
  offloaded 1
  zf apply --confirm 60s - <<< "$P0" > /dev/null; is "without the word" "$(stat offloaded)" 0
  zf rollback > /dev/null; offloaded 1
  flow_off a
  apply "$P0"
}
reaches_web() { [ "$(tcp ext1 "${A6[web]}" 80 700)" = open ]; }
wan1_up() { # and waits until packets pass by it: a link that comes back is told to the routes a second later, or two
  local d=${1:-wan1}
  fw ip link set "$d" up
  fw ip addr replace "${FW4[wan]}/32" dev "$d"; fw ip -6 addr replace fe80::1/64 dev "$d" nodad
  fw ip -6 addr replace "${FW6[wan]}/128" dev "$d" nodad
  fw ip route replace "${A4[ext1]}/32" dev "$d" src "${FW4[wan]}"; fw ip -6 route replace "${A6[ext1]}/128" dev "$d"
  fw ip route replace default via "${A4[ext1]}" dev "$d" onlink; fw ip -6 route replace default via "${A6[ext1]}" dev "$d" onlink
  [ "$d" != wan1 ] || until_true reaches_web || miss "nothing passes by $d"
}
C10N() { # translated flows
  local f b
  apply "$ZONES$LETS
int -> wan { masquerade; offload; default accept }
wan -> dmz { offload; publish tcp dport 443 to web:80 name site; publish tcp dport 9443 to web:9000; default drop }
self -> any { default accept }" || return
  b=$(stat offload_packets)
  watch nat ext1
  moved "masqueraded v4" pc ext1 "${A4[ext1]}"; moved "masqueraded v6" pc ext1 "[${A6[ext1]}]"
  unwatch nat
  for f in 4 6; do is "source, v$f" "$(from_seen nat ext1 $f 6 9000)" "$(fwaddr $f wan) "; done
  at_least "masqueraded packets by the flow table" $(($(stat offload_packets) - b)) 60
  b=$(stat offload_packets)
  watch pub web
  moved "published v4" ext1 web "${FW4[wan]}" 9443; moved "published v6" ext1 web "[${FW6[wan]}]" 9443
  unwatch pub
  for f in 4 6; do is "the backend sees the client, v$f" "$(from_seen pub web $f 6 9000)" "$(addr $f ext1) "; done
  at_least "published packets by the flow table" $(($(stat offload_packets) - b)) 60
  for f in 4 6; do flow_on n$f ext1 $f "$(fwaddr $f wan)" 443; done
  flow_on m pc 4 "${A4[ext1]}" 80
  offloaded 3
  b=$(stat offload_packets)
  watch udp ext1
  send pc -c 60 -g 3000 -S 4007 -l 33 udp "${A4[ext1]}" 7777
  unwatch udp
  is "datagrams with a translated source" "$(seen udp "^ext1 I 4 17 ${FW4[wan]} .* 7777 ")" 60
  apply "$ZONES$LETS
int -> wan { masquerade; offload; default accept }
self -> any { default accept }"
  silent unpublished web
  offloaded 1
  flow_off n4; flow_off n6; flow_off m
  apply "$P0"
}
C10M() { # what is not plain goes the long way, and comes to the same end
  local b n
  apply "$OFF" || return
  fw ip link set dmz1 mtu 1300
  send ext1 -c 30 -g 3000 -S 4100 -l 10 udp "${A4[web]}" 7777
  b=$(stat offload_packets)
  send ext1 -c 40 -g 3000 -S 4100 -l 10 udp "${A4[web]}" 7777
  at_least "by the flow table" $(($(stat offload_packets) - b)) 20
  watch mtu web ext1
  send ext1 -D -S 4100 -l 1400 udp "${A4[web]}" 7777	# too large, not to be fragmented
  send ext1 -S 4100 -l 1400 udp "${A4[web]}" 7777	# too large
  send ext1 -S 4100 -l 1200 -f 400 udp "${A4[web]}" 7777	# comes in pieces
  send ext1 -S 4100 -l 11 -t 1 udp "${A4[web]}" 7777	# ends here
  send ext1 -S 4100 -l 12 -O 01010101 udp "${A4[web]}" 7777	# has options
  send ext1 -S 4100 -l 13 -b ipsum udp "${A4[web]}" 7777	# broken
  send ext1 -S 4100 -l 14 udp "${A4[web]}" 7777
  unwatch mtu 0.5
  is "fragmentation needed" "$(seen mtu "^ext1 I 4 1 ${FW4[wan]} ${A4[ext1]} 3 4 ")" 1
  is "time exceeded" "$(seen mtu "^ext1 I 4 1 ${FW4[wan]} ${A4[ext1]} 11 0 ")" 1
  # of the large one a first piece, of the one in pieces a first piece, the one with options and the last
  is "what came at web" "$(seen mtu "^web I 4 17 ${A4[ext1]} .* 4100 7777 ")" 4
  is "without its checksum" "$(seen mtu "^web I 4 17 ${A4[ext1]} .* 4100 7777 .* 62$")" 0
  fw ip link set dmz1 mtu 1500
  # TCP keeps conntrack's knowledge: a blind reset dies here, an end is noticed
  flow_on t ext1 4 "${A4[web]}" 80 400 20
  offloaded 1
  n=$(fw conntrack -L -p tcp --dport 80 -s "${A4[ext1]}" 2>/dev/null | grep ESTABLISHED | sed 's/.*sport=\([0-9]*\) .*/\1/' | head -1)
  b=$(stat invalid)
  watch rst web
  send ext1 -S "$n" -F 4 tcp "${A4[web]}" 80
  unwatch rst
  is "a blind reset at web" "$(seen rst "^web I 4 6 ${A4[ext1]} [^ ]+ $n 80 4 ")" 0
  is "counted invalid" $(($(stat invalid) - b)) 1
  wait "$(cat "$T/flow-t.pid")"; is "exchanges" "$(cat "$T/flow-t")" 400
  closed() { fw conntrack -L -p tcp --dport 80 -s "${A4[ext1]}" 2>/dev/null | grep "sport=$n " | grep -qE 'TIME_WAIT|LAST_ACK|CLOSE'; }
  until_true closed && pass || miss "conntrack did not notice the end: $(fw conntrack -L -p tcp --dport 80 2>/dev/null | tail -2)"
  apply "$P0"
}
C10X() { # devices and namespaces go while flows are offloaded
  local n
  new_ns x0; new_ns xa; new_ns xb
  for n in a b; do
    ip link add x$n netns x0 type veth peer name eth0 netns x$n
    on x0 ip link set x$n up; on x$n ip link set eth0 up
  done
  on x0 ip addr add 198.19.1.1/24 dev xa; on xa ip addr add 198.19.1.2/24 dev eth0; on xa ip route add default via 198.19.1.1
  on x0 ip addr add 198.19.2.1/24 dev xb; on xb ip addr add 198.19.2.2/24 dev eth0; on xb ip route add default via 198.19.2.1
  on x0 sysctl -qw net.ipv4.ip_forward=1
  nsenter --net=/run/netns/xb pkt serve tcp:80 & n=$!
  ns_apply x0 'zone a { dev xa }
zone b { dev xb* }
a -> b { offload; default accept }'
  xstat() { on x0 zonefw -j show stats | tr ',{}' '\n' | sed -n 's/.*"offload_packets": *//p'; }
  xmoves() { [ "$(xstat)" -gt "$1" ]; }
  flow_on x xa 4 198.19.2.2 80
  until_true xmoves 10 && pass || miss "nothing is offloaded"
  on x0 ip link del xb
  is "the device is gone" "$(on x0 ip -o link show | grep -c ' xb')" 0
  flow_off x
  ip link add xb2 netns x0 type veth peer name eth0 netns xb
  on x0 ip link set xb2 up; on xb ip link set eth0 up
  on x0 ip addr add 198.19.2.1/24 dev xb2; on xb ip addr add 198.19.2.2/24 dev eth0; on xb ip route add default via 198.19.2.1
  flow_on x xa 4 198.19.2.2 80
  until_true xmoves $(($(xstat) + 10)) && pass || miss "nothing is offloaded by way of a new device"
  ip netns del x0; sleep 0.5
  flow_off x; kill $n; wait $n 2>/dev/null
  ip netns del xa; ip netns del xb
  until_true used_as_before || miss "the namespace is held"
}
