# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Arguments: options, help, unknown words, each with its place. Sourced by run.sh.

# at NAME EXIT COLUMN TEXT ARGS...: the message, and below it the typed line and a caret under that column
at() {
	local name=$1 want=$2 at=$3 text=$4 out rc line=zonefw a; shift 4
	out=$("$Z" "$@" 2>&1); rc=$?
	for a; do line="$line $a"; done
	if [ $rc = "$want" ] && [ "$out" = "<command line>:$at: error: $text
$line
$(printf '%*s^' $((at - 1)) '')" ]; then
		pass=$((pass + 1))
	else
		fail=$((fail + 1)); echo "FAIL: $name (exit $rc)"; echo "$out" | sed 's/^/    /'
	fi
}
at "unknown object" 1 8 "no command 'shwo'; did you mean 'show'?" shwo
at "behind options" 1 14 "no command 'shwo'; did you mean 'show'?" -j -s shwo
at "unknown option" 1 8 "no option '-x'" -x show
at "long option" 1 8 "no option '--colour'; did you mean '--color'?" --colour show
at "color" 1 8 "--color takes always, auto or never, not 'alwys'; did you mean 'always'?" --color=alwys show
at "-n alone" 1 10 "-n needs a network namespace" -n
at "no namespace" 1 11 "no network namespace 'nosuch-ns': No such file or directory" -n nosuch-ns show
at "unknown verb" 1 13 "zone has no verb 'ad'; did you mean 'add'?" zone ad x
at "unknown verb of set" 1 12 "set has no verb 'ad'; did you mean 'add'?" set ad x
at "no verb" 1 12 "rule needs a verb; see 'zonefw help rule'" rule
at "unknown view" 1 13 "show does not know 'zone'; did you mean 'zones'?" show zone
at "option behind" 1 19 "options stand before the object: zonefw -j show ..." show rules -j
at "apply what" 1 13 "apply needs a file, or - for standard input" apply
at "apply option" 1 14 "no option '--forec'; did you mean '--force'?" apply --forec x
at "missing file" 1 14 "cannot read 'nope.conf': No such file or directory" check nope.conf
at "a folder" 1 14 "cannot read '.': Is a directory" apply .
at "two files" 1 16 "check does not take 'b'" check a b
at "panic" 1 14 "panic takes 'on' or 'off', not 'maybe'" panic maybe
at "stats" 1 14 "stats takes 'reset' or nothing, not 'rest'; did you mean 'reset'?" stats rest
at "monitor" 1 16 "monitor takes events, drops or trace, not 'event'; did you mean 'events'?" monitor event
at "help for what" 1 13 "no command 'rul'; did you mean 'rule'?" help rul
# words of the verbs: wrong ones are found without a kernel, before a missing module is
at "from" 1 17 "expected 'from', not 'form'; did you mean 'from'?" rule add form a to b accept
at "to" 1 24 "expected 'to', not 'ot'; did you mean 'to'?" rule add from a ot b accept
at "action" 1 29 "no action 'acept'; did you mean 'accept'?" rule add from a to b acept http
at "place" 1 29 "no action 'frist'; did you mean 'first'?" rule add from a to b frist accept
at "service" 1 36 "no service, match or option 'htpp'; did you mean 'http'?" rule add from a to b accept htpp
at "port" 1 46 "'70000' is not a port (0-65535)" rule add from a to b accept tcp dport 70000
at "nothing" 1 16 "expected a rule's number or name, not the end of the command" rule del
at "set add nothing" 1 15 "expected the name of a set, not the end of the command" set add
at "set del nothing" 1 15 "expected the name of a set, not the end of the command" set del
at "set test nothing" 1 16 "expected the name of a set, not the end of the command" set test
at "set flush nothing" 1 17 "expected the name of a set, not the end of the command" set flush
at "move" 1 20 "expected first, last, before ID or after ID, not 'fist'; did you mean 'first'?" rule move 3 fist
at "filter" 1 18 "expected from ZONE or to ZONE, not 'form'; did you mean 'from'?" rule show form a
at "zone word" 1 19 "expected dev, group, net or antispoof, not 'dve'; did you mean 'dev'?" zone add x dve eth0
at "zone name" 1 17 "'1x' is not a name for a zone" zone add 1x dev eth0
at "policy word" 1 31 "no default or option 'masqerade'; did you mean 'masquerade'?" policy set from a to b masqerade
at "two defaults" 1 38 "a second default: 'drop'" policy set from a to b accept drop
at "no namespace's file" 1 11 "cannot enter the network namespace '/dev/null': Invalid argument" -n /dev/null show
at "options and words" 1 20 "expected 'from', not 'form'; did you mean 'from'?" -j rule add form a to b accept
at "packet" 1 47 "a packet needs src and dst: dst is missing" explain from a tcp src 1.2.3.4 dport 80
at "packet word" 1 51 "a packet has src, dst, sport, dport and type, not 'dprt'; did you mean 'dport'?" \
	explain from a tcp src 1.2.3.4 dst 1.2.3.5 dprt 80
at "packet of many" 1 43 "a packet has one destination address, '1.2.3.0/24' is more than one" \
	explain from a tcp src 1.2.3.4 dst 1.2.3.0/24 dport 80
at "verdict" 1 60 "no verdict 'acept'; did you mean 'accept'?" explain from a tcp src 1.2.3.4 dst 1.2.3.5 --expect acept
c "control characters" 1 "no command 'a?[31mb'" $'a\033[31mb'
for w in $'a\nb' $'a\rb' $'a b\t' $'a\033[31mb' $'a\177'; do
	c "a control character in a prefix" 1 "<command line>:38: error: control character in a string" rule add from a to b drop log "$w"
	c "and in a cell's" 1 "<command line>:40: error: control character in a string" policy set from a to b drop log "$w"
	c "and in a comment" 1 "<command line>:42: error: control character in a string" rule add from a to b drop comment "$w"
done
c "a prefix that is not UTF-8" 1 "<command line>:38: error: this string is not UTF-8" rule add from a to b drop log $'a\377'
c "help of an object" 0 "zonefw rule add from F to T" rule help
c "help by option" 0 "zonefw rule move ID" rule --help
c "help of help" 0 "zonefw zone add NAME" help zone
c "help says what it is for" 0 "what happens to that packet, and why" help explain
c "help of a view" 0 "look; bare: state, zones and the matrix" show help
out=$("$Z" rule add help 2>&1)
c "help of a verb is one form" 0 "zonefw rule add from" rule add help
[ "$(grep -c '^  zonefw' <<< "$out")" = 1 ] && pass=$((pass + 1)) || { fail=$((fail + 1)); echo "FAIL: help of a verb: $out"; }
if [ ! -e /sys/module/zonefw ]; then
	c "right words, no module" 2 "modprobe zonefw" rule add from a to b accept https dst web name x
	c "a prefix in UTF-8" 2 "modprobe zonefw" rule add from a to b accept log "häh 100%s"
	c "right words, no module: del" 2 "modprobe zonefw" rule del 1 2 x
	c "right words, no module: zone" 2 "modprobe zonefw" zone set x dev eth0 antispoof
	c "right words, no module: set" 2 "modprobe zonefw" rule add from a to b drop src ::1/-64
	c "right words, no module: policy" 2 "modprobe zonefw" policy set from a to b drop log
	c "right words, no module: explain" 2 "modprobe zonefw" explain from a to b tcp src 1.2.3.4 dst 1.2.3.5 dport 80
fi
# offered OFFER WORDS...: what completion offers for the last of the words
offered() {
	local want=$1 out; shift
	# shellcheck disable=SC1090,SC2030,SC2034
	out=$(zonefw() { [[ $* != *zones ]] || echo '[{"id":1,"name":"lan"}]'; }
		. "${Z%/*}/completion/zonefw.bash"
		COMP_WORDS=(zonefw "$@") COMP_CWORD=$#; _zonefw; echo "${COMPREPLY[*]}")
	if [ "$out" = "$want" ]; then pass=$((pass + 1)); else fail=$((fail + 1)); echo "FAIL: completion of '$*': $out"; fi
}
if [ -e "${Z%/*}/completion/zonefw.bash" ]; then
	offered "always auto never" --color =
	offered "always auto" --color = a
	offered "show" --color = auto sh
	offered "show kill" flow ""
	offered "lan self any" flow kill from ""
	offered "lan self any" monitor trace from ""
	offered "" flow show acc
	offered "add replace del move show" help rule ""
	offered "" help apply ""
fi
