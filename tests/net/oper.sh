# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# oper.sh: operations: confirm and rollback, the candidate, live flows, recent drops, traces.

# wait_for NAME SECONDS COMMAND...: until it succeeds; a condition, never a fixed sleep
wait_for() {
  local name=$1 end=$((SECONDS + $2)); shift 2
  until "$@" > /dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { miss "$name: waited in vain"; return 1; }
    sleep 0.2
  done
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
  nsenter --net=/run/netns/fw zonefw -j monitor events > "$T/events" 2>&1 & p=$!
  wait_for "the way back" 40 settled
  wait_for "its event" 5 grep -q '"cause":"timeout"' "$T/events"
  kill_tools; wait $p 2>/dev/null
  is "exact policy" "$(zf export)" "$before"
  is "exact ids" "$(column id)" "$ids"
  is "counters kept" "$(column packets)" "$hits"
  tcp_ok ext1 web 80; blocked tcp ext1 web 22
}
L08B() { # confirmed; rolled back; nothing to confirm; flush and namespace exit meanwhile
  local before out
  apply "$P0" || return
  before=$(zf export)
  only22 | zf apply --confirm 2s - > /dev/null; zf confirm; is "confirm" $? 0
  sleep 3
  is "still the new one" "$(zf export | grep -c 'dport 22')" 1
  is "nothing is pending" "$(stat confirm_left)" null
  out=$(zf confirm 2>&1); is "confirm again" $? 1
  is "its message" "$out" "zonefw: the kernel refused: no change is waiting to be confirmed"
  zf rollback > /dev/null 2>&1; is "rollback of nothing" $? 1
  apply "$P0"
  only22 | zf apply --confirm 10m - > /dev/null
  is "before rollback" "$(tcp ext1 "${A4[web]}" 80 500)" timeout
  zf rollback; is "rollback" $? 0
  is "policy after rollback" "$(zf export)" "$before"
  tcp_ok ext1 web 80; blocked tcp ext1 web 22
  only22 | zf apply --confirm 2s - > /dev/null; zf flush; is "flush while pending" $? 0
  sleep 3
  is "stays flushed" "$(stat state)" open
  only22 | zf apply --confirm 2s - > /dev/null
  is "in force" "$(stat state)" active
  wait_for "back to none" 15 settled
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
  printf '%s\n' "$P0" | zf apply --confirm 2s - > /dev/null; is "confirm from closed" $? 0
  is "open for a while" "$(tcp ext1 "${A4[web]}" 80)" open
  wait_for "back to closed" 15 settled
  is "closed again" "$(stat state) $(tcp ext1 "${A4[web]}" 80 500)" "closed timeout"
}
