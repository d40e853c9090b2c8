# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# lib.sh: topology T1 by network namespaces, and the helpers of the cases. Sourced in the test machine.
#
#   ext1 ext2 -- wan1 wan2 \            / int1..int4 -- pc db mail app
#                            -- fw --
#   web mx rp -- dmz1..dmz3 /            \ mgm1 mgm2 -- adm adm2
#
# Every host has a link of its own to fw, so traffic inside a zone crosses fw too. fw's devices share the
# hardware address 02:..:fe, which made-up frames are sent to.
WATCHDOG=''	# its process
SERVE=yes	# the tool's own servers on every host
export SLOWER=${SLOWER:-1}	# what waits, waits so many times as long
T=${T:-/tmp/t}; mkdir -p "$T"
export T
declare -A A4 A6 DEV ZONE
hosts="ext1 ext2 web mx rp pc db mail app adm adm2"
define() { # HOST ZONE DEV NET NUMBER
  ZONE[$1]=$2; DEV[$1]=$3; A4[$1]=198.18.$4.$5; A6[$1]=2001:2:0:$4::$5
}
define ext1 wan wan1 9 11; define ext2 wan wan2 9 12
define web dmz dmz1 3 80; define mx dmz dmz2 3 25; define rp dmz dmz3 3 81
define pc int int1 2 50; define db int int2 2 54; define mail int int3 2 26; define app int int4 2 84
define adm mgmt mgm1 4 22; define adm2 mgmt mgm2 4 23
declare -A FW4=([wan]=198.18.9.1 [dmz]=198.18.3.1 [int]=198.18.2.1 [mgmt]=198.18.4.1)
declare -A FW6=([wan]=2001:2:0:9::1 [dmz]=2001:2:0:3::1 [int]=2001:2:0:2::1 [mgmt]=2001:2:0:4::1)

on() { local n=$1; shift; nsenter --net="/run/netns/$n" "$@"; }
fw() { nsenter --net=/run/netns/fw "$@"; }
zf() { nsenter --net=/run/netns/fw zonefw "$@"; }
addr() { if [ "$1" = 4 ]; then echo "${A4[$2]}"; else echo "${A6[$2]}"; fi; }

new_ns() {
  ip netns add "$1"
  # shellcheck disable=SC2016
  on "$1" bash -c 'cd /proc/sys/net/ipv6/conf; for d in all default; do echo 0 > $d/accept_dad; echo 0 > $d/accept_ra
    echo 0 > $d/router_solicitations; done; cd ../../ipv4; for d in all default; do echo 0 > conf/$d/rp_filter; done
    echo 0 > icmp_ratelimit; echo 0 > ../ipv6/icmp/ratelimit; echo 0 > ping_group_range 2>/dev/null; ip link set lo up' 2>/dev/null
}
ip_batch() { # NAMESPACE FILE of ip's commands without a family or with -6
  grep -v '^-6' "$2" | on "$1" ip -batch -
  sed -n 's/^-6 //p' "$2" | on "$1" ip -6 -batch -
}
topo_up() {
  local h d z
  new_ns fw
  fw bash -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
  [ "$SLOWER" = 1 ] || udp_waits
  for h in $hosts; do
    d=${DEV[$h]} z=${ZONE[$h]}
    new_ns "$h"
    ip link add "$d" netns fw address 02:00:00:00:00:fe type veth peer name eth0 netns "$h"
    fw ip link set "$d" up; on "$h" ip link set eth0 up
    printf '%s\n' "addr add ${A4[$h]}/32 dev eth0" "-6 addr add ${A6[$h]}/128 dev eth0 nodad" "route add ${FW4[$z]} dev eth0" \
      "route add default via ${FW4[$z]}" "-6 route add default via fe80::1 dev eth0" > "$T/b"
    ip_batch "$h" "$T/b"
    printf '%s\n' "addr add ${FW4[$z]}/32 dev $d" "-6 addr add fe80::1/64 dev $d nodad" "-6 addr add ${FW6[$z]}/128 dev $d nodad" \
      "route add ${A4[$h]}/32 dev $d src ${FW4[$z]}" "-6 route add ${A6[$h]}/128 dev $d src ${FW6[$z]}" > "$T/b"
    ip_batch fw "$T/b"
    [ -n "$SERVE" ] || continue
    nsenter --net="/run/netns/$h" pkt serve tcp:22 tcp:25 tcp:80 tcp:443 tcp:445 tcp:5432 tcp:8443 udp:53 udp:123 udp:7777 &
    echo $! >> "$T/servers"
  done
  fw ip route add default via "${A4[ext1]}" dev wan1 onlink
  fw ip -6 route add default via "${A6[ext1]}" dev wan1 onlink
  [ -n "$SERVE" ] || return 0
  nsenter --net=/run/netns/fw pkt serve tcp:22 tcp:80 udp:53 &
  echo $! >> "$T/servers"
  sleep 0.5
}
topo_down() {
  local h p
  while read -r p; do kill "$p"; wait "$p" 2>/dev/null; done < "$T/servers"
  rm -f "$T/servers"
  for h in fw $hosts; do ip netns del "$h"; done
}

