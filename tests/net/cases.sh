#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cases.sh: runs the cases in the test machine. ONLY="A01 A02" runs some of them.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC1091
. "$here/lib.sh"; . "$here/policy.sh"
# shellcheck disable=SC1090
for f in "$here"/*.sh; do case ${f##*/} in lib.sh | policy.sh | cases.sh) ;; *) . "$f";; esac; done
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
BASE_USE=$(module_uses)

run_case A01 "outside sees published services only" A01
run_case A02 "outside never reaches inside" A02
run_case A03 "a compromised web server stays put" A03
run_case A04 "the DMZ cannot call home" A04
run_case A05 "inside to DMZ is controlled too" A05
run_case A07 "a reverse proxy, and without it" A07
run_case A08 "mail split" A08
run_case A09 "traffic inside one zone" A09
run_case A10 "an outer and an inner firewall" A10
run_case A12 "the whole matrix against a model" A12
run_case A14 "the box as a zone" A14
run_case B01 "answers need no rule" B01
run_case B06 "errors belong to flows" B06
run_case B06L "errors from another leg" B06L
run_case B08 "a rule for one protocol is none for another" B08
run_case B10 "alone in a fresh namespace" B10
run_case C01 "a running flow obeys a new policy at once" C01
run_case C02 "a permit for a client that waits" C02
run_case C03 "unrelated changes are invisible" C03
run_case C05 "a host leaves a group" C05
run_case C05L "a host leaves a list" C05L
run_case C07 "denied and permitted again" C07
run_case C10 "an offloaded flow obeys a new policy at once" C10
run_case C10S "offloaded flows and what changes under a policy" C10S
run_case C10N "offloaded flows that are translated" C10N
run_case C10M "offloaded flows: MTU, fragments, options, resets" C10M
run_case C10X "offloaded flows: devices and namespaces go" C10X
run_case C11 "idle connections end, too" SWEEP
run_case C11P "a flow that a sweep kept obeys its sets" SWEPT
run_case C11Q "a copy from another leg takes no flow" TAKEN
run_case C12 "many set changes under many flows" C12
run_case W01 "named sets at run time" W01
run_case W02 "named sets and policies" W02
run_case W03 "members expire" W03
run_case W04 "many members, many changes" W04
run_case Y01 "early drop, on and off" Y01
run_case Y02 "a ban while a flow runs" Y02
run_case Y03 "what is not dropped early" Y03
run_case Y04 "early drop by row and prefix" Y04
run_case Y05 "early drop on the hooks of devices" Y05
run_case V01 "what a reject says" REJECTS
run_case V02 "where 'log' goes" LOGS
run_case V03 "what 'queue' hands on" QUEUES
run_case V04 "marks, DSCP, hardware addresses, suffixes, tags" MATCHES
run_case W11 "limit" W11
run_case W12 "conns" W12
run_case W13 "expires" W13
run_case W14 "time and days" W14
run_case W15 "packets fill a set" W15
run_case E11H "a helper only where a rule assigns it" HELPER
run_case M06 "more to log than its rate" LOGRATE
run_case D01 "ICMPv6 errors that must pass, path MTU" D01
run_case D03 "neighbour discovery under deny-all" D03
run_case D04 "echo" D04
run_case D05 "ICMPv6 that has no business in transit" D05
run_case D07 "extension headers" D07
run_case D08 "tunnels are no way past the matrix" D08
run_case D09 "IPsec through" D09
run_case E01 "honest fragments" E01
run_case E01L "fragments of two legs" E01L
run_case E03 "tiny and overlapping fragments" E03
run_case E06 "errors in fragments" E06
run_case E07 "IPv4 options" E07
run_case E08 "broken headers" E08
run_case E08I "invalid packets, dropped or judged" E08I
run_case E11 "payload that names a port" E11
run_case E12 "link-layer wrapping" E12
run_case F01 "inside source from outside" F01
run_case F03 "cross-leg sources" F03
run_case F04 "martians" F04
run_case F05N "a null route by the loopback device" F05N
run_case F05 "by which way a source may come" F05
run_case G01 "published services" G01
run_case G02 "open flows of a publish that goes" G02
run_case G03 "translation is not permission" G03
run_case G04 "hairpin" G04
run_case G05 "conflicts" G05
run_case G06 "ports run out" G06
run_case G07 "errors through translation" G07
run_case G20 "masquerade and snat" G20
run_case G21 "a mapping outlives commits" G21
run_case G22 "redirect" G22
run_case G22S "redirects by sets" G22S
run_case G23 "the exposed host" G23
run_case G24 "MSS to the path MTU" G24
run_case G25 "explain and show nat" G25
run_case G26 "beside a container engine" G26
run_case H01 "a bridge as a leg" H01
run_case H03 "legs in a VRF" H03
run_case H05 "tunnels and their plain twins" H05
run_case H06 "macvlan" H06
run_case Z01 "zones by group and by name, at once" Z01
run_case Z02 "a device that moves between namespaces" Z02
run_case Z04 "a zone of many devices" Z04
run_case Z03 "VLAN" Z03
run_case I01 "isolation of namespaces" I01
run_case I05 "a namespace goes while a writer commits" I05
run_case I06 "the default of a new namespace" I06
run_case J04 "full hook lists" J04
run_case J02 "unload while armed" J02
run_case J06 "packets in flight" J06
run_case M01 "conntrack is full" M01
run_case N04 "the wall clock steps" N04
run_case K11 "rights" K11
# hostile netlink input: a line a check, in a namespace of its own; then the gate
if [ -z "${ONLY:-}" ] || [[ " $ONLY " = *" K00 "* ]]; then
  ip netns add nl
  nsenter --net=/run/netns/nl /x/nlcheck
  ip netns del nl
