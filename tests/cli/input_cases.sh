# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Files that are wrong in every way that a hand, an editor or an enemy finds. Sourced by run.sh.

# b NAME TEXT...: t.conf as it is is refused, quickly, with each TEXT among the output and nothing that is not printable
b() {
	local name=$1 ok=1 want; shift
	out=$(timeout 20 "$Z" check t.conf 2>&1); rc=$?
	for want; do grep -qF -- "$want" <<< "$out" || ok=0; done
	[ "$rc" = 1 ] && [ $ok = 1 ] && ! LC_ALL=C grep -q $'[\001-\010\013-\037\177]' <<< "$out" &&
		[ "$(wc -L <<< "$out")" -lt 1300 ] && { pass=$((pass + 1)); return; }
	fail=$((fail + 1)); echo "FAIL: $name (exit $rc)"; head -8 <<< "$out" | cut -c1-200 | sed 's/^/    /'
}
many() { awk -v n="$1" -v f="$2" 'BEGIN { for (i = 1; i <= n; i++) printf f, i, i - 1, i - 1 }'; }

t "swapped letters" 1 "did you mean 'with'?" "$Z2 lan -> wan { reject wiht tcp-reset tcp }"
t "arrow apart" 1 "t.conf:3:6: error: expected '->', not '-'" "$Z2 lan - > wan { accept }"
t "other arrow" 1 "expected '->', not '='" "$Z2 lan => wan { accept }"
t "from typo" 1 "expected 'to', not 'ot'; did you mean 'to'?" "$Z2 from lan ot wan { accept }"
t "statement typo" 1 "no statement begins with 'optoins'; did you mean 'options'?" "optoins { log none }"
t "option typo" 1 "no option 'log-rat'; did you mean 'log-rate'?" "options { log-rat 5/s }"
t "word of an option" 1 "did you mean 'nflog'?" "options { log nflg 3 }"
t "assert typo" 1 "did you mean 'never'?" "assert nevr lan -> wan"
t "protocol typo" 1 "no protocol 'tpc'; did you mean 'tcp'?" "$Z2 lan -> wan { accept proto tpc }"
t "type typo" 1 "no ICMP type 'ech-request'; did you mean 'echo-request'?" "$Z2 lan -> wan { accept icmp type ech-request }"
t "zone word typo" 1 "did you mean 'antispoof'?" "zone a { dev x; antispof }"
t "queue word typo" 1 "did you mean 'bypass'?" "$Z2 lan -> wan { queue 1 bypas }"
t "no brace" 1 "expected '{', not 'dev'" "zone a dev x"
t "brace too many" 1 "'}' without a block" "$Z2 lan -> wan { accept } }"
# one '}' that is missing is one error, and what stands behind it is read
missing() { # NAME PLACE LINE TEXT
	t "$1" 1 "t.conf:$2: error: this block has no closing '}' before line $3" "$4"
	[ "$(grep -c ' error: ' <<< "$out")" = 1 ] && pass=$((pass + 1)) || { fail=$((fail + 1)); echo "FAIL: $1: more than one error"; echo "$out" | sed 's/^/    /'; }
}
missing "no end of a cell" 3:1 6 "${Z2}lan -> wan {
    masquerade
    default accept
lan -> self { accept ssh src x }
let x = 10.0.0.1
from wan to self { default drop }"
missing "no end of a zone" 1:6 2 "zone a { dev x
zone b in a { dev y }
a, b -> self { accept ssh }"
missing "no end of the options" 1:1 3 "options {
    log none
zone a { dev x }"
missing "no end of a set" 1:5 3 "set s {
    10.0.0.1
${Z2}lan -> self { drop src @s }"
missing "no end of a service" 1:9 3 "service q {
    tcp dport 1
