#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Golden checks of the command line: no kernel, no root. Usage: run.sh [ZONEFW]
here=$(cd "$(dirname "$0")" && pwd)
Z=${1:-$here/../../userspace/zonefw}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
pass=0 fail=0

# t NAME EXIT PATTERN CONFIG: check CONFIG, expect the exit code and a line that matches
t() {
	printf '%s\n' "$4" > t.conf
	out=$("$Z" check t.conf 2>&1); rc=$?
	if [ $rc = "$2" ] && { [ -z "$3" ] || grep -qF -- "$3" <<< "$out"; }; then
		pass=$((pass + 1))
	else
		fail=$((fail + 1)); echo "FAIL: $1 (exit $rc)"; echo "$out" | sed 's/^/    /'
	fi
}
# d NAME CONFIG EXPECTED: canonical text, and that it is a fixed point
d() {
	printf '%s\n' "$2" > t.conf
	out=$("$Z" _dump t.conf 2>&1); printf '%s\n' "$out" > u.conf
	again=$("$Z" _dump u.conf 2>&1)
	if [ "$out" = "$again" ] && grep -qF -- "$3" <<< "$out"; then
		pass=$((pass + 1))
	else
		fail=$((fail + 1)); echo "FAIL: $1"; echo "$out" | sed 's/^/    /'
	fi
}
# c NAME EXIT PATTERN ARGS...: a command
c() {
	local name=$1 want=$2 pat=$3; shift 3
	out=$("$Z" "$@" 2>&1); rc=$?
	if [ $rc = "$want" ] && grep -qF -- "$pat" <<< "$out"; then
		pass=$((pass + 1))
	else
		fail=$((fail + 1)); echo "FAIL: $name (exit $rc)"; echo "$out" | sed 's/^/    /'
	fi
}
Z2='zone lan { dev eth1 }
zone wan { dev eth0 }
'
t "empty file" 0 "no errors" ""
t "accept" 0 "2 zones, 1 rule" "$Z2 lan -> wan { accept http, https }"
t "unknown zone" 1 "t.conf:3:9: error: no zone 'wna'; did you mean 'wan'?" "$Z2 lan -> wna { accept http }"
t "caret" 1 "        ^" "$Z2 lan -> wna { accept http }"
t "unknown service" 1 "did you mean 'http'?" "$Z2 lan -> wan { accept htpp }"
t "unknown action" 1 "no action 'acept'; did you mean 'accept'?" "$Z2 lan -> wan { acept http }"
t "host bits" 1 "did you mean 10.0.0.0/24?" "$Z2 lan -> wan { accept src 10.0.0.1/24 }"
t "reversed ports" 1 "did you mean 80-90?" "$Z2 lan -> wan { accept tcp dport 90-80 }"
t "reversed addresses" 1 "did you mean 10.0.0.1-10.0.0.9?" "$Z2 lan -> wan { accept src 10.0.0.9-10.0.0.1 }"
t "port too big" 1 "'65536' is not a port" "$Z2 lan -> wan { accept tcp dport 65536 }"
t "two defaults" 1 "a second default" "$Z2 lan -> wan { default drop }
lan -> wan { default accept }"
t "zone twice" 1 "a second zone 'lan'" "$Z2 zone lan { dev eth2 }"
t "reserved" 1 "reserved zone name" "zone any { dev eth0 }"
t "cycle of zones" 1 "is inside itself" "zone a in b { dev x }
zone b in a { dev y }"
t "open block" 1 "has no closing '}'" "zone a { dev x"
t "open string" 1 "no closing quote" "$Z2 lan -> wan { drop log \"x }"
t "rule name twice" 1 "a second rule named 'x'" "$Z2 lan -> wan { accept http name x; accept ssh name x }"
t "tcp-reset on udp" 1 "needs a match on tcp" "$Z2 lan -> wan { reject with tcp-reset udp }"
t "families" 1 "mixes IPv4 and IPv6" "$Z2 lan -> wan { accept src 10.0.0.1 dst ::1 }"
t "option twice" 1 "'rematch' twice" "options { rematch on; rematch off }"
t "self-including let" 1 "refers to itself" "let a = b
let b = a
$Z2 lan -> wan { accept src a }"
t "shadowed" 0 "warning: shadowed" "$Z2 lan -> wan { drop tcp; accept http }"
t "redundant" 0 "warning: redundant: 'drop tcp' in line 3 already" "$Z2 lan -> wan { drop tcp; drop http }"
t "unreachable by two together" 0 "warning: unreachable: the rules of lines 4, 5 together" "$Z2
lan -> wan { drop tcp dport 1-99; }
lan -> wan { accept tcp dport 100-200 }
lan -> wan { drop tcp dport 90-110 }"
t "reachable in one of two cells" 0 "no errors, 0 warnings" "$Z2
lan -> wan { drop tcp dport 1-99; }
lan, wan -> self { accept ssh }
lan -> wan { accept tcp dport 100-200 }
lan -> wan, self { drop tcp dport 90-110 }"
t "reachable by one port" 0 "no errors, 0 warnings" "$Z2
wan -> self { accept ssh }
lan -> wan { drop tcp dport 1-99; accept tcp dport 101-200; drop tcp dport 90-110 }"
t "redundant" 0 "warning: redundant" "$Z2 lan -> wan { accept tcp dport 1-100; accept http }"
t "unused let" 0 "let 'x' is not used" "let x = 10.0.0.1"
t "lock-out" 0 "lock the admin out" "$Z2 lan -> self { accept dns }"
t "assert holds" 0 "no errors" "$Z2 lan -> wan { accept http }
assert accept lan -> wan tcp src 10.0.0.1 dst 1.2.3.4 dport 80
assert drop lan -> wan udp src 10.0.0.1 dst 1.2.3.4 dport 80
assert never lan -> wan tcp except http
assert never wan -> lan"
t "assert fails" 1 "gets 'drop' from the default" "$Z2 assert accept lan -> wan tcp src 10.0.0.1 dst 1.2.3.4 dport 80"
t "assert never fails" 1 "is accepted by 'accept tcp dport 20-30'" "$Z2 lan -> wan { accept tcp dport 20-30 }
assert never lan -> wan ssh"
t "include missing glob" 0 "" 'include "none.d/*.conf"'
t "include missing file" 1 "no file" 'include "none.conf"'
t "include cycle" 1 "includes itself" 'include "t.conf"'
t "continued list" 0 "1 rule" "$Z2 lan -> wan { accept http,
  https }"
