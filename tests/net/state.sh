# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# state.sh: groups B (statefulness), D (IPv6), E (fragments, odd packets), F (spoofing).

ct_count() { fw cat /proc/sys/net/netfilter/nf_conntrack_count; }
B01() {
  local f
  tcp_ok pc ext1 80; udp_ok pc ext1 7777; echo_ok pc ext1
  blocked tcp ext1 pc 80
  fw conntrack -F > /dev/null 2>&1
  for f in 4 6; do is "udp$f" "$(udp pc "$(addr $f ext1)" 7777)" open; done
  is "states of two exchanges" "$(fw conntrack -f ipv4 -L -p udp --dport 7777 2>/dev/null | wc -l) $(fw conntrack -f ipv6 -L -p udp --dport 7777 2>/dev/null | wc -l)" "1 1"
}
h16() { printf '%04x' "$1"; }
hexaddr() { # an address in hex
  local IFS=. a
  case $1 in
    *.*) for a in $1; do printf '%02x' "$a"; done;;
    *) IFS=:; # 2001:2:0:Z::N
       local h=${1%%::*} t=${1##*::} n=0
       for a in $h; do printf '%04x' "0x$a"; n=$((n + 1)); done
       while [ $n -lt 7 ]; do printf 0000; n=$((n + 1)); done
       printf '%04x' "0x$t";;
  esac
}
# icmp_error FAM TYPE CODE MTU SRC DST SPORT DPORT: layer 4 of an error that quotes a UDP packet
icmp_error() {
  printf '%02x%02x0000' "$2" "$3"
  if [ "$1" = 6 ]; then printf '%08x' "$4"; else printf '0000%04x' "$4"; fi
  if [ "$1" = 4 ]; then printf '45000021000140004011'; ip_sum "$5" "$6"; hexaddr "$5"; hexaddr "$6"
  else printf '60000000000d1140'; hexaddr "$5"; hexaddr "$6"; fi
  h16 "$7"; h16 "$8"; printf '000d0000'; printf '6162636465'
}
ip_sum() { # checksum of the quoted IPv4 header
  local h i s=0
  h="45000021000140004011$(hexaddr "$1")$(hexaddr "$2")"
  for ((i = 0; i < ${#h}; i += 4)); do s=$((s + 0x${h:i:4})); done
  while [ $((s >> 16)) != 0 ]; do s=$(((s & 0xffff) + (s >> 16))); done
  printf '%04x' $((~s & 0xffff))
}
# errors_belong FAM TYPE:CODE...: of a live flow forwarded once each, of a made-up one not at all
errors_belong() {
  local f=$1 tc n=0 proto seenlive seenfake s d sport=5555
  shift
  s=$(addr "$f" pc) d=$(addr "$f" ext1)
  [ "$f" = 4 ] && proto=1 || proto=58
  send pc -s "$s" -S $sport -l 5 udp "$d" 7777
  sleep 0.3
  watch err pc
  for tc; do
    send ext1 -P "$(icmp_error "$f" "${tc%:*}" "${tc#*:}" 1300 "$s" "$d" $sport 7777)" $proto "$s"
    send ext1 -P "$(icmp_error "$f" "${tc%:*}" "${tc#*:}" 1300 "$s" "$d" 6666 7777)" -t 77 $proto "$s"
    n=$((n + 1))
  done
  unwatch err 0.5
  for tc; do
    seenlive=$(seen err "I $f $proto $d $s ${tc%:*} ${tc#*:} [0-9]+ 63")
    seenfake=$(seen err "I $f $proto $d $s ${tc%:*} ${tc#*:} [0-9]+ 76")
    is "v$f error ${tc} of a live flow" "$seenlive" 1
    is "v$f error ${tc} of a made-up flow" "$seenfake" 0
  done
  is "udp$f lives on" "$(udp pc "$d" 7777)" open
}
B06() { errors_belong 4 3:4 3:3 3:1 11:0; errors_belong 6 2:0 1:4; }
D01() {
  local sum port=7070
  errors_belong 6 1:0 1:1 1:2 1:3 1:4 1:5 1:6 2:0 3:0 4:1 4:2
  fw ip link set wan1 mtu 1280
  head -c 300000 /dev/urandom > "$T/data"
  nsenter --net=/run/netns/ext1 socat -u "TCP6-LISTEN:$port,reuseaddr" "OPEN:$T/got,creat,trunc" & sum=$!
  sleep 1
  on pc timeout 20 socat -u "OPEN:$T/data" "TCP6:[${A6[ext1]}]:$port"
  sleep 0.5; kill $sum 2>/dev/null; wait $sum 2>/dev/null
  is "transfer over a link of 1280 bytes" "$(md5sum < "$T/got")" "$(md5sum < "$T/data")"
  fw ip link set wan1 mtu 1500
  on pc ip -6 route flush cache
}
# nd_transit: a neighbour solicitation of adm's for web, whose address it is sent to by way of fw
nd_transit() {
  watch nd web
  send adm -s "${A6[adm]}" -t 255 -P "8700000000000000$(hexaddr "${A6[web]}")010102000000aa01" 58 "${A6[web]}"
  unwatch nd 0.5
  is "$1" "$(seen nd "^web I 6 58 ${A6[adm]} ${A6[web]} 135 ")" "$2"
}
D03() {
  apply "$ZONES any -> any { default drop }" || return
  local d=02:00:00:00:00:fe
  on adm ip neigh flush all; on adm ip -6 neigh flush all; fw ip -6 neigh flush dev mgm1
  is "echo to fw" "$(pinged adm "${FW6[mgmt]}")" no
  at_least "neighbour found" "$(on adm ip -6 neigh show dev eth0 | grep -c "^fe80::1 .*$d")" 1
  on adm bash -c 'echo 1 > /proc/sys/net/ipv6/conf/eth0/accept_dad; echo 1 > /proc/sys/net/ipv6/conf/eth0/dad_transmits'
  on adm ip -6 addr add fe80::1/64 dev eth0; sleep 2.5
  is "duplicate address detected" "$(on adm ip -6 addr show dev eth0 | grep 'fe80::1/' | grep -c dadfailed)" 1
  on adm ip -6 addr del fe80::1/64 dev eth0
  # a neighbour solicitation for fe80::1 by hand: answered at hop limit 255 only
  watch nd adm
  local ns="8700000000000000fe800000000000000000000000000001010102000000aa01"
  send adm -s "${A6[adm]}" -t 254 -P "$ns" 58 fe80::1
  unwatch nd 0.3
  is "answers at hop limit 254" "$(seen nd "^adm I 6 58 [^ ]+ ${A6[adm]} 136 ")" 0
  watch nd adm
  send adm -s "${A6[adm]}" -t 255 -P "$ns" 58 fe80::1
  unwatch nd 0.5
  at_least "answers at hop limit 255" "$(seen nd "^adm I 6 58 [^ ]+ ${A6[adm]} 136 ")" 1
  nd_transit "forwarded under deny-all" 0
  apply "$ZONES any -> any { default accept }"
  nd_transit "forwarded though all is accepted" 0
  zf -q flush
  nd_transit "twin: forwarded by the kernel alone" 1
  apply "$P0"
}
D04() {
  echo_ok pc ext1; echo_no ext1 pc; echo_no ext1 web; echo_no ext1 mx
  is "echo to the box from WAN" "$(pinged ext1 "${FW6[wan]}")" no
  apply "$P0 wan -> self { accept icmpv6 type echo-request
accept icmp type echo-request }
wan -> dmz { accept icmpv6 type echo-request dst web }" || return
  is "allowed to the box v6" "$(pinged ext1 "${FW6[wan]}" 2)" yes
  is "allowed to the box v4" "$(pinged ext1 "${FW4[wan]}" 2)" yes
  is "allowed to web v6" "$(pinged ext1 "${A6[web]}" 2)" yes
  is "not to web v4" "$(pinged ext1 "${A4[web]}")" no
  is "not to mx v6" "$(pinged ext1 "${A6[mx]}")" no
  watch ping pc
  send ext1 -c 20 -S 77 icmp "${A6[pc]}" 129	# answers nobody asked for
  unwatch ping
  is "unasked answers" "$(seen ping "I 6 58 ${A6[ext1]}")" 0
  apply "$P0"
}
E01() {
  local f o df port=8300
  for f in 4 6; do for o in in rev shuf; do for df in '' -D; do
    [ "$f$df" != 6-D ] || continue
    port=$((port + 1))
    watch frag pc ext1
    # shellcheck disable=SC2086
    send pc -S $port -l 5000 -f 1400 -o $o $df udp "$(addr $f ext1)" 7777
    unwatch frag 0.7
    # the answer comes only if the checksum over all of it was right
    at_least "v$f $o $df: answer of the receiver" "$(seen frag "^pc I $f 17 $(addr $f ext1) $(addr $f pc) 7777 $port ")" 1
  done; done; done
  watch frag web ext1
  for f in 4 6; do send ext1 -l 5000 -f 1400 udp "$(addr $f web)" 7777; done
  unwatch frag
  is "fragments of a denied datagram" "$(grep -E '^web I' "$T/seen-frag" | grep -cE "${A4[ext1]}|${A6[ext1]}")" 0
}
E07() {
  local o via
  via=$(hexaddr "${A4[ext2]}")
  watch opt ext1
  for o in "830704${via}00" "890704${via}00" "0704${via}0000" ; do send pc -O "$o" -S 901 tcp "${A4[ext1]}" 80; done
  send pc -O 07070400000000 -O 0707040000000000 -S 902 tcp "${A4[ext1]}" 80	# record route
  send pc -O 4408050000000000 -S 903 tcp "${A4[ext1]}" 80			# time stamp
  send pc -O 94040000 -S 904 tcp "${A4[ext1]}" 80				# router alert
  send pc -O 07ff0400 -S 905 tcp "${A4[ext1]}" 80				# length beyond the header
  send ext1 -O 0707040000000000 -S 906 tcp "${A4[web]}" 22			# denied, with an option
  send pc -S 907 tcp "${A4[ext1]}" 80
  unwatch opt
  is "source routed" "$(seen opt "I 4 6 [^ ]+ ${A4[ext1]} 901 80 2 ")" 0
  is "record route" "$(seen opt "I 4 6 [^ ]+ ${A4[ext1]} 902 80 2 ")" 1
  is "time stamp" "$(seen opt "I 4 6 [^ ]+ ${A4[ext1]} 903 80 2 ")" 1
  is "router alert" "$(seen opt "I 4 6 [^ ]+ ${A4[ext1]} 904 80 2 ")" 1
  is "bad length" "$(seen opt "I 4 6 [^ ]+ ${A4[ext1]} 905 80 2 ")" 0
  is "twin without options" "$(seen opt "I 4 6 [^ ]+ ${A4[ext1]} 907 80 2 ")" 1
  blocked tcp ext1 web 22
}
# spoof HOST SRC DST NAME: a SYN to a published port with a source that does not belong there
spoof() {
  watch sp "$5" "$1"
  send "$1" -s "$2" -c 3 -S 921 tcp "$3" 80
  unwatch sp
  is "$4" "$(seen sp "^$5 I [46] 6 $2 ")" 0
}
F01() {
  local b f
  b=$(stat spoofed)
  for f in 4 6; do
    spoof ext2 "$(addr $f pc)" "$(addr $f web)" "v$f INT source from WAN" web
    spoof ext2 "$(addr $f mx)" "$(addr $f web)" "v$f DMZ source from WAN" web
    spoof ext2 "$(addr $f adm)" "$(addr $f web)" "v$f MGMT source from WAN" web
  done
  is "counted as spoofed" $(($(stat spoofed) - b)) 18
  spoof ext2 "${FW4[wan]}" "${A4[web]}" "fw's own source from WAN" web
  spoof ext2 "${FW6[wan]}" "${A6[web]}" "fw's own v6 source from WAN" web
  is "conntrack entries of them" "$(fw conntrack -L --sport 921 -p tcp 2>/dev/null | grep -c "src=${A4[pc]} ")" 0
  tcp_ok ext2 web 80
}
F03() {
  local f
  for f in 4 6; do
    spoof web "$(addr $f pc)" "$(addr $f db)" "v$f DMZ host with INT source" db
    spoof pc "$(addr $f ext2)" "$(addr $f web)" "v$f INT host with WAN source" web
    spoof pc "$(addr $f ext2)" "$(addr $f ext1)" "v$f INT host with WAN source, to WAN" ext1
  done
  tcp_ok pc web 80
}
F04() {
  local s
  # 198.18.3.255 is the broadcast address of dmz1's link for now, and the kernel is told to forward it
  fw ip addr add 198.18.3.2/24 broadcast + dev dmz1
  fw sysctl -qw net.ipv4.conf.all.bc_forwarding=1 net.ipv4.conf.wan2.bc_forwarding=1
  watch martian web ext1
  for s in 0.0.0.1 127.0.0.1 169.254.9.9 224.0.0.5 255.255.255.255 240.1.1.1; do
    send ext2 -s $s -S 931 tcp "${A4[web]}" 80
  done
  for s in ::1 ff02::5 fe80::77 ::ffff:198.18.9.12 ::; do send ext2 -s $s -S 931 tcp "${A6[web]}" 80; done
  send ext2 -S 931 udp 255.255.255.255 53
  send ext2 -S 931 udp 198.18.3.255 53
  send ext2 -S 932 tcp "${A4[web]}" 80
  unwatch martian
  # fe80::77 is link-local (never forwarded)
  is "martians behind the firewall" "$(grep -E ' 931 ' "$T/seen-martian" | grep -v '^ext2' | sed 's/ [0-9]* [0-9]*$//' | tr '\n' ';')" ''
  is "twin" "$(seen martian "^web I 4 6 ${A4[ext2]} [^ ]+ 932 80 2 ")" 1
  apply "$P0 wan -> dmz { accept udp dport 53 dst 198.18.3.255 }" && {
    watch martian web
    send ext2 -S 933 udp 198.18.3.255 53
    unwatch martian
    is "twin: a directed broadcast with a rule of its own" "$(seen martian "^web I 4 17 ${A4[ext2]} 198.18.3.255 933 53 ")" 1
  }
  fw sysctl -qw net.ipv4.conf.all.bc_forwarding=0 net.ipv4.conf.wan2.bc_forwarding=0
  fw ip addr del 198.18.3.2/24 dev dmz1
  apply "$P0"
}
