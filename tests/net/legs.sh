# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# legs.sh: nothing that comes by one leg passes for what another one has sent: sources (F05), fragments (E01L), errors
# (B06L, E06), frames (E12); and names that talk to a terminal (K10N).

# flow_of FAM SPORT: conntrack has an answered UDP flow of that source port
flow_of() { fw conntrack -L -f "ipv$1" -p udp --orig-port-src "$2" 2> /dev/null | grep -vq UNREPLIED; }
# denied_copy HOST SRC DST NAME: a SYN to port 22 of DST, forged or by another way, does not arrive
denied_copy() {
  watch cp "$3"
  send "$1" -s "$2" -c 2 -S 961 tcp "$(addr "$f" "$3")" 22
  unwatch cp
  is "v$f $4" "$(seen cp "^$3 I $f 6 $2 [^ ]+ 961 22 ")" 0
}
# F05: by which way may a source come? Zones of addresses only lie across devices; a VRF has routes of its own
F05() {
  local f n rules='vpn -> dmz { accept tcp dport 22 dst web }
wan -> dmz { accept tcp dport 22 dst web }
self -> any { default accept }'
  for n in "$ZONES zone vpn { net ${A4[pc]}, ${A6[pc]}; antispoof }" "$ZONES zone vpn { net ${A4[pc]}, ${A6[pc]} }" \
      "${ZONES//; antispoof/} zone vpn { net ${A4[pc]}, ${A6[pc]}; antispoof }"; do
    apply "$LETS$n
$rules" || return
    tcp_ok pc web 22
    for f in 4 6; do denied_copy ext2 "$(addr $f pc)" web "source of a zone of addresses from WAN: ${n##*zone wan}"; done
  done
  # both ways are of one zone, and where nobody asks for antispoof any way is
  rules=${rules#*$'\n'}
  apply "$LETS$ZONES
$rules" || return
  watch as web
  for f in 4 6; do send ext1 -s "$(addr $f ext2)" -S 962 tcp "$(addr $f web)" 22; done
  apply "$LETS${ZONES//; antispoof/}
$rules" || return
  for f in 4 6; do send ext1 -s "$(addr $f pc)" -S 963 tcp "$(addr $f web)" 22; done
  unwatch as
  is "another link of the zone, and no antispoof" "$(seen as "^web I [46] 6 [^ ]+ [^ ]+ 962 22 2 ") $(seen as "^web I [46] 6 [^ ]+ [^ ]+ 963 22 2 ")" "2 2"
  apply "$P0"
}
# E01L: antispoof looks at each fragment, before they are put together
E01L() {
  local f b
  apply "$P0 int -> dmz { accept udp dport 53 dst web }" || return
  b=$(stat spoofed)
  watch fr web
  for f in 4 6; do
    send pc -S 971 -l 100 -f 48 udp "$(addr $f web)" 53
    send ext2 -s "$(addr $f pc)" -S 972 -l 100 -f 48 -o first udp "$(addr $f web)" 53
    send pc -S 972 -l 100 -f 48 -o rest udp "$(addr $f web)" 53
  done
  unwatch fr
  is "all of one leg" "$(seen fr "^web I [46] 17 [^ ]+ [^ ]+ 971 53 ")" 2
  is "the first from WAN, the others from INT" "$(seen fr "^web I [46] 17 [^ ]+ [^ ]+ 972 53 ")" 0
  is "fragments counted as spoofed" $(($(stat spoofed) - b)) 2
  apply "$P0"
}
# B06L: an error of a flow comes by the flow's own legs, also when nothing is remembered of the flow: here because
# its rule asks for a device, so that only its next packet can tell
B06L() {
  local f h proto tc sport related p="$ZONES$LETS
int -> wan { accept in int1 }
self -> any { default accept }"
  for f in 4 6; do
    if [ $f = 4 ]; then proto=1 tc="3 4"; else proto=58 tc="2 0"; fi
    apply "$p" || return
    send pc -S 5558 -l 5 udp "$(addr $f ext1)" 7777
    until_true flow_of $f 5558
    watch leg pc
    apply "$p
dmz -> wan { accept tcp dport 2$f }" || return
    until_true sweep_ended
    # shellcheck disable=SC2086
    send web -P "$(icmp_error $f $tc 1300 "$(addr $f pc)" "$(addr $f ext1)" 5558 7777)" $proto "$(addr $f pc)"
    # shellcheck disable=SC2086
    send ext2 -P "$(icmp_error $f $tc 1300 "$(addr $f pc)" "$(addr $f ext1)" 5558 7777)" $proto "$(addr $f pc)"
    unwatch leg
    is "v$f error from DMZ, of a flow to WAN" "$(seen leg "^pc I $f $proto $(addr $f web) ")" 0
    is "v$f error from WAN" "$(seen leg "^pc I $f $proto $(addr $f ext2) ")" 1
    # of the router's own
    is "v$f the router's own" "$(fw pkt udp "$(addr $f ext1)" 7777 3000 "$(fwaddr $f wan)")" open
    sport=$(fw conntrack -L -f ipv$f -p udp --dport 7777 --orig-src "$(fwaddr $f wan)" 2> /dev/null | grep -o -m1 'sport=[0-9]*' | head -1)
    for h in web ext2; do
      related=$(stat related)
      # shellcheck disable=SC2086
      send $h -P "$(icmp_error $f $tc 1300 "$(fwaddr $f wan)" "$(addr $f ext1)" "${sport#*=}" 7777)" $proto "$(fwaddr $f wan)"
      is "v$f error of the router's own flow from $h" "$(($(stat related) - related))" "$([ $h = web ] && echo 0 || echo 1)"
    done
  done
  on pc ip route flush cache; on pc ip -6 route flush cache
  apply "$P0"
}
# F05N: what a route of IPv4 sends to the loopback device is forwarded like any other, so the policy is asked (IPv6 refuses it itself)
F05N() {
  fw ip route add 198.18.77.7/32 dev lo
  zf -q stats reset
  send ext1 -S 5570 udp 198.18.77.7 7777
  is "dropped" "$(stat dropped)" 1
  is "connections" "$(fw conntrack -L -p udp --orig-port-src 5570 2> /dev/null | wc -l)" 0
  fw ip route del 198.18.77.7/32 dev lo
  is "the router's own loopback" "$(fw pkt tcp 127.0.0.1 80 3000)" open
}
# E06: an error in fragments is one of a flow when it is whole
E06() {
  local f proto tc s d at
  for f in 4 6; do
    if [ $f = 4 ]; then proto=1 tc="3 4"; else proto=58 tc="2 0"; fi
    s=$(addr $f pc) d=$(addr $f ext1)
    send pc -S 5559 -l 5 udp "$d" 7777
    until_true flow_of $f 5559
    watch ef pc
    # shellcheck disable=SC2086
    { send ext1 -f 16 -P "$(icmp_error $f $tc 1300 "$s" "$d" 5559 7777)" $proto "$s"
      send ext1 -f 16 -t 77 -P "$(icmp_error $f $tc 1300 "$s" "$d" 6668 7777)" $proto "$s"
      send ext1 -f 16 -t 99 -o first -P "$(icmp_error $f $tc 1300 "$s" "$d" 5559 7777)" $proto "$s"; }
    unwatch ef
    is "v$f of a live flow, of a made-up one, without its end" "$(for at in 63 76 98; do seen ef "^pc I $f $proto [^ ]+ $s .* $at$"; done | tr '\n' ' ')" "1 0 0 "
  done
  on pc ip route flush cache; on pc ip -6 route flush cache
}
# E12: a frame that says otherwise what it carries is judged as what it carries, or not taken at all
E12() {
  local l
  watch ll web
  for l in 0800 810000000800 81000000810000000800 88a80000810000000800 8100000a0800 0030aaaa030000000800 0400aaaa030000000800 \
      00300000030800 88b5 8847 8864110000010022 0806; do
    send ext2 -L $l -S 981 tcp "${A4[web]}" 80; send ext2 -L $l -S 982 tcp "${A4[web]}" 22
  done
  unwatch ll
  at_least "permitted, as plain IP" "$(seen ll "^web I 4 6 ${A4[ext2]} [^ ]+ 981 80 2 ")" 1
  is "denied, in whatever frame" "$(seen ll "^web I 4 6 ${A4[ext2]} [^ ]+ 982 ")" 0
}
# K10N: a device may be called nearly anything
K10N() {
  local d=$'odd\e[31m'
  fw ip link add "$d" type dummy || { miss "no such name"; return; }
  apply "$P0 zone odd { dev odd* }" || return
  is "shown" "$(zf show zones | grep -c 'odd?\[31m')" 1
  is "as it is in JSON" "$(zf -j show zones | grep -c 'odd\\u001B\[31m')" 1
  fw ip link del "$d"
  # a log prefix is text and nothing else; the kernel logs a namespace's packets only when asked to
  echo 1 > /proc/sys/net/netfilter/nf_log_all_netns
  apply "options { log kernel }
$P0 wan -> int { drop udp dport 4711 log \"100%s %n ä\" }" || return
  dmesg -c > /dev/null
  send ext1 udp "${A4[pc]}" 4711
  is "a prefix with a format in it, in the log" "$(dmesg | grep -c '100%s %n .* IN=wan1 ')" 1
  fw zonefw rule add from wan to int drop log $'a\nb' > "$T/o" 2>&1; is "a prefix of two lines: exit" $? 1
  is "and why" "$(grep -c 'control character in a string' "$T/o")" 1
  echo 0 > /proc/sys/net/netfilter/nf_log_all_netns
  apply "$P0"
}
