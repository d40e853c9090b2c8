#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fuzz.sh: a netlink fuzzer over what the program really sends, with packets coming in all the while. The messages are
# recorded first (record.sh); nl/nlfuzz.c changes them. SHORT: FUZZ_SECONDS is 30 and not 600.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC1091
. "$here/../net/lib.sh"; . "$here/../net/life.sh"; . "$here/record.sh"
# shellcheck disable=SC2034
WHY='' CHECKS=0 BASE_USE=0
export CASE_LIMIT=3000
FUZZ() {
  local p
  lone ft
  for p in many1 many2; do on ft ip link add $p type dummy; on ft ip link set $p up; done
  on ft ip addr add 198.19.1.1/24 dev many1
  echo 1 | on ft tee /proc/sys/net/ipv4/ip_forward > /dev/null
  policies; recorded
  [ -z "$SHORT" ] || set -- 30 15
  nsenter --net=/run/netns/ftx pkt noise "$SEED" 3000 198.19.0.1 198.19.1.7 2001:2:0:19::1 198.19.0.1 2> /dev/null & p=$!
  on ft /x/nlfuzz "$SEED" "${FUZZ_SECONDS:-${1:-600}}" "${2:-65536}" "$T/messages" > "$T/fuzz" || breach "nlfuzz: status $?"
  grep -v '^ok ' "$T/fuzz"
  kill $p; wait $p 2> /dev/null
  pass
  # what is left of it all takes a policy, and does what that says
  on ft zonefw -q panic off; on ft zonefw -q rollback 2> /dev/null; on ft zonefw -q flush
  ns_apply ft "$(cat "$T/small")"
  is "works" "$(tcp ftx 198.19.0.1 22 700) $(tcp ftx 198.19.0.1 80)" "timeout open"
  on ft zonefw -q flush
  unlone ft
}
if ! grep -q '^zonefw ' /proc/modules; then insmod /x/zonefw.ko || { echo "not ok K14 the module does not load"; exit 1; }; fi
dmesg -c > /dev/null
LEAKS_EVERY=${SHORT:+9999}; LEAKS_EVERY=${LEAKS_EVERY:-0}
run_case K14 "the program's messages, changed, with packets coming in" FUZZ
LEAKS_EVERY=${AT_END:-0}
UNLOAD() { rmmod zonefw && pass || miss "still in use after the last namespace"; }
run_case J01 "unload after the fuzzer" UNLOAD
