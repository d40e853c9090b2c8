# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# oper.sh: operations: confirm and rollback, the candidate, live flows, recent drops, traces.

# wait_for NAME SECONDS COMMAND...: until it succeeds; a condition, never a fixed sleep
wait_for() {
  local name=$1 limit=$2; shift 2
  UNTIL=$limit until_true "$@" > /dev/null 2>&1 || { miss "$name: waited in vain"; return 1; }
  pass
}
settled() { [ "$(stat confirm_left)" = null ]; }
# column KEY: the values of KEY in show rules
column() { zf -j show rules | tr ',{}' '\n' | sed -n "s/^\"$1\":\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" | tr '\n' ' '; }
only22() { printf '%s\n' "$ZONES wan -> dmz { accept tcp dport 22; default drop }"; }
kill_tools() { # every process of ours, as a crash would
  local p
  for p in /proc/[0-9]*; do [ "$(cat "$p/comm" 2>/dev/null)" != zonefw ] || kill -9 "${p#/proc/}"; done
}

L08() { # apply --confirm: the deadline, with nothing of ours alive
  local before ids hits p
  apply "$P0" || return
  tcp_ok ext1 web 80
  before=$(zf export) ids=$(column id) hits=$(column packets)
  nsenter --net=/run/netns/fw zonefw -j monitor events > "$T/events" 2>&1 & p=$!
  sleep 1
  only22 | zf apply --confirm 20s - > "$T/confirm"; is "apply --confirm" $? 0
  is "it says so" "$(grep -c "goes back in 20 s unless 'zonefw confirm'" "$T/confirm")" 1
  at_least "time left" "$(stat confirm_left)" 1
  is "the overview says so" "$(zf show | grep -c '^unconfirmed')" 1
  only22 | zf apply - > "$T/second" 2>&1; is "second commit" $? 1
  is "its message" "$(grep -c 'waiting to be confirmed' "$T/second")" 1
  zf rule add from wan to dmz accept udp > "$T/second" 2>&1; is "single change" $? 1
  is "the new policy is in force" "$(tcp ext1 "${A4[web]}" 80 500)" timeout
  is "and lets through" "$(tcp ext1 "${A4[web]}" 22)" open
  wait_for "an event" 5 grep -q apply "$T/events"
  kill_tools; wait $p 2>/dev/null
  wait_for "the way back" 60 settled
  is "exact policy" "$(zf export)" "$before"
  is "exact ids" "$(column id)" "$ids"
  is "counters kept" "$(column packets)" "$hits"
  tcp_ok ext1 web 80; blocked tcp ext1 web 22
}
L08B() { # confirmed; rolled back; nothing to confirm; flush and namespace exit meanwhile
  local before out p
  apply "$P0" || return
  before=$(zf export)
  only22 | zf apply --confirm 15s - > /dev/null; zf confirm; is "confirm" $? 0
  sleep 16
  is "still the new one" "$(zf export | grep -c 'dport 22')" 1
  is "nothing is pending" "$(stat confirm_left)" null
  out=$(zf confirm 2>&1); is "confirm again" $? 1
  is "its message" "$out" "zonefw: error: the kernel refused: no change is waiting to be confirmed"
  zf rollback > /dev/null 2>&1; is "rollback of nothing" $? 1
  apply "$P0"
  only22 | zf apply --confirm 10m - > /dev/null
  is "before rollback" "$(tcp ext1 "${A4[web]}" 80 500)" timeout
  zf rollback; is "rollback" $? 0
  is "policy after rollback" "$(zf export)" "$before"
  tcp_ok ext1 web 80; blocked tcp ext1 web 22
  only22 | zf apply --confirm 10s - > /dev/null; zf flush; is "flush while pending" $? 0
  sleep 11
  is "stays flushed" "$(stat state)" open
  nsenter --net=/run/netns/fw zonefw -j monitor events > "$T/events" 2>&1 & p=$!
  only22 | zf apply --confirm 10s - > /dev/null
  is "in force" "$(stat state)" active
  wait_for "back to none" 60 settled
  wait_for "its event" 20 grep -q '"cause":"timeout"' "$T/events"
  kill_tools; wait $p 2>/dev/null
  is "none before" "$(stat state)" open
  apply "$P0"
  lone l08; ns_apply l08 'zone up { dev up0 }'
  echo 'zone up { dev up0 } self -> up { default accept }' | on l08 zonefw apply --confirm 2s - > /dev/null
  is "pending in a namespace" $? 0
  unlone l08
  sleep 2
  tcp_ok ext1 web 80
}
closed_confirm() { # called by BOOT in state closed: the way back ends there again
  printf '%s\n' "$P0" | zf apply --confirm 10s - > /dev/null; is "confirm from closed" $? 0
  is "open for a while" "$(tcp ext1 "${A4[web]}" 80)" open
  wait_for "back to closed" 60 settled
  is "closed again" "$(stat state) $(tcp ext1 "${A4[web]}" 80 500)" "closed timeout"
}

