# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# lograte.sh: the one ceiling over all that is logged.

# M06: more lines than log-rate are counted, not written
LOGRATE() {
  apply "options { log-rate 5/second }
$P0 wan -> int { default drop log }" || return
  zf -q stats reset
  send ext2 -c 400 -e 1 udp "${A4[pc]}" 1000
  settle() { [ $(($(stat logged) + $(stat log_lost))) -ge 400 ]; }
  for _ in $(seq 50); do settle && break; sleep 0.1; done
  is "packets that a rule wanted logged" "$(($(stat logged) + $(stat log_lost)))" 400
  at_least "lost ones" "$(stat log_lost)" 200
  at_least "written ones" "$(stat logged)" 1
  apply "$P0"
}
