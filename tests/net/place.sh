# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# place.sh: who is in which zone when devices change (Z), stacked devices and tunnels (H), full hook lists (J04).

# zone_devs ZONE: the devices that are in it now
zone_devs() { zf -j show zones | tr '{' '\n' | grep "\"name\":\"$1\"" | sed 's/.*"devices":\[\([^]]*\)\].*/\1/' | tr -d '"'; }
# unzoned_from HOST: its SYNs and datagrams to web:80 are dropped and counted as unzoned, both families
unzoned_from() {
  local b f
  b=$(stat unzoned)
  watch uz web
  for f in 4 6; do send "$1" -c 3 -S 941 tcp "$(addr $f web)" 80; done
  unwatch uz 0.2
  is "$2: at web" "$(seen uz "^web I [46] 6 [^ ]+ [^ ]+ 941 80 ")" 0
  at_least "$2: counted unzoned" $(($(stat unzoned) - b)) 6
}
wan2_addresses() { # as topo_up gave them, after a device was down
  fw ip link set "$1" up
  fw ip addr replace "${FW4[wan]}/32" dev "$1"; fw ip -6 addr replace fe80::1/64 dev "$1" nodad
  fw ip -6 addr replace "${FW6[wan]}/128" dev "$1" nodad
  fw ip route replace "${A4[ext2]}/32" dev "$1" src "${FW4[wan]}"; fw ip -6 route replace "${A6[ext2]}/128" dev "$1"
}
# Z01: by group, by pattern after a rename, and back; at once, with the flows of the others unharmed
Z01() {
  local i
  apply 'zone wan { dev wan1 }
zone guests { group 7 }
zone named { dev lan? }
zone dmz { dev dmz* }
wan, guests -> dmz { accept tcp dport 80; accept tcp dport 22 }
named -> dmz { accept tcp dport 443 }
self -> any { default accept }' || return
  on ext1 pkt stream "${A4[web]}" 22 100 100 > "$T/z01" & i=$!
  is "no zone yet" "$(zone_devs guests)" ""
  unzoned_from ext2 "group 0"
  fw ip link set wan2 group 7
  is "in the zone of its group" "$(zone_devs guests)" wan2
  tcp_ok ext2 web 80; blocked tcp ext2 web 443
  fw ip link set wan2 group 0
  is "out of it" "$(zone_devs guests)" ""
  unzoned_from ext2 "group 0 again"
  fw ip link set wan2 down; fw ip link set wan2 name lan9; wan2_addresses lan9
  is "in the zone of its name" "$(zone_devs named)" lan9
  tcp_ok ext2 web 443; blocked tcp ext2 web 80
  fw ip link set lan9 group 7
  tcp_ok ext2 web 443	# the pattern stands above the group
  fw ip link set lan9 group 0; fw ip link set lan9 down; fw ip link set lan9 name wan2; wan2_addresses wan2
  is "named is empty" "$(zone_devs named)" ""
  unzoned_from ext2 "renamed back"
  wait $i; is "the flow of another zone" "$(cat "$T/z01")" 100
  apply "$P0"; tcp_ok ext2 web 80
}
# Z04: more devices in one zone than fit into a message of the usual size
Z04() {
  local n=900 i
  for ((i = 0; i < n; i++)); do printf 'link add manydevices%04d group 77 type dummy\n' $i; done > "$T/b"
  fw ip -batch "$T/b"
  apply "$P0 zone many { dev many* }" || return
  is "devices of the zone" "$(zone_devs many | tr ',' '\n' | grep -c many)" "$n"
  fw ip link del group 77
  is "and none" "$(zone_devs many)" ""
  apply "$P0"
}
# Z02: a device that moves between namespaces is judged by the policy of the one it is in
Z02() {
  lone z1; lone z2
  ns_apply z1 'zone up { dev up*, mov* }
up -> self { accept tcp dport 80; default drop }
self -> up { default accept }'
  ns_apply z2 'zone up { dev up0 }
zone red { dev mov* }
up -> self { default accept }
red -> self { default drop }
self -> any { default accept }'
  new_ns z3
  ip link add mov0 netns z1 type veth peer name eth0 netns z3
  on z3 ip addr add 198.19.3.2/24 dev eth0; on z3 ip link set eth0 up
  zmove() { on "$1" ip addr add 198.19.3.1/24 dev mov0; on "$1" ip link set mov0 up; }
  zmove z1
  is "in the first" "$(tcp z3 198.19.3.1 80)" open
  on z1 ip link set mov0 netns z2; zmove z2
  is "devices of the first" "$(on z1 zonefw -j show zones | grep -c mov0)" 0
  is "devices of the second" "$(on z2 zonefw -j show zones | grep -c mov0)" 1
  is "in the second" "$(tcp z3 198.19.3.1 80 700)" timeout
  is "the second's other device" "$(tcp z2x 198.19.0.1 80)" open
  on z2 ip link set mov0 netns z1; zmove z1
  is "back in the first" "$(tcp z3 198.19.3.1 80)" open
  on z1 ip link del mov0
  is "gone" "$(on z1 zonefw -j show zones | grep -c mov0)" 0
  ip netns del z3; unlone z1; unlone z2
}
# Z03: a VLAN is a device of its own; what comes untagged is the lower device's
Z03() {
  on ext2 ip link add link eth0 name eth0.10 type vlan id 10; fw ip link add link wan2 name vl10 type vlan id 10
  fw ip addr add 198.19.10.1/24 dev vl10; on ext2 ip addr add 198.19.10.2/24 dev eth0.10
  fw ip -6 addr add 2001:2:0:10::1/64 dev vl10 nodad; on ext2 ip -6 addr add 2001:2:0:10::2/64 dev eth0.10 nodad
  fw ip link set vl10 up; on ext2 ip link set eth0.10 up
  apply "$P0 zone vlan { dev vl10; antispoof }
vlan -> dmz { accept tcp dport 22 dst web }" || return
  on ext2 ip route add "${A4[web]}" via 198.19.10.1; on ext2 ip -6 route add "${A6[web]}" via 2001:2:0:10::1
  tcp_ok ext2 web 22; blocked tcp ext2 web 80
  on ext2 ip route del "${A4[web]}"; on ext2 ip -6 route del "${A6[web]}"
  tcp_ok ext2 web 80; blocked tcp ext2 web 22
  fw ip link del vl10; on ext2 ip link del eth0.10
  is "its zone is empty" "$(zone_devs vlan)" ""
  apply "$P0"
}
# H03: legs in a VRF: zone by the real ingress, and each packet judged once
H03() {
  local f n
  fw ip link add vrf1 type vrf table 10 || { SKIP="no vrf device"; return; }
  fw ip link set vrf1 up
  for n in wan2:ext2 dmz1:web; do
    fw ip link set "${n%:*}" master vrf1
    fw ip route replace "${A4[${n#*:}]}" dev "${n%:*}" table 10; fw ip -6 route replace "${A6[${n#*:}]}" dev "${n%:*}" table 10
    fw ip -6 addr replace fe80::1/64 dev "${n%:*}" nodad
  done
  apply 'zone wan { dev wan*; antispoof }
zone dmz { dev dmz*; antispoof }
wan -> dmz {
drop tcp dport 443 in wan2
accept tcp dport 80, 443 name vrf; accept tcp dport 5432 in wan2; accept udp dport 7777 name once; default drop }' || return
  tcp_ok ext2 web 80; blocked tcp ext2 web 22
  blocked tcp ext2 web 443; tcp_ok ext2 web 5432	# "in" is the port, not the VRF
  for f in 4 6; do spoof ext2 "$(addr $f web)" "$(addr $f web)" "v$f source of another leg of the VRF" web; done
  n=$(stat accepted)
  watch vrf web
  for f in 4 6; do send ext2 -c 10 -e 1 -l 4 udp "$(addr $f web)" 7777; done
  unwatch vrf
  is "of twenty datagrams to ten ports two are allowed" "$(seen vrf "^web I [46] 17 [^ ]+ [^ ]+ [0-9]+ 7777 ") $(seen vrf "^web I [46] 17 (${A4[ext2]}|${A6[ext2]}) ")" "2 2"
  is "each of them and each answer was counted once" "$(zf -j show rules | tr '{' '\n' | grep '"name":"once"' | sed 's/.*"packets":\([0-9]*\).*/\1/')" 4
  at_least "and in the statistics" $(($(stat accepted) - n)) 4
  is "nothing in no zone" "$(zf -j show zones | grep -c vrf1)" 0
  for n in wan2 dmz1; do fw ip link set $n nomaster; done
  fw ip link del vrf1
  wan2_addresses wan2
  fw ip -6 addr replace fe80::1/64 dev dmz1 nodad; fw ip -6 addr replace "${FW6[dmz]}/128" dev dmz1 nodad
  fw ip route replace "${A4[web]}/32" dev dmz1 src "${FW4[dmz]}"; fw ip -6 route replace "${A6[web]}/128" dev dmz1 src "${FW6[dmz]}"
  apply "$P0"; tcp_ok ext2 web 80
}
# --- H05: tunnels from ext2 to fw; inner addresses 198.19.77.0/24, in plain they do not come from WAN ---
tunnel_up() { # KIND
  local n d l r
  for n in ext2 fw; do
    [ $n = fw ] && { l=${FW4[wan]} r=${A4[ext2]} d=1; } || { l=${A4[ext2]} r=${FW4[wan]} d=2; }
    case $1 in
      ipip) on $n ip link add vpn0 type ipip local "$l" remote "$r";;
      gre) on $n ip link add vpn0 type gre local "$l" remote "$r";;
      vxlan) on $n ip link add vpn0 type vxlan id 5 local "$l" remote "$r" dstport 4789;;
      wireguard)
        on $n ip link add vpn0 type wireguard || return 1
        wg genkey > "$T/wg-$n"
        on $n wg set vpn0 private-key "$T/wg-$n" listen-port 51820;;
    esac || return 1
    on $n ip addr add 198.19.77.$d/24 dev vpn0; on $n ip link set vpn0 up
    on $n ip -6 addr add 2001:2:0:77::$d/64 dev vpn0 nodad 2>/dev/null
  done
  [ "$1" != wireguard ] || {
    on fw wg set vpn0 peer "$(wg pubkey < "$T/wg-ext2")" allowed-ips 198.19.77.0/24,2001:2:0:77::/64
    on ext2 wg set vpn0 peer "$(wg pubkey < "$T/wg-fw")" allowed-ips 0.0.0.0/0,::/0 endpoint "${FW4[wan]}:51820"; }
  on ext2 ip route add "${A4[web]}" via 198.19.77.1 dev vpn0 src 198.19.77.2
  [ "$1" = ipip ] || on ext2 ip -6 route add "${A6[web]}" via 2001:2:0:77::1 dev vpn0
}
tunnel_case() { # KIND OUTER-MATCH
  local b s
  tunnel_up "$1" || { miss "$1 cannot be set up"; return; }
  apply "$P0 zone vpn { dev vpn0; antispoof }
vpn -> dmz { accept tcp dport 22 dst web }
wan -> self { accept $2 }" || return
  is "$1: inner to 22" "$(tcp ext2 "${A4[web]}" 22 3000)" open
  [ "$1" = ipip ] || is "$1: inner v6 to 22" "$(tcp ext2 "${A6[web]}" 22 3000)" open
  is "$1: inner to 443 (WAN's right, not the tunnel's)" "$(tcp ext2 "${A4[web]}" 443 700)" timeout
  b=$(stat spoofed)
  watch plain web
  for s in 198.19.77.2 2001:2:0:77::2; do send ext2 -s $s -c 3 -S 951 tcp "$(case $s in *:*) echo "${A6[web]}";; *) echo "${A4[web]}";; esac)" 443; done
  unwatch plain 0.2
  is "$1: inner addresses in plain, at web" "$(seen plain "^web I [46] 6 [^ ]+ [^ ]+ 951 443 ")" 0
  is "$1: inner addresses in plain, spoofed" $(($(stat spoofed) - b)) 6
  apply "$P0 zone vpn { dev vpn0 }
vpn -> dmz { accept tcp dport 22 dst web }" || return
  is "$1: without a rule for the outer packets" "$(tcp ext2 "${A4[web]}" 22 700)" timeout
  fw ip link del vpn0; on ext2 ip link del vpn0
  tcp_ok ext2 web 80
}
H05() {
  modprobe -a ipip ip_gre vxlan 2>/dev/null
  tunnel_case ipip 'proto 4'; tunnel_case gre 'proto gre'; tunnel_case vxlan 'udp dport 4789'
  if modprobe wireguard 2>/dev/null && command -v wg > /dev/null; then tunnel_case wireguard 'udp dport 51820'
  else echo "# H05: no WireGuard in this kernel or no wg: that part was not run"; fi
  apply "$P0"
  modprobe -r ipip ip_gre vxlan wireguard 2>/dev/null
  on fw ip link del tunl0 2>/dev/null; on fw ip link del gre0 2>/dev/null; true
}
# H06: macvlan on a leg: the device that the packet came in by decides
H06() {
  local mac
  fw ip link add mac0 link wan2 address 02:00:00:00:00:cd type macvlan mode bridge || { SKIP="no macvlan"; return; }
  mac=02:00:00:00:00:cd
  fw ip addr add 198.19.20.1/32 dev mac0; fw ip link set mac0 up
  fw ip -6 addr add 2001:2:0:20::1/128 dev mac0 nodad
  apply "$P0 zone side { dev mac0 }
side -> dmz { accept tcp dport 22 dst web; accept tcp dport 80 dst web }" || return
  tcp_ok ext2 web 80; blocked tcp ext2 web 22
  fw ip route replace "${A4[ext2]}/32" dev mac0; fw ip -6 route replace "${A6[ext2]}/128" dev mac0
  on ext2 ip neigh replace "${FW4[wan]}" lladdr "$mac" dev eth0; on ext2 ip -6 neigh replace fe80::1 lladdr "$mac" dev eth0
  tcp_ok ext2 web 22; blocked tcp ext2 web 443
  fw ip link del mac0
  on ext2 ip neigh del "${FW4[wan]}" dev eth0; on ext2 ip -6 neigh del fe80::1 dev eth0
  wan2_addresses wan2
  apply "$P0"; tcp_ok ext2 web 80
}
# H01: a bridge as a leg, with and without br_netfilter: the routed verdicts are the same
H01() {
  local round
  # shellcheck disable=SC2034
  fw ip link add br0 type bridge || { SKIP="no bridge"; return; }
  fw ip link set br0 address 02:00:00:00:00:fe up
  fw ip link set wan2 master br0
  new_ns brx; ip link add brp netns fw type veth peer name eth0 netns brx
  fw ip link set brp master br0 up
  on brx ip addr add 198.18.9.13/32 dev eth0; on brx ip link set eth0 up
  on brx ip route add 198.18.9.0/24 dev eth0; on brx ip route add default via "${FW4[wan]}" dev eth0
  on ext2 ip route add 198.18.9.13 dev eth0
  wan2_addresses br0; fw ip route replace 198.18.9.13 dev br0
  apply "$(sed 's/zone wan { dev wan\*/zone wan { dev wan1, br0/' <<< "$P0")" || return
  for round in without with; do
    [ $round = without ] || modprobe br_netfilter || { echo "skip H01 the same with br_netfilter: not in this kernel"; break; }
    is "$round: a port to a routed leg" "$(tcp ext2 "${A4[web]}" 80) $(tcp ext2 "${A6[web]}" 80) $(tcp brx "${A4[web]}" 80)" "open open open"
    blocked tcp ext2 web 22; is "$round: another port to 22" "$(tcp brx "${A4[web]}" 22 700)" timeout
    nsenter --net=/run/netns/ext2 pkt serve tcp:8081 & echo $! > "$T/br"; sleep 0.3
    is "$round: port to port" "$(tcp brx "${A4[ext2]}" 8081 700)" "$([ $round = with ] && echo timeout || echo open)"
    kill "$(cat "$T/br")"; wait "$(cat "$T/br")" 2>/dev/null
  done
  modprobe -r br_netfilter
  ip netns del brx; on ext2 ip route del 198.18.9.13 dev eth0
  fw ip link del br0; wan2_addresses wan2
  apply "$P0"; tcp_ok ext2 web 80
}
# J04: a hook list filled to its maximum: the commit is refused with a sentence, nothing stays registered
J04() {
  local hook free out rooms='0 1 2'
  [ -z "${SLOW:-}" ] || rooms=1
  lone j4
  for hook in prerouting input forward output postrouting; do for free in $rooms; do
    hooks_fill j4 $hook $((1024 - free)) ||
      { miss "nft cannot fill $hook"; continue; }
    out=$(printf 'zone up { dev up0 }\nup -> self { default drop }\n' | on j4 zonefw apply - 2>&1)
    if [ $? = 0 ]; then	# there was room for what this policy needs
      is "$hook, $free free: in force" "$(tcp j4x 198.19.0.1 80 700)" timeout
      on j4 zonefw flush
    else
      at_least "$hook, $free free: a sentence" "$(grep -cE 'error: .*(hook|registered|conntrack|defrag)' <<< "$out")" 1
      is "$hook, $free free: state" "$(on j4 zonefw -j show stats | sed 's/.*"state":"\([a-z]*\)".*/\1/')" open
    fi
    is "$hook, $free free: afterwards open" "$(tcp j4x 198.19.0.1 80)" open
    on j4 nft delete table inet full
  done; done
  ns_apply j4 'zone up { dev up0 }
up -> self { default drop }'
  is "with room again" "$(tcp j4x 198.19.0.1 80 700)" timeout
  unlone j4
}