# drops PATTERN...: entries of show drops that have every pattern
drops() {
  local p
  zf -j show drops | sed 's/},{/}\n{/g' > "$T/drops"
  for p; do grep -F -- "$p" "$T/drops" > "$T/drops2"; mv "$T/drops2" "$T/drops"; done
  wc -l < "$T/drops"
}
DROPS() { # kept by the kernel with nobody listening: time, zones, tuple, reason, rule
  local f t0 p
  printf '%s\n' "$ZONES wan -> dmz { drop tcp dport 23 name telnet; reject tcp dport 24; accept tcp dport 80; default drop }
int -> dmz { default accept }" | zf apply - > /dev/null || miss apply
  t0=$(date +%s)
  for f in 4 6; do
    send ext1 -S 4100 tcp "$(addr $f web)" 23; send ext1 -S 4101 tcp "$(addr $f web)" 24
    send ext1 -S 4102 udp "$(addr $f web)" 99; send ext2 -s "$(addr $f pc)" -S 4103 tcp "$(addr $f web)" 80
    send ext1 -S 4104 tcp "$(addr $f web)" 80
  done
  for f in 4 6; do
    is "v$f by a rule" "$(drops '"from":"wan","to":"dmz","in":"wan1","out":"dmz1","proto":"tcp"' "\"src\":\"$(addr $f ext1)\",\"sport\":4100" \
      "\"dst\":\"$(addr $f web)\",\"dport\":23" '"verdict":"drop","reason":"rule"' '"rule_name":"telnet"')" 1
    is "v$f rejected" "$(drops "\"src\":\"$(addr $f ext1)\",\"sport\":4101" '"verdict":"reject","reason":"rule"')" 1
    is "v$f by the default" "$(drops '"proto":"udp"' "\"src\":\"$(addr $f ext1)\",\"sport\":4102" '"reason":"default","rule":null')" 1
    is "v$f spoofed" "$(drops '"from":"wan","to":null,"in":"wan2"' "\"src\":\"$(addr $f pc)\",\"sport\":4103" '"reason":"spoofed"')" 1
  done
  is "nothing of what passed" "$(drops '"sport":4104')" 0
  is "times" "$(zf -j show drops | tr ',{' '\n\n' | sed -n 's/"time":\([0-9]*\).*/\1/p' | awk -v t="$t0" '$1 < last { n++ } { last = $1 } END { print n + 0, (last >= t - 1 && last < t + 300) }')" "0 1"
  is "as text" "$(zf show drops | grep -cE "wan -> dmz +drop +rule +telnet +tcp src ${A4[ext1]} sport 4100 dst ${A4[web]} dport 23")" 1
  nsenter --net=/run/netns/fw zonefw -j monitor drops > "$T/events" 2>&1 & p=$!
  wait_for "monitor drops shows a packet that no rule logs" 20 monitored "$T/events"
  kill_tools; wait $p 2>/dev/null
  apply "$P0"
  is "names of the policy before" "$(drops '"from":"wan","to":"dmz"' '"sport":4100')" 2
  send ext1 -c 1500 -S 4105 udp "${A4[web]}" 99; send ext1 -S 4106 udp "${A4[web]}" 99
  sleep 1.2; send ext1 -S 4107 udp "${A4[web]}" 99
  at_least "ring under a flood" "$(drops)" 1000
  is "its size" "$(($(drops) > 1024))" 0
  is "the newest is there" "$(drops '"sport":4107')" 1
  tcp_ok ext1 web 80
}
monitored() { send ext1 -S 4108 udp "${A4[web]}" 99; sleep 0.3; grep -q sport..4108 "$1"; }