fi
K00() { pass; }
run_case K00 "the machine is well after hostile netlink input" K00
run_case K10N "names that talk to a terminal" K10N
run_case K08 "sizes" K08
run_case L01 "never both, never neither" L01
run_case L01M "never a mixture" L01M
run_case L01S "never a mixture of sets" L01S
run_case L04 "sixteen writers" L04
run_case L06 "writers that are killed" L06
run_case R01 "a change of rules leaves the others alone" R01
run_case R02 "many changes, and the same policy whole" R02
run_case R03 "flows of a rule that goes" R03
run_case R04 "refused changes of rules" R04
run_case R05 "sixteen new rules at a time" R05
run_case R06 "changes of rules beside sets, clocks, NAT, assertions" R06
run_case R07 "changes among rules that lie packed" R07
run_case L00 "a refused policy changes nothing" REFUSED
run_case L08 "a commit nobody confirms is taken back" L08
run_case L08B "confirm, rollback, flush, namespace exit" L08B
run_case X03 "live connections" FLOWS
run_case X04 "a candidate in the kernel, the own session" CAND
run_case X05 "traces and hits" TRACE
run_case X02 "recent drops" DROPS
run_case X01 "explain says what happens" EXPLAIN
run_case X06 "the packet of an assertion that fails" ASSERT
run_case X11 "export keeps names, digest and order" TOOL1
run_case X12 "what show prints" TOOL2
run_case X13 "the tool's refusals" TOOL3
run_case X14 "a document for every command" ANSWERS
run_case X15 "candidates, differences and named sets" TOBE
run_case P04 "the session that issues the change" P04
run_case S01 "panic, flush, apply" STATES
# shellcheck disable=SC2034
BASE_USE=1
run_case S02 "closed before the first policy" BOOT
run_case P02 "a broken configuration at boot" P02
zf flush
topo_down
sleep 1
# shellcheck disable=SC2034
BASE_USE=0 LEAKS_EVERY=0
UNLOAD() { rmmod zonefw && pass || miss "still in use after the last namespace"; }
run_case J01 "unload at the end" UNLOAD
true