let x = 10.0.0.1
${Z2}lan -> self { accept q src x }"
t "words like those of statements" 0 "no errors, 0 warnings" "let zone = 10.0.0.1
set s {
    zone timeout 5m
}
service from { tcp dport 5 }
service let {
    from
}
${Z2}lan, wan -> self {
    accept ssh log \"a -> b {\"
    accept let src @s # zone a { }
}"
t "huge number" 1 "is not a port (0-65535)" "$Z2 lan -> wan { accept tcp dport 99999999999999999999 }"
t "prefix 33" 1 "bad prefix length in '10.0.0.0/33'" "$Z2 lan -> wan { accept src 10.0.0.0/33 }"
t "prefix 129" 1 "bad prefix length in '::/129'" "$Z2 lan -> wan { accept src ::/129 }"
t "short address" 1 "'10.0.0' is not an address" "$Z2 lan -> wan { accept src 10.0.0 }"
t "comma at the end" 1 "expected a service, not '}'" "$Z2 lan -> wan { accept http, }"
t "two commas" 1 "expected a port, not ','" "$Z2 lan -> wan { accept tcp dport 80,,90 }"
t "second let" 1 "a second let 'x' (the first is in line 1)" "let x = 1.2.3.4
let x = 1.2.3.5"
t "none in a rule" 1 "no rule may name the zone 'none'" "$Z2 lan -> none { accept }"
t "one address in a packet" 1 "a packet has one source address" "$Z2 assert accept lan -> wan tcp src 10.0.0.0/8 dst ::1"
t "all errors at once" 1 "t.conf:5:1: error: no statement begins with 'zoen'" "$Z2 lan -> wan { acept }
lan -> wan { accept htpp }
zoen b { }"
t "a router that may begin nothing" 0 "note: this router itself may begin no connection" "$Z2 lan -> wan, self { accept ssh }"
t "a router that may" 0 "" "$Z2 lan -> wan, self { accept ssh }
self -> wan { accept dns }"
grep -q note: <<< "$out" && { fail=$((fail + 1)); echo "FAIL: a note about nothing"; }
t "constants in net" 0 "no errors" "let lanes = 10.0.0.0/8, more
let more = 192.168.0.0/16
zone a { dev x; net lanes }
a -> self { accept ssh }"
printf '%s' "$Z2" | tr '\n' '\r' | sed 's/\r/\r\n/g' > t.conf; printf 'lan -> wan { accept http, \\\r\n https log "x" }\r\n' >> t.conf
c "CRLF" 0 "2 zones, 1 rule" check t.conf
printf 'lan -> wan { acept }\r\n' >> t.conf; b "CRLF with an error" "t.conf:5:14: error: no action 'acept'"
printf 'zone a { dev x }\nzone b\0 { dev y }\n' > t.conf; b "a NUL byte" "t.conf:2:7: error: a NUL byte"
printf 'zone a { dev x }\na -> a { drop log "\377\376" }\n' > t.conf; b "not UTF-8" "t.conf:2:19: error: this string is not UTF-8"
printf 'zone a { dev x }\na -> a { drop log "a\033b" }\n' > t.conf; b "a control byte in a prefix" "t.conf:2:19: error: control character in a string"
printf 'zone a { dev x }\na -> b\033[31m\377 { drop }\n' > t.conf; b "control bytes" "no zone 'b'" "character 0x1b has no place here"
{ echo "$Z2"; printf 'lan -> wan { accept src '; many 80000 '10.0.%d.%d,'; echo '1.2.3.4 dprt 80 }'; } > t.conf; b "a line of a megabyte" "is not an address"
{ printf 'zone a { dev x }\n'; head -c 1000000 /dev/zero | tr '\0' ' '; echo 'zoen b { }'; } > t.conf
b "far to the right" "t.conf:2:1000001: error: no statement begins with 'zoen'" '...  '
{ printf 'zone a { dev x }\n'; head -c 1000000 /dev/zero | tr '\0' x; echo ' -> a { accept }'; } > t.conf; b "a word of a megabyte" "no zone 'xxxx"
{ echo 'let a0 = 10.0.0.1'; many 40 'let a%d = a%d, a%d\n'; echo "$Z2 lan -> wan { accept src a40 }"; } > t.conf; b "constants that double" "names one inside the other"
{ echo 'let a0 = 10.0.0.1'; many 20 'let a%d = a%d, a%d\n'; echo "$Z2 lan -> wan { accept src a20 }"; } > t.conf; b "constants that double, less deep" "more than 1024 elements"
{ echo 'service s0 { tcp }'; many 20 'service s%d { s%d; s%d }\n'; echo "$Z2 lan -> wan { accept s20 }"; } > t.conf; b "services that double" "more than 1024 parts"
{ echo 'service s0 { }'; many 20 'service s%d { s%d; s%d }\n'; echo "$Z2 lan -> wan { accept s20 }"; } > t.conf; b "empty services that double" "stands for more than 10000 names"
{ echo 'zone a { dev x }'; head -c 100000 /dev/zero | tr '\0' '{'; } > t.conf; b "braces" "expected a statement, not '{'"
many 3000 'zone z%d { dev e%d }\n' > t.conf; b "zones" "more than 250 zones"
for ((i = 0; i < 40; i++)); do echo "include \"inc$((i + 1)).conf\"" > inc$i.conf; done; : > inc40.conf
echo 'include "inc0.conf"' > t.conf; b "includes" "more than 32 files include one another"
printf 'a\0b' > inc40.conf; echo 'include "inc40.conf"' > t.conf; b "an included NUL" "inc40.conf:1:2: error: a NUL byte"
mkdir -p dir.conf; echo 'include "dir.conf"' > t.conf; b "an included folder" "cannot read 'dir.conf'"
rm -rf inc*.conf dir.conf