# flows PATTERN...: lines of flow show -j that have every pattern
flows() {
  local p
  zf -j flow show | sed 's/},{/}\n{/g' > "$T/flows"
  for p; do grep -F -- "$p" "$T/flows" > "$T/flows2"; mv "$T/flows2" "$T/flows"; done
  wc -l < "$T/flows"
}
FPOL="$ZONES"'int -> wan { accept tcp dport 80 name web; accept udp dport 7777 name chat; accept udp dport 53; default drop }
int -> self { accept tcp dport 22 name admin }
self -> any { default accept }'
hold() { # HOST FAM PORT SPORT: a UDP exchange that conntrack remembers
  send "$1" -S "$4" -l 5 udp "$(addr "$2" ext1)" "$3"
}
FLOWS() { # live connections: zones, deciding rule; kill by match; what a file would change
  local f out
  printf '%s\n' "$FPOL" | zf apply - > /dev/null || { miss apply; return; }
  fw conntrack -F > /dev/null 2>&1
  for f in 4 6; do hold pc $f 7777 4200; hold mail $f 7777 4201; hold pc $f 53 4202; done
  sleep 0.5
  for f in 4 6; do
    is "v$f by its rule" "$(flows "\"src\":\"$(addr $f pc)\",\"sport\":4200,\"dst\":\"$(addr $f ext1)\",\"dport\":7777" \
      '"from":"int","to":"wan"' '"rule_name":"chat","verdict":"accept","reason":"rule","zones_by":"packet"')" 1
  done
  is "as text" "$(zf flow show from int to wan rule chat | grep -cE "int -> wan +chat +accept .* udp src .* sport 420[01] ")" 4
  is "show flows" "$(zf show flows | grep -c ' sport 4202 ')" 2
  is "nothing from wan" "$(zf flow show from wan | grep -c sport)" 0
  is "by match" "$(zf flow show ipv4 udp dport 7777 src "${A4[pc]}" | grep -c sport)" 1
  zf flow show mark 5 > /dev/null 2>"$T/err"; is "a mark is refused" "$? $(grep -c 'not by device, mac, mark or dscp' "$T/err")" "1 1"
  printf '%s\n' "$ZONES int -> wan { accept tcp dport 80 name web; accept udp dport 7777 dst ${A4[ext1]}, ${A6[ext1]} src ${A4[pc]}, ${A6[pc]}; accept udp dport 53; default drop }
self -> any { default accept }" > "$T/new.conf"
  out=$(zf diff --flows "$T/new.conf"); is "diff --flows: exit" $? 1
  is "would be cut" "$(grep -c '^cut .* sport 4201 .*the default (drop) instead of chat' <<< "$out")" 2
  is "by another rule" "$(grep -c '^other rule .* sport 4200 .*instead of chat' <<< "$out")" 2
  is "of the rest nothing" "$(grep -c ' sport 4202 ' <<< "$out")" 0
  is "nothing was changed" "$(zf export | grep -c 'name chat')" 1
  out=$(zf flow kill src "${A4[mail]}" udp); is "kill" "$? $out" "0 1 connection ended"
  is "it is gone" "$(flows "\"src\":\"${A4[mail]}\"")" 0
  is "the other family's is not" "$(flows "\"src\":\"${A6[mail]}\"")" 1
  is "kill by rule" "$(zf -j flow kill rule chat)" '{"killed":3}'
  is "the rest lives" "$(flows '"sport":4202')" 2
  zf flow kill > /dev/null 2>&1; is "kill of all unasked" $? 1
  apply "$P0"
}
CAND() { # a candidate in the kernel: explain --file, apply -n, the caller's own session
  local f gen out
  printf '%s\n' "$FPOL" | zf apply - > /dev/null || { miss apply; return; }
  gen=$(stat generation)
  printf '%s\n' "$ZONES int -> wan { drop tcp dport 80 name shut; default accept }" > "$T/new.conf"
  out=$(zf explain from int to wan tcp src "${A4[pc]}" dst "${A4[ext1]}" dport 80 --file "$T/new.conf" --expect drop); is "explain --file: exit" $? 0
  is "both answers" "$(grep -cE '^verdict +accept +drop' <<< "$out")" 1
  is "with the line" "$(grep -cE "^line .*$T/new.conf:" <<< "$out")" 1
  is "one document" "$(zf -j explain in int1 out wan1 tcp src "${A6[pc]}" dst "${A6[ext1]}" dport 80 --file "$T/new.conf" | grep -cE '^\{"verdict":"accept",.*"candidate":\{"verdict":"drop".*"rule_name":"shut"')" 1
  zf apply -n "$T/new.conf" > /dev/null; is "apply -n" $? 0
  printf '%s\n' "$ZONES options { log nflog 5; tag-mask 0x1 }" | zf apply -n - > /dev/null 2>&1; is "apply -n asks the kernel" $? 1
  is "generation" "$(stat generation)" "$gen"
  for f in 4 6; do
    f="$(addr $f pc) 4300 $(if [ $f = 4 ]; then echo "${FW4[int]}"; else echo "${FW6[int]}"; fi) 22"
    SSH_CONNECTION=$f zf apply "$T/new.conf" > /dev/null 2> "$T/err"; is "own session: $f" $? 4
    is "its sentence" "$(grep -c '^zonefw: error: this policy would cut your own session (tcp src' "$T/err")" 1
    SSH_CONNECTION=$f zf apply -n "$T/new.conf" > /dev/null 2>&1; is "also with -n" $? 4
  done
  is "still the same" "$(stat generation)" "$gen"
  tcp pc "${FW4[int]}" 22 > /dev/null
  f=$(fw conntrack -L -p tcp --dport 22 -s "${A4[pc]}" 2>/dev/null | sed -n 's/.* sport=\([0-9]*\) dport=22 .*/\1/p' | head -1)
  [ -n "$f" ] && SSH_CONNECTION="${A4[pc]} $f ${FW4[int]} 22" zf apply "$T/new.conf" > /dev/null 2> "$T/err"; is "a session that conntrack knows" $? 4
  printf '%s\n' "$FPOL" "wan -> dmz { accept tcp dport 80 }" > "$T/good.conf"
  SSH_CONNECTION="${A4[pc]} 4300 ${FW4[int]} 22" zf apply "$T/good.conf" > /dev/null; is "one that keeps it" $? 0
  SSH_CONNECTION="${A4[pc]} 4300 ${FW4[int]} 22" zf apply --force "$T/new.conf" > /dev/null; is "--force" $? 0
  apply "$P0"; tcp_ok ext1 web 80
}