# --- oracles ---
pass() { CHECKS=$((CHECKS + 1)); }
miss() { CHECKS=$((CHECKS + 1)); WHY="${WHY:+$WHY; }$*"; }
# what must never be, not even once: the case is not tried again
breach() { BREACH=1; miss "$@"; }
is() { # NAME SEEN WANTED: more than nothing where nothing was wanted is a breach
  local how=miss
  if [ "$2" = "$3" ]; then pass; return; fi
  case $3 in 0 | no | timeout | '') how=breach;; esac
  $how "$1: saw '$2', wanted '$3'"
}
at_least() { # NAME SEEN MINIMUM
  if [ "$2" -ge "$3" ] 2>/dev/null; then pass; else miss "$1: saw '$2', wanted at least $3"; fi
}
# until_true COMMAND...: waits until it holds, at most UNTIL seconds (30)
until_true() {
  local end=$((SECONDS + ${UNTIL:-30} * SLOWER))
  while [ $SECONDS -lt $end ]; do "$@" && return 0; sleep 0.1; done
  return 1
}
# watch NAME HOST...: capture on the hosts' legs; HOST may be fw:DEV
watch() {
  local name=$1 h n d; shift
  for h; do
    n=$h d=eth0
    case $h in fw:*) n=fw d=${h#fw:};; esac
    nsenter --net="/run/netns/$n" pkt cap "$d" "$T/cap-$name-$h" &
    echo "$!" >> "$T/watch-$name"
  done
  for h; do until grep -q ready "$T/cap-$name-$h" 2>/dev/null; do sleep 0.05; done; done
}
unwatch() { # NAME: ends the captures; their lines are in $T/seen-NAME, headed by the leg
  local p f
  sleep "${2:-0.3}"
  while read -r p; do kill "$p"; wait "$p"; done < "$T/watch-$1"
  for f in "$T/cap-$1"-*; do sed "/^#/d; s/^/${f##*/cap-"$1"-} /" "$f"; rm -f "$f"; done > "$T/seen-$1"
  rm -f "$T/watch-$1"
}
# seen NAME PATTERN: number of captured lines "LEG I|O FAM PROTO SRC DST SPORT DPORT FLAGS TTL"
seen() { grep -cE "$2" "$T/seen-$1"; }
# udp_waits [IDLE STREAM]: for how many seconds fw's conntrack knows UDP flows, of one packet and of more; without, as the kernel does
# shellcheck disable=SC2120
udp_waits() {
  fw sysctl -qw net.netfilter.nf_conntrack_udp_timeout="${1:-$((30 * SLOWER))}" \
    net.netfilter.nf_conntrack_udp_timeout_stream="${2:-$((120 * SLOWER))}"
}
tcp() { local h=$1; shift; on "$h" pkt tcp "$@"; }
udp() { local h=$1; shift; on "$h" pkt udp "$@"; }
tcp_ok() { # FROM TO PORT, both families
  local f
  for f in 4 6; do is "tcp$f $1>$2:$3" "$(tcp "$1" "$(addr $f "$2")" "$3" 3000)" open; done
}
udp_ok() {
  local f
  for f in 4 6; do is "udp$f $1>$2:$3" "$(udp "$1" "$(addr $f "$2")" "$3" 3000)" open; done
}
# blocked tcp|udp FROM TO PORT: no answer, and nothing on the wire behind the firewall, both families
blocked() {
  local f id=b$BASHPID$RANDOM
  watch "$id" "$3"
  for f in 4 6; do is "$1$f $2>$3:$4" "$(on "$2" pkt "$1" "$(addr $f "$3")" "$4" 700)" timeout; done
  unwatch "$id" 0.1
  is "$1 $2>$3:$4 behind the firewall" "$(seen "$id" " I [46] (6|17) [^ ]+ [^ ]+ [0-9]+ $4 ")" 0
}
echo_ok() { local f; for f in 4 6; do is "echo$f $1>$2" "$(pinged "$1" "$(addr $f "$2")")" yes; done; }
echo_no() { local f; for f in 4 6; do is "echo$f $1>$2" "$(pinged "$1" "$(addr $f "$2")")" no; done; }
pinged() { if on "$1" ping -n -c 1 -W "${3:-1}" "$2" > /dev/null 2>&1; then echo yes; else echo no; fi; }
send() { local h=$1; shift; on "$h" pkt send -d eth0 "$@"; }
stat() { zf -j show stats | tr ',{}' '\n' | sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\"]*\)\"\{0,1\} *$/\1/p" | head -1; }
apply() { printf '%s\n' "$1" | zf apply - > "$T/apply" 2>&1 || { miss "apply: $(head -3 "$T/apply" | tr '\n' ' ')"; return 1; }; }

# connected FAM PORT: fw has an established connection to that port
connected() { [ -n "$(fw conntrack -L -f "ipv$1" -p tcp --dport "$2" 2> /dev/null | grep ESTABLISHED)" ]; }
module_uses() { awk '$1 == "zonefw" { print $3 }' /proc/modules; }
used_as_before() { [ "$(module_uses)" = "$BASE_USE" ]; }

