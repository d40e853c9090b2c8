# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# answers.sh: a document for every command with -j, and what candidates and differences say of named sets.

SETS='zone wan { dev wan* }
zone dmz { dev dmz* }
set good timeout 1h { 198.18.9.11 }
set ports port { 80 }
wan -> dmz { accept tcp dport @ports src @good }'

# ANSWERS: every command says something in JSON, and says it right
ANSWERS() {
  local c
  apply "options { log nflog 5; log-rate 100/second; tag-mask 0xff000000 }
$SETS" || return
  is "a mask is no negative number" "$(zf -j show options)" \
    '{"log":"nflog","nflog_group":5,"log_rate":100,"log_per":1,"invalid":"drop","rematch":true,"tag_mask":4278190080}'
  is "all options as text" "$(zf show options | tr '\n' ';')" "log nflog 5;log-rate 100/second;invalid drop;rematch on;tag-mask 0xff000000;"
  for c in "set create s" "set add s 10.0.0.1" "set del s 10.0.0.1" "set flush s" "set destroy s" "zone add z dev zz" "zone set z net 10.0.0.0/8" \
    "zone del z" "policy set from wan to dmz reject" "policy del from wan to dmz" "rule replace 1 drop" "stats reset" "panic on" "panic off"; do
    c=${c/rule replace 1/rule replace $(zf -j show rules | sed 's/^\[{"id":\([0-9]*\).*/\1/')}
    # shellcheck disable=SC2086
    is "-j $c" "$(zf -j $c 2>&1)" '{"done":true}'
  done
  is "-j set test" "$(zf -j set test good 198.18.9.11; zf -j set test good 198.18.9.12)" '{"in":true}
{"in":false}'
  is "-j export" "$(zf -j export | cut -c1-50)" '{"policy":"options { log nflog 5; log-rate 100/sec'
  zf -q apply --confirm 60 - <<< "$SETS"; is "-j rollback" "$(zf -j rollback)" '{"done":true}'
  printf '%s\n' "$SETS" | sed 's/^zone dmz .*/zone dmz { dev dmz*; antispoof }/' > "$T/f"; zf -q apply "$T/f"
  is "members of a zone" "$(zf show zones | grep -cE '^2 +dmz +dmz1,dmz2,dmz3 +dev dmz\*; antispoof$')" 1
  is "-j diff, the same" "$(zf -j diff "$T/f"; echo $?)" '{"same":true,"removed":[],"added":[],"flows":null}
0'
  is "-j diff" "$(zf -j diff - <<< "$SETS"; echo $?)" \
    '{"same":false,"removed":["zone dmz { dev dmz*; antispoof }"],"added":["zone dmz { dev dmz* }"],"flows":null}
1'
  is "-q diff" "$(zf -q diff - <<< "$SETS"; echo $?)" 1
  zf -j flush > "$T/o"; is "-j flush" "$(cat "$T/o")" '{"done":true}'
  is "the overview of no policy" "$(zf show | grep -c 'no policy: nothing is filtered') $(zf show | grep -c 'nothing said: drop')" "1 0"
  apply "$P0"
}
# TOBE: a candidate is asked with the members that its sets would have
TOBE() {
  local e="explain --file $T/f from wan to dmz tcp dst ${A4[web]}"
  tobe() { # NAME EXPECT PORT SRC
    # shellcheck disable=SC2086
    zf -q $e src "$4" dport "$3" --expect "$2" > "$T/o" 2>&1; is "$1" "$? $(cat "$T/o")" "0 "
  }
  apply "$SETS" || return
  zf set add good 198.18.9.13
  printf '%s\n' "$SETS" > "$T/f"
  tobe "the same text: named" accept 80 198.18.9.11; tobe "put in" accept 80 198.18.9.13; tobe "not in" drop 80 198.18.9.12
  printf '%s\n' "$SETS" | sed 's/{ 198.18.9.11 }/{ 198.18.9.12 }/; s/{ 80 }/{ 80, 81 }/' > "$T/f"
  tobe "named by the old text only" drop 80 198.18.9.11; tobe "named by the new text" accept 80 198.18.9.12
  tobe "put in at run time" accept 80 198.18.9.13; tobe "a port of the new text" accept 81 198.18.9.13
  zf set del good 198.18.9.11; printf '%s\n' "$SETS" | sed 's/{ 198.18.9.11 }/{ 198.18.9.11, 198.18.9.12 }/' > "$T/f"
  tobe "named by both, and deleted meanwhile" drop 80 198.18.9.11; tobe "named beside it" accept 80 198.18.9.12
  is "nothing changed" "$(zf -j set show good | grep -o '198[0-9.]*' | tr '\n' ' ')" "198.18.9.13 "
  zf -q apply "$T/f"; is "as it comes" "$(zf -j set show good | grep -o '198[0-9.]*' | tr '\n' ' ')" "198.18.9.12 198.18.9.13 "
  awk 'BEGIN { print "zone a { dev x }\na -> self {"; for (i = 0; i < 30000; i++) print "accept tcp dport " i "\ndrop udp sport " i; print "}" }' > "$T/f"
  zf -q apply "$T/f"; sed 's/^accept tcp/reject tcp/; s/^drop udp/continue udp/' "$T/f" > "$T/g"
  timeout 60 nsenter --net=/run/netns/fw zonefw diff "$T/g" > "$T/o"; is "a long difference" "$? $(grep -c '^-' "$T/o") $(grep -c '^+' "$T/o")" "1 60000 60000"
  apply "$P0"
}