t "not yet, but checked" 0 "no errors" "$Z2 lan -> wan { masquerade; accept http limit 5/s burst 3 per src expires 1h30m }"
t "live words" 0 "no errors" "set s { }
$Z2 lan -> wan { accept http limit 50/m burst 9 per src conns 3 per dst time ! 22:00-06:00 days sat-mon, wed helper ftp add dst to @s timeout 5m expires 1h30m }"
t "burst 0" 1 "a burst is at least one packet" "$Z2 lan -> wan { accept http limit 5/s burst 0 }"
t "no time" 1 "expected a time such as 08:00-17:30" "$Z2 lan -> wan { accept http time 8-17 }"
t "empty time" 1 "over as it begins" "$Z2 lan -> wan { accept http time 08:00-08:00 }"
t "no day" 1 "expected days such as mon-fri" "$Z2 lan -> wan { accept http days mon-fry }"
t "helper on a drop" 1 "only a rule that accepts assigns a helper" "$Z2 lan -> wan { drop tcp helper ftp }"
t "add to what" 1 "expected 'to @SET'" "$Z2 lan -> wan { drop tcp add src to s }"
t "assert with a time" 1 "gets 'drop' from the default" "$Z2 lan -> wan { accept tcp time 08:00-17:00 }
assert accept lan -> wan tcp src 10.0.0.1 dst 1.2.3.4 dport 80"
t "assert with a limit" 0 "no errors" "$Z2 lan -> wan { accept tcp limit 5/s }
assert accept lan -> wan tcp src 10.0.0.1 dst 1.2.3.4 dport 80"
t "assert never with a limit" 1 "is accepted by 'accept tcp'" "$Z2 lan -> wan { drop tcp limit 5/s; accept tcp }
assert never lan -> wan tcp"
d "live words, canonical" "$Z2 lan -> wan { accept expires 5400 days ! sat,sun limit 5/h tcp conns 2 }" "accept tcp days ! sat, sun limit 5/hour conns 2 expires 1h30m"
t "sets" 0 "no errors" "set s timeout 1h { 10.0.0.1-10.0.0.9, x, 2001:db8::/32 timeout 5m }
set p port max 5 { 80, 8000-8010; ssh }
let x = 192.0.2.0/24
$Z2 lan -> wan { accept tcp dport @p, 443 src @s, 10.9.9.9 }
assert accept lan -> wan tcp src 10.0.0.5 dst 1.2.3.4 dport 8005
assert drop lan -> wan tcp src 10.0.0.10 dst 1.2.3.4 dport 8005
assert drop lan -> wan tcp src 192.0.2.7 dst 1.2.3.4 dport 81"
t "a set may hold anything" 1 "is accepted by 'accept src @s'" "set s { 10.0.0.1 }
$Z2 lan -> wan { accept src @s }
assert never lan -> wan src 10.0.0.2"
t "a set may hold nothing" 1 "is accepted by 'accept tcp'" "set s { 10.0.0.1 }
$Z2 lan -> wan { drop src @s; accept tcp }
assert never lan -> wan tcp src 10.0.0.1"
t "no such set" 1 "no set 'bannd'; did you mean 'banned'?" "set banned { }
$Z2 lan -> wan { accept src @bannd }"
t "kind of a set" 1 "set 'p' holds ports" "set p port { 1 }
$Z2 lan -> wan { accept src @p }"
t "suffix in a set" 1 "a set holds addresses, prefixes and ranges" "set s { ::1/-64 }"
t "set twice" 1 "a second set 's'" "set s { }
set s port { 80 }"
t "unused set" 0 "set 's' is not used" "set s { }"
d "set" "set s port timeout 90m max 6 { 80, 20-30 timeout 1h; 443 }" "    20-30 timeout 1h,"
d "set in rules" "set s { 10.0.0.1-10.0.0.6 }
$Z2 lan -> wan { accept src ! 10.0.0.9,@s }" "accept src ! 10.0.0.9, @s"
d "canonical" "$Z2 lan->wan{accept log \"a\" dst 10.0.0.0/8 http,https}" "accept http, https dst 10.0.0.0/8 log \"a\""
d "let keeps its name" "let a = 10.0.0.1, 10.0.0.2
$Z2 from lan to wan { accept src a }" "accept src a"
d "let keeps its value" "let a = 10.0.0.1,   b
let b = 10.0.0.2
$Z2 from lan to wan { accept src a }" "let a = 10.0.0.1, b"
d "negation" "$Z2 lan -> wan { accept tcp dport ! 22,80-90 src !10.0.0.0/8 }" "accept tcp dport ! 22, 80-90 src ! 10.0.0.0/8"
d "suffix" "$Z2 lan -> wan { accept dst ::1/-64 }" "accept dst ::1/-64"
d "own service" "service w { http; tcp dport 8000-8010 }
$Z2 lan -> wan { accept w }" "service w { http; tcp dport 8000-8010 }"
d "options" "options { log nflog 5; rematch off }" "options { log nflog 5; rematch off }"
# many names and many blocks: linear, not quadratic (20,000 blocks in well under the time limit)
awk 'BEGIN { for (i = 0; i < 8; i++) printf "zone z%d { dev z%d }\n", i, i
	for (i = 0; i < 20000; i++) printf "let n%d = 10.0.%d.%d\nz%d -> z%d { accept tcp dport %d dst n%d name r%d; drop udp }\n",
		i, i / 256, i % 256, i % 8, (i + 1) % 8, i % 65536, i, i }' > big.conf
