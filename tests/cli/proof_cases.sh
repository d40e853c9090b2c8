# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Proofs and warnings about whole rules: what holds, what does not, and what is too large. Sourced by run.sh.

S="set s { 10.0.0.1 }
set q { 10.0.0.1 }
set p port { 445 }
$Z2"
# holds NAME RULES [LINES]: the cell lan -> wan and assertions; fails NAME TEXT RULES [LINES]: so does not
holds() { t "$1" 0 "no errors" "$S lan -> wan { $2 }
${3:-}"; }
fails() { t "$1" 1 "$2" "$S lan -> wan { $3 }
${4:-}"; }
never="assert never lan -> wan"

fails "except of a set" "is accepted by the default" "default accept" "$never except src @s"
holds "except of the same set" "accept src @s" "$never except src @s"
fails "except of another set" "is accepted by 'accept src @s'" "accept src @s" "$never except src @q"
fails "except of the set in another place" "is accepted by 'accept dst @s'" "accept dst @s" "$never except src @s"
holds "except of all of a list" "accept src @s, 10.0.0.2" "$never except src 10.0.0.0/30, @s"
fails "except of a part of a list" "is accepted by 'accept src 10.0.0.2, @s'" "accept src 10.0.0.2, @s" "$never except src @s"
fails "except of a set beside a port" "is accepted by 'accept tcp dport 445'" "accept tcp dport 445" "$never except tcp src @s"
holds "except of a set and a port" "accept tcp dport 445 src @s" "$never except tcp src @s"
holds "except of a set of ports" "accept tcp dport @p" "$never except tcp dport @p, 22"
fails "except of a negated set" "is accepted by 'accept src @s'" "accept src @s" "$never except src ! @s"
holds "except of the same negated set" "accept src ! @s" "$never except src ! @s"
holds "a set and its negation" "accept src @s" "$never src ! @s"
fails "a set that a rule fills meanwhile" "may be accepted by 'accept tcp src @s'" \
  "drop src @s; continue tcp add src to @s; accept tcp src @s" "$never"
holds "a set that no rule fills meanwhile" "drop src @s; accept tcp src @s" "$never"
fails "except of another suffix" "is accepted by 'accept dst ::2/-64'" "accept dst ::2/-64" "$never except dst ::1/-64"
holds "except of the same suffix" "accept dst ::1/-64" "$never except dst ::1/-64"
holds "except of a shorter suffix" "accept dst ::1:0:0:0:1/-120" "$never except dst ::1/-32"
fails "except of a longer suffix" "is accepted by" "accept dst ::1/-32" "$never except dst ::1/-64"
fails "suffix of an address" "tcp src :: sport 1024 dst 2001:db8::1 dport 0 is accepted by 'accept dst ::1/-64'" \
  "accept dst ::1/-64" "$never dst 2001:db8::1"
holds "no suffix of an address" "accept dst ::1/-64" "$never dst 2001:db8::2
assert drop lan -> wan tcp src 2001:db8::9 dst 2001:db8::2 dport 80"
holds "no suffix in a range" "accept dst ::1/-64" "$never dst 2001:db8::2-2001:db8::ff"
holds "no suffix in IPv4" "accept src ! ::1/-64" "$never src ::1/-64
$never except ipv4; ipv6 src ! ::1/-64"

fails "the same mark" "is accepted by 'accept tcp mark 0x1'" "accept tcp mark 1" "$never tcp mark 1"
holds "another mark" "accept tcp mark 1" "$never tcp mark 2"
fails "except of another mark" "is accepted by 'accept tcp mark 0x1'" "accept tcp mark 1" "$never except mark 2"
holds "except of the mark" "accept tcp mark 1" "$never except mark 1"
holds "except of a bit of the mark" "accept tcp mark 3" "$never except mark 1/1"
holds "a mark that is dropped before" "drop tcp mark 1; accept tcp" "$never tcp mark 1"
fails "a mark that is not dropped before" "is accepted by 'accept tcp'" "drop tcp mark 1; accept tcp" "$never tcp mark 2"
fails "any mark" "is accepted by 'accept tcp'" "drop tcp mark 1; accept tcp" "$never tcp"
fails "marks that together are all" "cannot be proved for lan -> wan: tcp src 0.0.0.0 sport 1024 dst 0.0.0.0 dport 0 may be accepted by" \
  "drop mark 0/1; drop mark 1/1; accept tcp" "$never"
holds "a bit of the mark, negated" "drop mark 0/1; accept tcp" "$never mark ! 1/1"
holds "another dscp" "accept tcp dscp 46" "$never dscp ! 46
$never except dscp 46"
fails "the same dscp" "is accepted by" "accept tcp dscp 46" "$never dscp 46"
holds "another device" "accept in eth1.*" "$never in eth2, eth3
$never except in eth*, eth1.*"
fails "the same device" "is accepted by" "accept in eth1.*" "$never in eth1.7"
fails "patterns that may have one name" "cannot be proved" "accept in eth*" "$never in *7"
holds "another hardware address" "accept mac 02:00:00:00:00:01" "$never mac 02:00:00:00:00:02
$never except mac 02:00:00:00:00:01, 02:00:00:00:00:03"
fails "the same hardware address" "is accepted by" "accept mac 02:00:00:00:00:01" "$never mac 02:00:00:00:00:01"
t "what this router sends has no ingress device" 0 "no errors" "$Z2 self -> wan { accept in ! eth7 }
assert never self -> wan"

holds "another time" "accept tcp time 08:00-17:00 days mon-fri" "$never time 22:00-06:00
$never time 08:00-17:00 days sat, sun
$never except time 07:00-18:00"
fails "the same time" "is accepted by" "accept tcp time 08:00-17:00 days mon-fri" "$never time 16:59-17:01 days fri"
d "times of an assertion" "$Z2 assert never lan -> wan days ! sat,sun tcp except time 08:00-9:00" \
  "assert never lan -> wan tcp days ! sat, sun except time 08:00-09:00"
fails "no limit in an assertion" "no service, match or option 'limit'" "" "$never limit 5/s"

# list NAME N: a constant of N addresses that are no ranges
list() { awk -v n="$1" -v c="$2" 'BEGIN { printf "let %s = ", n; for (i = 0; i < c; i++) printf "%s10.%d.%d.%d", i ? ", " : "",
  i / 10000, i / 100 % 100, i % 100 * 2; print "" }'; }
# small NAME EXIT PATTERN CONFIG: t in 200 MB and 20 s
small() {
	local Z0=$Z; printf '#!/bin/bash\nulimit -v 200000; exec timeout 20 "%s" "$@"\n' "$Z" > small.sh; chmod +x small.sh
	Z=$tmp/small.sh; t "$@"; Z=$Z0
}
l60="$Z2$(list l 60)
lan -> wan { drop tcp src l dst l"
small "a square of lists" 0 "no errors" "$l60; default drop }
assert never lan -> wan"
small "a square of lists is taken off" 0 "no errors" "$l60; accept tcp src 10.0.0.0/16 dst l }
assert never lan -> wan src l"
small "a square of lists leaves some" 1 "is accepted by the default" "$l60; default accept }
assert never lan -> wan"
small "a square that is too large" 1 "t.conf:5:1: error: assertion is too large to be proved for lan -> wan" "$Z2$(list l 1000)
lan -> wan { drop tcp src l dst l; accept tcp src l dst l }
assert never lan -> wan"
small "two squares" 0 "warning: shadowed: 'drop tcp src l dst l'" "$l60; accept tcp src l dst l }"
small "not compared" 0 "warning: not compared with all rules before it: lists fall into too many combinations" "$Z2$(list l 1000)
lan -> wan { drop tcp src l dst l; drop udp src l }"
small "many long lists" 0 "no errors, 1 warning" "$Z2$(list l 1000)
lan -> wan { $(for ((i = 1; i < 60; i++)); do echo "accept tcp dport $i src l"; done) }"
small "5,000 rules" 0 "warning: redundant: 'accept tcp dport 7 dst 10.0.0.7'" "$Z2 lan -> wan {
$(for ((i = 1; i < 5000; i++)); do echo "accept tcp dport $i dst 10.0.$((i / 256)).$((i % 256))"; done)
accept tcp dport 7 dst 10.0.0.7 }"

t "lock-out by an earlier rule" 0 "lock the admin out" "$Z2 lan -> self { drop tcp dport 22; accept tcp }"
t "no lock-out by a later rule" 0 "no errors, 1 warning" "$Z2 lan -> self { accept tcp; drop tcp dport 22 }
wan -> lan { drop }"
t "lock-out by an earlier rule, default" 0 "lock the admin out" "$Z2 lan, wan -> self { drop ssh; default accept }"
t "ssh for some only" 0 "no errors, 0 warnings" "$Z2 lan -> self { drop ssh src 10.0.0.0/8; accept tcp }
wan -> lan { drop }"

t "publish, the same source within" 1 "this overlaps 'publish https to 10.0.0.1 src 192.0.2.0/24'" "$Z2 wan -> lan {
publish https to 10.0.0.1 src 192.0.2.0/24; publish https to 10.0.0.2 src 192.0.2.7 }"
t "publish, the narrower source first" 0 "no errors" "$Z2 wan -> lan {
publish https to 10.0.0.2 src 192.0.2.7; publish https to 10.0.0.1 src 192.0.2.0/24 }"
t "publish, another source" 0 "no errors" "$Z2 wan -> lan {
publish https to 10.0.0.1 src 192.0.2.0/24; publish https to 10.0.0.2 src 198.51.100.7 }"
t "publish, any address first" 0 "t.conf:4:1: warning: this overlaps 'publish https to 10.0.0.1' (t.conf:3) where 192.0.2.1 is an address" "$Z2 wan -> lan { publish https to 10.0.0.1
publish https to 10.0.0.2 on 192.0.2.1 }"
t "publish, any address first, and the same" 1 "this overlaps 'two'" "$Z2 wan -> lan { publish https to 10.0.0.1
publish https to 10.0.0.2 on 192.0.2.1 name two; publish https to 10.0.0.3 on 192.0.2.1 }"
t "publish, one address first" 0 "no errors, 1 warning" "$Z2 wan -> lan { publish https to 10.0.0.2 on 192.0.2.1
publish https to 10.0.0.1 }"
t "publish, the same set" 1 "this overlaps" "$S wan -> lan { publish https to 10.0.0.1 src @s; publish https to 10.0.0.2 src @s }"
t "publish, another set" 0 "no errors" "$S wan -> lan { publish https to 10.0.0.1 src @s; publish https to 10.0.0.2 src @q }"
t "publish, within a limit" 0 "no errors" "$Z2 wan -> lan { publish https to 10.0.0.1 limit 5/s; publish https to 10.0.0.2 }"
fails "proof of a publish to a set" "is accepted by 'publish https to 10.0.0.1 dst ! @s'" "publish https to 10.0.0.1 dst ! @s" "$never dst 10.0.0.1"

# against brute force
if out=$(python3 "$here/never.py" "$Z"); then
	pass=$((pass + 1))
else
	fail=$((fail + 1)); echo "FAIL: $out"
fi
