#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cases.sh: runs the cases in the test machine. ONLY="A01 A02" runs some of them.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC1090
for f in lib policy dmz state life; do [ ! -e "$here/$f.sh" ] || . "$here/$f.sh"; done
# shellcheck disable=SC2034
WHY='' CHECKS=0

modprobe -a veth nf_conntrack nf_defrag_ipv4 nf_defrag_ipv6 nf_reject_ipv4 nf_reject_ipv6 nf_log_syslog nfnetlink_log \
  nf_nat nf_flow_table dummy 2>/dev/null
insmod /x/zonefw.ko || { echo "not ok LOAD module does not load"; dmesg | tail -20; exit 1; }
topo_up
tcp_ok ext1 web 80; [ -z "$WHY" ] || echo "not ok TOPO topology without a policy: $WHY"
dmesg -c > /dev/null
WHY=''
apply "$P0" || { echo "not ok P0 the base policy is refused: $WHY"; cat "$T/apply"; exit 1; }
# shellcheck disable=SC2034
BASE_USE=$(awk '$1 == "zonefw" { print $3 }' /proc/modules)

run_case A01 "outside sees published services only" A01
run_case A02 "outside never reaches inside" A02
run_case A03 "a compromised web server stays put" A03
run_case A04 "the DMZ cannot call home" A04
run_case A05 "inside to DMZ is controlled too" A05
run_case A08 "mail split" A08
run_case A09 "traffic inside one zone" A09
run_case A12 "the whole matrix against a model" A12
run_case A14 "the box as a zone" A14