if timeout 20 "$Z" _dump big.conf > big.txt && [ "$(grep -c 'name r' big.txt)" = 20000 ] &&
   timeout 20 "$Z" -q check big.txt && "$Z" _dump big.txt | cmp -s - big.txt; then
	pass=$((pass + 1))
else
	fail=$((fail + 1)); echo "FAIL: many blocks and names"
fi
d "offload" "zone a { dev x }
a -> any { clamp-mss; offload }" "offload; clamp-mss"
d "publish, both families" "let h = 10.0.0.1, 2001:db8::1
$Z2 wan -> lan { publish https to h:8443 hairpin from lan on 192.0.2.1 name site }" \
  "publish https to 10.0.0.1:8443, [2001:db8::1]:8443 on 192.0.2.1 hairpin from lan name site"
d "publish any" "$Z2 wan -> lan { publish any to 10.0.0.1 }" "publish any to 10.0.0.1"
d "redirect" "$Z2 lan -> wan { redirect tcp dport 80 to :3128 }" "redirect to :3128 tcp dport 80"
d "snat and one family" "$Z2 lan -> wan { snat src 10.0.0.9 to 192.0.2.9; masquerade ipv4 }" "snat to 192.0.2.9 src 10.0.0.9"
t "publish a net" 1 "is not one host" "$Z2 wan -> lan { publish http to 10.0.0.0/24 }"
t "publish nothing" 1 "or is 'publish any to HOST'" "$Z2 wan -> lan { publish to 10.0.0.1 }"
t "publish nowhere" 1 "publish needs 'to HOST'" "$Z2 wan -> lan { publish http }"
t "redirect nowhere" 1 "redirect needs 'to :PORT'" "$Z2 lan -> wan { redirect tcp dport 80 }"
t "range of ports" 1 "needs one range of dport that is as long" "$Z2 wan -> lan { publish tcp dport 80-90 to 10.0.0.1:80-85 }"
t "port without ports" 1 "a target port needs tcp, udp or sctp" "$Z2 wan -> lan { publish icmp to 10.0.0.1:80 }"
t "snat with a port" 1 "snat translates the address only" "$Z2 lan -> wan { snat to 192.0.2.9:80 }"
t "port published twice" 1 "this overlaps 'one'" "$Z2 wan -> lan { publish https to 10.0.0.1 name one
publish https to 10.0.0.2 }"
t "overlapping ranges" 1 "this overlaps 'publish tcp dport 80-90 to 10.0.0.1'" "$Z2 wan -> lan { publish tcp dport 80-90 to 10.0.0.1
publish tcp dport 85-95 to 10.0.0.2 }"
t "the same port by source" 0 "no errors" "$Z2 wan -> lan { publish https to 10.0.0.1 src 192.0.2.0/24
publish https to 10.0.0.2 }"
t "the same port by address" 0 "no errors" "$Z2 wan -> lan { publish https to 10.0.0.1 on 192.0.2.1
publish https to 10.0.0.2 on 192.0.2.2 }"
t "the router's own service" 1 "this publishes what 'accept ssh' (t.conf:3) lets in to this router itself" "$Z2 wan -> self { accept ssh }
wan -> lan { publish ssh to 10.0.0.1 }"
t "an exposed host" 0 "warning: the exposed host shares zone 'lan'" "$Z2 wan -> lan { publish any to 10.0.0.1 }"
t "an exposed host alone" 0 "no errors, 0 warnings" "zone wan { dev eth0 }
zone one { dev eth1; net 10.0.0.1/32 }
wan -> one { publish any to 10.0.0.1 }
one -> self { accept ssh }"
t "proof with a publish" 1 "is accepted by 'publish https to 10.0.0.1:8443'" "$Z2 wan -> lan { publish https to 10.0.0.1:8443 }
assert never wan -> lan tcp dport 8443"
t "proof of the published port" 0 "no errors" "$Z2 wan -> lan { publish https to 10.0.0.1:8443 }
assert never wan -> lan tcp dport 443
assert never wan -> lan except tcp dport 8443 dst 10.0.0.1
assert drop wan -> lan tcp src 192.0.2.9 dst 10.0.0.1 dport 8443"
t "hairpin zone" 1 "no zone 'lna'" "$Z2 wan -> lan { publish http to 10.0.0.1 hairpin from lna }"
c "no such command" 1 "did you mean 'show'?" shwo
c "version" 0 "zonefw " --version
c "help" 0 "usage:" help
c "confirm takes nothing" 1 "confirm does not take 'now'" confirm now
c "rollback takes nothing" 1 "rollback does not take 'now'" rollback now
printf 'zone a { dev x }\n' > ok.conf
c "confirm without a time" 1 "--confirm needs a time" apply --confirm
c "confirm with a bad time" 1 "'soon' is not a time; write it as 60s, 10m or 1h30m" apply --confirm soon ok.conf
c "confirm at once" 1 "--confirm takes 1 second to 7 days" apply --confirm 0 ok.conf
c "confirm in a month" 1 "--confirm takes 1 second to 7 days" apply --confirm 30d ok.conf
c "monitor of something else" 1 "monitor takes events, drops or trace, not 'drop'; did you mean 'drops'?" monitor drop
c "flow without a verb" 1 "flow needs a verb: show or kill" flow
c "flow with another verb" 1 "flow has no verb 'kil'; did you mean 'kill'?" flow kil
c "flow kill of everything" 1 "flow kill needs from ZONE, to ZONE, rule ID or a match" flow kill
if [ ! -e /sys/module/zonefw ]; then
	printf 'zone a { dev x }\n' > g.conf
	c "no module" 2 "modprobe zonefw" apply g.conf
	c "no module, show" 2 "modprobe zonefw" show
fi
for f in args input words proof; do
	# shellcheck disable=SC1090
	. "$here/${f}_cases.sh"
done
echo "$pass passed, $fail failed"
[ $fail = 0 ]