# --- the gate after every case ---
bad_words='BUG|WARNING|KASAN|KCSAN|UBSAN|suspicious RCU|Oops|refcount|detected stall|soft lockup|hard LOCKUP|blocked for more than|possible circular|possible recursive|sleeping function|general protection|leaked reference'
LEAKS=/sys/kernel/debug/kmemleak	# a debug kernel's; LEAKS_AT: when it was last looked at
LEAKS_AT=0
# what it knows to be lost. What is younger than five seconds is not reported, and what the first scan finds may be on its way
leaks() {
  local out
  [ -e $LEAKS ] || return 0
  sleep 6; echo scan > $LEAKS; echo scan > $LEAKS
  out=$(cat $LEAKS); echo clear > $LEAKS
  LEAKS_AT=$SECONDS
  [ -n "$out" ] || return 0
  head -60 <<< "$out" | sed 's/^/# /'
  breach "lost memory: $(grep -c ^unreferenced <<< "$out") objects: $(grep -oE '[a-zA-Z0-9_.]+\+0x[^ ]*' <<< "$out" | head -12 | tr '\n' ' ')"
}
# The reports of a kernel that watches for data races: those that name a function of ours stay in the log, the kernel's own are counted
RACES=/sys/kernel/debug/kcsan
races() {
  awk '/==========/ { if (block ~ /KCSAN[^\n]*zonefw/) printf "%s", block; else if (block) n++; block = ""; inside = !inside; next }
    inside { block = block "# " $0 "\n"; next }
    { print }
    END { if (n) print "# data races of the kernel: " n }' "$T/dmesg" > "$T/dmesg.races"
  mv "$T/dmesg.races" "$T/dmesg"
  grep '^# ' "$T/dmesg"
}
gate() {
  local out taint waits
  [ $((SECONDS - LEAKS_AT)) -lt "${LEAKS_EVERY:-180}" ] || leaks
  dmesg -c > "$T/dmesg" 2>/dev/null
  [ ! -e $RACES ] || races
  # the last is what the tracker says when an allocation of its own fails
  out=$(grep -E "$bad_words" "$T/dmesg" | grep -v 'unreliable refcount tracker' | head -3 | tr '\n' '|')
  [ -z "$out" ] || breach "kernel log: $out"
  # said after ten seconds, and every ten again: once is a slow machine's wait for its last grace periods
  waits=$(grep -c 'unregister_netdevice: waiting' "$T/dmesg")
  [ "$waits" -lt $((SLOWER > 1 ? 3 : 1)) ] || breach "kernel log: $(grep -m1 'unregister_netdevice: waiting' "$T/dmesg")"
  [ ! -e /proc/lockdep_stats ] || grep -q 'debug_locks: *1$' /proc/lockdep_stats || breach "lockdep has switched itself off"
  taint=$(cat /proc/sys/kernel/tainted)
  [ $((taint & ~(4096 | 8192))) = 0 ] || breach "taint $taint"
  out=$(module_uses)
  [ "${out:-0}" = "${BASE_USE:-0}" ] || breach "module use count $out, at the start ${BASE_USE:-0}"
}
# One case may take CASE_LIMIT seconds (on a slow kernel as many times more), three times at most; then what runs is shown and the
# machine ends, with the case's name.
watchdog() {
  local was='' at p limit=$((${CASE_LIMIT:-300} * SLOWER))
  while sleep $limit; do
    at=$(cat "$T/case")
    if [ "$at" = "$was" ]; then break; fi
    was=$at
  done
  for p in /proc/[1-9]*; do
    [ ! -s "$p/cmdline" ] || { tr '\0' ' ' < "$p/cmdline"; tr '\n' ' ' < "$p/stack"; echo; }
  done 2> /dev/null
  echo "not ok ${at#* }: not ended after $limit s"
  sync; poweroff -f
}
# run_case ID NAME FUNCTION: a case that missed something it waited for, under emulation on a loaded machine, is tried again,
# twice at most, and says so; one that saw what must not be is not.
run_case() {
  local t0=$SECONDS try
  [ -z "${ONLY:-}" ] || [[ " $ONLY " = *" $1 "* ]] || return 0
  [ -n "$WATCHDOG" ] || { watchdog & WATCHDOG=$!; }
  for try in '' ', at the second try' ', at the third try'; do
    echo "$SECONDS $1 $2" > "$T/case"
    CHECKS=0 WHY='' SKIP='' BREACH=''
    "$3"
    gate
    [ -n "$WHY" ] && [ -z "$BREACH$SKIP" ] || break
    echo "# $1${try:-, at the first try}: ${WHY:0:900}"
  done
  if [ -n "$SKIP" ]; then echo "skip $1 $2: $SKIP"
  elif [ -n "$WHY" ]; then echo "not ok $1 $2: ${WHY:0:900}"
  elif [ "$CHECKS" = 0 ]; then echo "not ok $1 $2: nothing was checked"
  else echo "ok $1 $2 ($CHECKS checks, $((SECONDS - t0)) s$try)"; fi
}