TRACE() { # the way of matching packets; counters of new connections and hits
  local f p t0
  printf '%s\n' "$FPOL" | zf apply - > /dev/null || { miss apply; return; }
  t0=$(date +%s)
  nsenter --net=/run/netns/fw zonefw -j monitor trace from int udp dport 7777, 9 > "$T/trace" 2>&1 & p=$!
  traced() { send pc -S 4399 udp "${A4[ext1]}" 9; sleep 0.3; grep -q '"sport":4399' "$T/trace"; }
  wait_for "a trace" 20 traced
  for f in 4 6; do
    is "udp$f" "$(udp pc "$(addr $f ext1)" 7777 3000)" open
    send pc -S 4400 udp "$(addr $f ext1)" 9; send pc -S 4401 udp "$(addr $f ext1)" 53
  done
  sleep 1
  at_least "accepted, by its rule" "$(grep -c '"hook":"forward".*"from":"int","to":"wan".*"reason":"rule","verdict":"accept"' "$T/trace")" 2
  is "refused" "$(grep '"sport":4400' "$T/trace" | grep -c '"reason":"default","verdict":"drop"')" 2
  is "others are not shown" "$(grep -c '"dport":53' "$T/trace")" 0
  kill_tools; wait $p 2>/dev/null
  is "udp without a trace" "$(udp pc "${A4[ext1]}" 7777 3000)" open
  zf monitor trace from nowhere > /dev/null 2>&1; is "no such zone" $? 1
  zf -j show rules | sed 's/},{/}\n{/g' > "$T/rules"
  at_least "new connections" "$(sed -n 's/.*"name":"chat".*"flows":\([0-9]*\).*/\1/p' "$T/rules")" 3
  is "first and last hit" "$(sed -n 's/.*"name":"chat".*"first_hit":\([0-9]*\),"last_hit":\([0-9]*\).*/\1 \2/p' "$T/rules" | awk -v t="$t0" '{ print ($1 >= t - 1 && $2 >= $1) }')" 1
  is "never hit" "$(grep '"name":"web"' "$T/rules" | grep -c '"flows":0,"first_hit":null,"last_hit":null')" 1
  is "with -s" "$(zf -s show rules | grep -cE 'FLOWS +FIRST +LAST')" 1
  apply "$P0"
}
