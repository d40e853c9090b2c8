# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# dual.sh: an outer and an inner firewall in a row (T2), and the fault of one alone (A10).
#
#   dx 198.19.9.2 -- df (outer) -- 198.19.3.2 dd (DMZ host) and, by 198.19.3.3, di (inner) -- 198.19.2.2 dn (inside)

link() { # NS DEV ADDR NS DEV ADDR
  ip link add "$2" netns "$1" type veth peer name "$5" netns "$4"
  on "$1" ip link set "$2" up; on "$4" ip link set "$5" up
  on "$1" ip addr add "$3" dev "$2"; on "$4" ip addr add "$6" dev "$5"
}
dual_up() {
  local n
  for n in dx df dd dg dn; do new_ns $n; done
  link df out0 198.19.9.1/24 dx eth0 198.19.9.2/24
  on df ip link add mid0 type bridge; on df ip link set mid0 up; on df ip addr add 198.19.3.1/24 dev mid0
  for n in dd:2 dg:3; do
    ip link add "p${n%:*}" netns df type veth peer name eth0 netns "${n%:*}"
    on df ip link set "p${n%:*}" master mid0 up; on "${n%:*}" ip link set eth0 up
    on "${n%:*}" ip addr add "198.19.3.${n#*:}/24" dev eth0; on "${n%:*}" ip route add default via 198.19.3.1
  done
  link dg in0 198.19.2.1/24 dn eth0 198.19.2.2/24
  on dx ip route add default via 198.19.9.1; on dn ip route add default via 198.19.2.1
  on df ip route add 198.19.2.0/24 via 198.19.3.3; on dd ip route add 198.19.2.0/24 via 198.19.3.3
  for n in df dg; do on $n sysctl -qw net.ipv4.ip_forward=1; done
  for n in dd dn; do nsenter --net=/run/netns/$n pkt serve tcp:80 tcp:22 & echo $! >> "$T/dual"; done
  sleep 0.3
}
dual_down() {
  local p n
  while read -r p; do kill "$p"; wait "$p" 2> /dev/null; done < "$T/dual"
  rm -f "$T/dual"
  for n in dx df dd dg dn; do ip netns del $n; done
  sleep 1
}
# dual_sees NAME FROM TO PORT WANTED: and when it is not wanted, nothing arrives
dual_sees() {
  local a=198.19.3.2 wait=700
  [ "$3" = dd ] || a=198.19.2.2
  [ "$5" != open ] || wait=3000
  watch dual "$3"
  is "$1" "$(tcp "$2" $a "$4" $wait)" "$5"
  unwatch dual 0.1
  [ "$5" = open ] || is "$1, on the wire" "$(seen dual "^$3 I 4 6 .* $4 ")" 0
}
DUAL_OUTER='zone out { dev out0; antispoof }
zone mid { dev mid0 }
out -> mid { accept tcp dport 80 dst 198.19.3.2 }
mid -> out { default accept }'
DUAL_INNER='zone mid { dev eth0 }
zone in { dev in0; antispoof }
in -> mid { default accept }
mid -> in { accept tcp dport 22 src 198.19.3.2 dst 198.19.2.2 }'
A10() {
  dual_up
  ns_apply df "$DUAL_OUTER"; ns_apply dg "$DUAL_INNER"
  dual_sees "outside to the DMZ" dx dd 80 open
  dual_sees "outside to the DMZ, not published" dx dd 22 timeout
  dual_sees "outside to inside" dx dn 80 timeout
  dual_sees "DMZ to inside, permitted" dd dn 22 open
  dual_sees "DMZ to inside" dd dn 80 timeout
  dual_sees "inside to outside's side" dn dd 22 open
  # the outer one lets everything through
  ns_apply df "${DUAL_OUTER%%out ->*}any -> any { default accept }"
  dual_sees "outer open: outside to the DMZ" dx dd 22 open
  dual_sees "outer open: outside to inside" dx dn 80 timeout
  dual_sees "outer open: outside to what the DMZ may" dx dn 22 timeout
  # the inner one does, and the outer one is as it should be
  ns_apply df "$DUAL_OUTER"; ns_apply dg "${DUAL_INNER%%in ->*}any -> any { default accept }"
  dual_sees "inner open: outside to inside" dx dn 80 timeout
  dual_sees "inner open: outside to the DMZ, not published" dx dd 22 timeout
  dual_sees "inner open: DMZ to inside" dd dn 80 open
  dual_down
}
