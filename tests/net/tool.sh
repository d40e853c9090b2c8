# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# tool.sh: the program against the running module, under P0 or policies of its own in fw.

digest() { stat digest; }
# TOOL1: export and the digest: what was read back is what was applied, with its names
TOOL1() {
  local d g
  apply "$P0" || return
  d=$(digest)
  is "constants are exported by name" "$(zf export | grep -c '^let ') $(zf export | grep -c 'dport 25 dst mx')" "7 1"
  zf export > "$T/exp"; zf apply - < "$T/exp" > /dev/null 2>&1; is "export | apply -" $? 0
  is "digest after it" "$(digest)" "$d"
  is "export after it" "$(zf export | cmp - "$T/exp" && echo same)" same
  zf diff - < "$T/exp" > "$T/diff" 2>&1; is "diff says the same" "$? $(wc -l < "$T/diff")" "0 0"
  sed 's/^let mail = .*/let mail = 198.18.2.27/' "$T/exp" | zf diff - > "$T/diff" 2>&1
  is "diff of a constant" "$? $(grep -c '^[-+] let mail' "$T/diff")" "1 2"
  g=$(zf rule add from wan to dmz first accept tcp dport 22 dst web name try)
  at_least "the id that add prints" "$g" 1
  is "a constant in rule add" "$(zf export | grep -c 'accept tcp dport 22 dst web name try')" 1
  tcp_ok ext1 web 22; blocked tcp ext1 mx 22
  zf rule del try; is "rule del" $? 0
  is "digest is back" "$(digest)" "$d"
  blocked tcp ext1 web 22
}
# TOOL2: what show prints, with and without -s
TOOL2() {
  local z i out
  apply "$P0" || return
  tcp_ok ext1 web 80
  is "columns without -s" "$(for z in zones rules matrix; do zf show $z | grep -cE 'PACKETS|BYTES'; done | tr '\n' ' ')" "0 0 0 "
  is "columns with -s" "$(for z in zones rules matrix; do zf -s show $z | grep -cE 'PACKETS +BYTES'; done | tr '\n' ' ')" "1 1 1 "
  at_least "counters in JSON without -s" "$(zf -j show rules | tr ',' '\n' | sed -n 's/"packets"://p' | sort -n | tail -1)" 1
  out=$(zf show)
  is "overview" "$(sed -n 's/^\(state\|digest\|generation\|zones\|rules\) .*/\1/p' <<< "$out" | tr '\n' ' ')" "state digest generation zones rules "
  is "its matrix" "$(grep -cE '^wan +\S+ +\S+ +drop\+3 ' <<< "$out")" 1
  is "no colour into a pipe" "$(zf show | grep -c $'\033')" 0
  at_least "colour when asked" "$(zf --color=always show | grep -c $'\033')" 1
  is "-q" "$(zf -q apply - <<< "$P0")" ""
  is "-p" "$(zf -j -p show stats | head -1)" "{"
  is "-n" "$(zonefw -n fw -j show stats)" "$(zf -j show stats)"
  is "rules of a cell, also those for any" "$(zf -j rule show from self to wan | tr '{' '\n' | grep -c '"id"') $(zf -j rule show from wan to dmz | tr '{' '\n' | grep -c '"id"')" "0 3"
  for ((i = 1; i <= 20; i++)); do echo "zone z$i { dev nic$i }"; echo "z$i -> any { accept tcp dport $i; default reject }"; done > "$T/twenty"
  lone tw; on tw zonefw apply "$T/twenty" > /dev/null || miss "twenty zones"
  at_least "twenty zones in 100 columns" 100 "$(on tw zonefw show | wc -L)"
  is "a row of them" "$(on tw zonefw show | grep -cE '^ 7 z7 +R1( +R1){20}$')" 1
  unlone tw
}
# TOOL3: refusals: exit codes, places, and nothing changes
TOOL3() {
  local before
  apply "$P0" || return
  before=$(zf export)
  zf rule add from wna to dmz accept http > "$T/o" 2>&1; is "zone typo" "$? $(head -1 "$T/o")" \
    "1 <command line>:22: error: no zone 'wna'; did you mean 'wan'?"
  zf rule del 999999 > "$T/o" 2>&1; is "no such rule" "$? $(head -1 "$T/o")" "1 <command line>:17: error: no rule '999999'"
  zf zone del dmz > "$T/o" 2>&1; is "zone in use" $? 1
  zf rule add from wan to dmz accept tcp dst wbe > "$T/o" 2>&1
  is "constant typo" "$? $(head -1 "$T/o")" "1 <command line>:48: error: 'wbe' is neither an address nor a let name; did you mean 'web'?"
  zf -j rule add from wan to dmz accept http name a name b > "$T/o" 2>&1; is "name twice" $? 1
  zf explain from wan to dzm tcp src 1.2.3.4 dst 1.2.3.5 dport 1 > "$T/o" 2>&1; is "explain" "$? $(head -1 "$T/o")" \
    "1 <command line>:28: error: no zone 'dzm'; did you mean 'dmz'?"
  zf explain in wan9 tcp src 1.2.3.4 dst 1.2.3.5 dport 1 > "$T/o" 2>&1; is "a device that is not" "$? $(head -1 "$T/o")" \
    "1 <command line>:19: error: no device 'wan9'; did you mean 'wan1'?"
  is "an empty zone" "$(zf apply -n - <<< 'zone a { dev wna1 }; zone b { dev x*, wan? }' | sed -n 's/^note: //p')" "zone 'a' is empty now: there is no device 'wna1'; did you mean 'wan1'?"
  zf apply - < /dev/null > "$T/o" 2>&1; is "nothing from a pipe" "$? $(grep -c 'nothing but an empty policy' "$T/o")" "1 1"
  zf rule show from dzm > "$T/o" 2>&1; is "filter" "$? $(head -1 "$T/o")" "1 <command line>:23: error: no zone 'dzm'; did you mean 'dmz'?"
  is "nothing changed" "$(zf export)" "$before"
}
# K08: sizes: what is taken comes back whole, what is too much is refused with a sentence and changes nothing
K08() {
  local n=100000 d
  [ -z "${SLOW:-}" ] || n=10000
  lone k8
  { echo 'zone a { dev up0 }'; echo 'a -> self {'
    awk -v n=$n 'BEGIN { for (i = 0; i < n; i++) printf "    accept tcp dport %d dst 10.%d.%d.%d\n", 1 + i % 60000, i / 65536, i / 256 % 256, i % 256 }'
    echo '}'; } > "$T/k8"
  at_least "bytes of the transaction's text" "$(wc -c < "$T/k8")" 400000
  on k8 zonefw -q apply "$T/k8" > "$T/o" 2>&1; is "$n rules: $(head -c 200 "$T/o")" $? 0
  on k8 zonefw export > "$T/e8"
  is "export equals input" "$(grep 'accept tcp' "$T/e8" | md5sum)" "$(grep 'accept tcp' "$T/k8" | md5sum)"
  is "rules in JSON" "$(on k8 zonefw -j show rules | tr '{' '\n' | grep -c '"id"')" $n
  d=$(on k8 zonefw -j show stats | sed 's/.*"digest":"\([0-9a-f]*\)".*/\1/')
  on k8 zonefw -q apply - < "$T/e8"; is "export | apply -" "$? $(on k8 zonefw -j show stats | sed 's/.*"digest":"\([0-9a-f]*\)".*/\1/')" "0 $d"
  is "the last rule counts" "$(on k8 zonefw explain from a to self tcp src 198.19.0.2 dst "10.$(((n - 1) / 65536)).$(((n - 1) / 256 % 256)).$(((n - 1) % 256))" dport $((1 + (n - 1) % 60000)) --expect accept > "$T/o" 2>&1; echo $?)" 0
  list() { awk -v n="$1" 'BEGIN { printf "zone a { dev up0 }\na -> self { accept src "; for (i = 0; i < n; i++) printf "%s10.%d.%d.1", i ? ", " : "", i / 256, i % 256; print " }" }'; }
  list 1024 | on k8 zonefw -q apply - > "$T/o" 2>&1; is "a list of 1024: $(head -c 200 "$T/o")" $? 0
  is "all of them come back" "$(on k8 zonefw export | tr ',' '\n' | grep -c '10\.[0-9]*\.[0-9]*\.1')" 1024
  d=$(on k8 zonefw export | md5sum)
  list 1025 | on k8 zonefw -q apply - > "$T/o" 2>&1; is "a list of 1025" "$? $(grep -c 'more than 1024 elements' "$T/o")" "1 1"
  # one nest may not come to 65,536 bytes: its length has 16 bits. The statements kept as text are the longest attribute
  text() { list 3; awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "assert accept a -> self tcp src 10.0.0.1 dst 10.0.0.2 dport %05d\n", i + 10000 }'; }
  text 950 | on k8 zonefw -q apply - > "$T/o" 2>&1; is "text below the length of an attribute: $(head -c 200 "$T/o")" $? 0
  is "all of it comes back" "$(on k8 zonefw export | grep -c '^assert')" 950
  d=$(on k8 zonefw export | md5sum)
  text 1100 | on k8 zonefw -q apply - > "$T/o" 2>&1; is "text above it" "$? $(grep -c 'longer than 65000 bytes' "$T/o")" "1 1"
  awk 'BEGIN { for (i = 0; i < 251; i++) printf "zone z%d { dev x%d }\n", i, i }' | on k8 zonefw -q apply - > "$T/o" 2>&1
  is "251 zones" "$? $(grep -c 'more than 250 zones' "$T/o")" "1 1"
  is "nothing changed" "$(on k8 zonefw export | md5sum)" "$d"
  unlone k8
}
