# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Words: what they mean, and what is said of those in the wrong place. Sourced by run.sh.

t "not a service with source ports" 0 "no errors" "service s { tcp sport 20 dport 1024-65535; udp dport 53; icmp type echo-request }
$Z2 lan -> wan { drop ! s; accept }
assert drop lan -> wan tcp src 10.0.0.1 dst 1.1.1.1 sport 20 dport 22
assert drop lan -> wan tcp src 10.0.0.1 dst 1.1.1.1 sport 21 dport 2222
assert accept lan -> wan tcp src 10.0.0.1 dst 1.1.1.1 sport 20 dport 2222
assert drop lan -> wan udp src 10.0.0.1 dst 1.1.1.1 dport 54
assert accept lan -> wan udp src 10.0.0.1 dst 1.1.1.1 dport 53
assert drop lan -> wan icmp src 10.0.0.1 dst 1.1.1.1 type 9
assert accept lan -> wan icmp src 10.0.0.1 dst 1.1.1.1 type 8
assert drop lan -> wan gre src 10.0.0.1 dst 1.1.1.1"
t "hardware address" 1 "'-1:00:00:00:00:00' is not a hardware address" "$Z2 lan -> wan { accept mac -1:00:00:00:00:00 }"
t "signed time" 1 "expected a time such as 08:00-17:30" "$Z2 lan -> wan { accept time +5:00-6:00 }"
t "with behind the match" 1 "t.conf:3:27: error: 'with' stands right behind 'reject'" "$Z2 lan -> wan { reject http with tcp-reset }"
t "typo behind a service" 1 "no service, match or option 'sorce'; did you mean 'src'?" "$Z2 lan -> wan { accept http sorce 10.0.0.1 }"
t "to, twice" 1 "'to' has no place here" "$Z2 wan -> lan { publish http to 10.0.0.1 to 10.0.0.2 }"
t "to, of an accept" 1 "'to' has no place here: it belongs once to publish, redirect or snat" "$Z2 lan -> wan { accept tcp to 10.0.0.1 }"
t "not ipv4" 1 "write ipv6 instead of '! ipv4'" "$Z2 lan -> wan { accept ! ipv4 }"
t "not log" 1 "'log' cannot be negated" "$Z2 lan -> wan { accept ! log }"
t "not src" 1 "'!' stands before the list: src ! ..." "$Z2 lan -> wan { accept ! src 10.0.0.1 }"
t "both families" 1 "no packet is both ipv4 and ipv6" "$Z2 lan -> wan { accept ipv4 ipv6 }"
t "on and to of two families" 1 "are of different families" "$Z2 wan -> lan { publish http to 10.0.0.1 on 2001:db8::1 }"
t "set word twice" 1 "t.conf:1:18: error: 'timeout' twice for one set" "set f timeout 1h timeout 2h { }"
t "more members than max" 1 "set 'g' names 3 members" "set g max 2 { 10.0.0.1, 10.0.0.2, 10.0.0.3 }"
t "src in a service" 1 "a service holds protocols, ports and ICMP types only, not 'src'" "service q { src 10.0.0.1 }"
t "zone without a block" 1 "t.conf:1:7: error: expected '{', not the end of line" "zone r
zone s
{
dev u
}"
if [ "$("$Z" check t.conf 2>&1 | grep -c error:)" = 1 ]; then pass=$((pass + 1)); else fail=$((fail + 1)); echo "FAIL: the next zone is read"; fi
t "garbage in an unused let" 1 "t.conf:1:9: error: 'zork' is neither an address, a port nor a let name" "let b = zork, 10.0.0.1"
t "reversed in an unused let" 1 "did you mean 10.0.0.1-10.0.0.9?" "let c = 10.0.0.9-10.0.0.1"
t "typo in an unused let" 1 "did you mean 'web'?" "let web = 10.0.0.1
let all = wbe"
t "anything good in an unused let" 0 "no errors" "set s { }
let a = 10.0.0.1, 10.0.0.0/24, 2001:db8::/32, ::1/-64
let p = 80, 8000-8010, http
let all = a, p, @s"
t "a let of ports as addresses" 1 "t.conf:4:25: error: 'p' holds ports, not addresses" "$Z2
lan -> wan { accept src p }
let p = 80, 443"
t "a let of addresses as ports" 1 "t.conf:4:31: error: 'a' holds addresses, not ports" "$Z2
lan -> wan { accept tcp dport a }
let a = 10.0.0.0/24"
t "zones with the names of statements" 0 "6 zones, 6 rules: no errors" "zone from { dev a } zone to { dev b } zone zone { dev c } zone let { dev d } zone in { dev e } zone set { dev f }
from from to to { accept ssh }
from -> to { accept http }
zone -> let { accept http }
let, set -> zone { accept http }
in -> self { accept ssh }
set -> self { accept ssh }"
printf '\357\273\277zone a { dev x }\n' > t.conf; c "a mark of UTF-8" 0 "1 zone, 0 rules" check t.conf
at "zone del what" 1 16 "expected a zone, not the end of the command" zone del
at "zone add what" 1 16 "expected a name for the zone, not the end of the command" zone add
at "set create what" 1 18 "expected a name for the set, not the end of the command" set create
at "not the same word" 1 35 "no action 'first'" rule add from a to b first first accept
at "set show takes one" 1 19 "'set show' takes one name, not 'y' too" set show x y
at "explain: in and from" 1 24 "a packet comes in DEV or from ZONE, not both" explain in eth0 from a to b tcp src 1.2.3.4 dst 1.2.3.5
at "explain: from twice" 1 28 "this is said twice" explain from a to b from c tcp src 1.2.3.4 dst 1.2.3.5
at "explain: any" 1 21 "a packet has one zone on each side, not 'any'" explain from any to b tcp src 1.2.3.4 dst 1.2.3.5
t "a port without its word" 1 "no service, match or option '443'; did you mean 'dport 443'?" "$Z2 lan -> wan { accept tcp dport 80 443 }"
t "an address without its word" 1 "did you mean 'src 10.0.0.1' or 'dst 10.0.0.1'?" "$Z2 lan -> wan { accept tcp 10.0.0.1 }"
t "a type without its word" 1 "did you mean 'type echo-request'?" "$Z2 lan -> wan { accept icmp echo-request }"
t "port" 1 "no service, match or option 'port'; here it is dport" "$Z2 lan -> wan { accept tcp port 80 }"
t "80:90" 1 "'80:90' is not a port; did you mean 80-90?" "$Z2 lan -> wan { accept tcp dport 80:90 }"
t "deny" 1 "no action 'deny'; here it is drop" "$Z2 lan -> wan { deny all }"
t "a default for all" 1 "no statement begins with 'default'; here it is any -> any { default ... }" "default drop"
t "a mask for one zone" 1 "t.conf:1:20: error: tag-mask is too narrow for 2 zones" "options { tag-mask 0x1 }
$Z2"
t "a mask for two zones" 0 "no errors" "options { tag-mask 0x3 }
$Z2"
t "lo in a zone" 0 "warning: zone 'l': lo is self, and in no other zone" "zone l { dev lo }"
t "a device in two zones" 0 "warning: zone 'n': 'eth1' is in zone 'lan' already (line 1), and the earlier one wins" "$Z2 zone n { dev eth1 }"
echo 'include "./t.conf"' > t.conf; c "itself by another name" 1 "'./t.conf' includes itself" check t.conf
t "no semicolon" 1 "t.conf:1:16: error: expected ';' or a new line, not 'antispoof'" "zone a { dev x antispoof }"
c "a packet of nothing" 1 "expected a protocol, not the end of the command" explain from lan to wan
c "help of zone set" 0 "zonefw zone set NAME [in P]" zone set help
c "help of policy set" 0 "[[no-]clamp-mss]" policy set help
c "help of flow kill" 0 "zonefw flow kill [from F] [to T]" flow kill help
: > t.conf; c "no caret below nothing" 0 "lock the admin out" check t.conf
[ "$(grep -c '\^' <<< "$out")" = 0 ] && pass=$((pass + 1)) || { fail=$((fail + 1)); echo "FAIL: a caret below an empty line"; }
