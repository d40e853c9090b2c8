# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The guest's side of the benchmark: reads /x/plan and prints one line "R key=value ..." per measured round.
#
#   left [s0] ---- [r0] router [r1] ---- [k0] right          10.0.0.2 -> 10.128.0.2, fd00:a00:2::1 -> fd00:a80:2::1
#
# Neighbours are static, and their address belongs to nobody: the far end counts a packet and drops it at once.
# Two rounds of everything; the report takes the lower one, for background work of the kernel only ever adds.
for name in iptables-legacy-restore ip6tables-legacy-restore; do ln -sf xtables-legacy-multi /bin/$name; done
export XTABLES_LIBDIR=/x/xtables
rounds=2 nobody=02:00:00:00:00:ee
case $(cat /x/mode) in native) rounds=5;; profile) rounds=1;; esac

in_ns() { local ns=$1; shift; nsenter --net=/run/netns/"$ns" "$@"; }
set_sysctl() { [ ! -e "/proc/sys/$1" ] || echo "$2" > "/proc/sys/$1"; }

prepare() {
  local p name
  # a softirq that the kernel hands to ksoftirqd must run at once: otherwise pktgen overruns the backlog
  for p in /proc/[0-9]*; do
    read -r name < "$p/comm"
    case $name in ksoftirqd*) chrt -f -p 1 "${p#/proc/}" > /dev/null;; esac
  done
  set_sysctl net/core/netdev_max_backlog 30000
  set_sysctl net/core/devconf_inherit_init_net 1
  for p in all default; do
    set_sysctl net/ipv6/conf/$p/accept_dad 0
    set_sysctl net/ipv6/conf/$p/router_solicitations 0
  done
  modprobe -a pktgen veth || return
  # all that the peers load on demand, or their first load would be dearer than the second
  modprobe -aq nf_tables nft_ct nft_masq nft_chain_nat nft_flow_offload nf_flow_table nf_flow_table_inet nf_conntrack_netlink \
    ip_tables iptable_filter iptable_nat ip6_tables ip6table_filter xt_conntrack xt_tcpudp xt_iprange xt_MASQUERADE
  echo "I kernel=$(uname -r) cpus=$(nproc) clock=$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
}

network_up() {
  local n
  for n in left router right; do ip netns add "$n" || return; done
  ip link add s0 netns left address 02:00:00:00:00:01 type veth peer name r0 netns router address 02:00:00:00:00:02
  ip link add r1 netns router address 02:00:00:00:00:03 type veth peer name k0 netns right address 02:00:00:00:00:04
  for n in left:s0 router:r0 router:r1 right:k0; do
    ip -n "${n%:*}" link set "${n#*:}" addrgenmode none up
  done
  ip -n router -batch - << END
addr add 10.0.0.1/30 dev r0
addr add 10.128.0.1/30 dev r1
addr add fd00:a00:1::1/46 dev r0 nodad
addr add fd00:a80:1::1/46 dev r1 nodad
neigh add 10.0.0.2 lladdr $nobody dev r0 nud permanent
neigh add 10.128.0.2 lladdr $nobody dev r1 nud permanent
neigh add fd00:a00:2::1 lladdr $nobody dev r0 nud permanent
neigh add fd00:a80:2::1 lladdr $nobody dev r1 nud permanent
route add 10.0.0.0/9 via 10.0.0.2
route add default via 10.128.0.2
route add fd00:a00::/25 via fd00:a00:2::1
route add default via fd00:a80:2::1
END
  in_ns router sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
}

network_down() { local n; for n in left router right; do ip netns del "$n"; done; sleep 1; }

ct_tune() { # a large table, and no checksums: pktgen's IPv6 packets have none
  [ -e /sys/module/nf_conntrack/parameters/hashsize ] || return 0
  [ "$(cat /sys/module/nf_conntrack/parameters/hashsize)" = 262144 ] || echo 262144 > /sys/module/nf_conntrack/parameters/hashsize
  set_sysctl net/nf_conntrack_max 2000000
  in_ns router sh -c 'f=/proc/sys/net/netfilter/nf_conntrack_checksum; [ ! -e $f ] || echo 0 > $f'
}
ct_flush() { [ ! -e /sys/module/nf_conntrack ] || in_ns router conntrack -F > /dev/null 2>&1; }

# sets ns, sent and the counters from what traffic prints
measure() {
  local out
  out=$(traffic "$@" 2>&1) || { echo "E traffic $*: $out"; return 1; }
  # shellcheck disable=SC2086
  declare -g $out
}
udp() { measure udp "$fam" "$1" "$2" "$3" "$4" "${5:-10.0.0.2}"; }

# as_seen: the address that the router gives the client, to which the server answers
as_seen() { if [ "$variant" = masquerade ]; then echo 10.128.0.1; else echo 10.0.0.2; fi; }

# flow_open: makes one flow an established one: the server answers
flow_open() {
  udp 64 20000 20000 5000 || return
  traffic reply "$fam" 20000 "$(as_seen)" > /dev/null || return
  udp 200 20000 20000 5000
}

result() { # WORKLOAD UNITS
  echo "R fw=$fw variant=$variant set=$set n=$n zones=$zones fam=$fam wl=$1 round=$round units=$2 ns=$ns sent=$sent sink=$sink" \
    "back=$back fwd=$fwd ct=$ct before=$before"
}

workload() { # NAME, one round
  ct_flush
  case $1 in
    est) flow_open && udp "$est" 20000 20000 5000 && result est "$sent";;
    new) udp 100 2000 2099 5000 && udp "$new" 4000 63000 5000 && result new "$sent";;
    drop) udp 100 2000 2099 9 && udp "$new" 4000 63000 9 && result drop "$sent";;
    member) udp 100 2000 2099 5000 10.0.66.6 && udp "$new" 4000 63000 5000 10.0.66.6 && result member "$sent";;
    tcp) measure tcp "$fam" 2 20 2000 "$(as_seen)" && measure tcp "$fam" 2 "$tcp" 4000 "$(as_seen)" && result tcp "$tcp";;
    trace) measure play "$fam" "/x/rules/$trace" "$play" && result trace "$sent";;
    tdrop) measure play "$fam" "/x/rules/denied-$fam" "$play" && result tdrop "$sent";;
  esac
}

# --- the control plane

free_memory() { # kB, when the kernel has settled; pages on the lists of a CPU are free, too
  sync; echo 3 > /proc/sys/vm/drop_caches; sleep 2
  awk '/^MemAvailable:/ { kb += $2 } $1 == "count:" { kb += 4 * $2 } END { print kb }' /proc/meminfo /proc/zoneinfo
}

load() {
  case $fw in
    zonefw) zonefw apply "$1";;
    nft) nft -f "$1";;
    iptables) if [ "$fam" = 4 ]; then iptables-legacy-restore "$1"; else ip6tables-legacy-restore "$1"; fi;;
    conntrack) nft 'table inet t { chain c { ct state new accept; }; }';;   # hooked nowhere: it only pulls conntrack in
    *) ;;
  esac
}

add_one() {
  case $fw-$variant in
    zonefw-*) zonefw rule add from left to right first accept udp dport 4999 dst 10.128.0.3;;
    nft-map) nft add element inet fw services '{ 10.128.0.3 . udp . 4999 : accept }';;
    nft-*) nft insert rule inet fw left_right ip daddr 10.128.0.3 udp dport 4999 accept;;
    iptables-*) iptables-legacy -I LR -d 10.128.0.3 -p udp --dport 4999 -j ACCEPT;;
  esac
}

list_all() {
  case $fw in
    zonefw) zonefw show rules;;
    nft) nft list ruleset;;
    iptables) iptables-legacy -nvL;;
  esac
}

unload() {
  case $fw in
    zonefw) zonefw flush;;
    nft) nft flush ruleset;;
    iptables) iptables-legacy -F; iptables-legacy -X; iptables-legacy -P FORWARD ACCEPT;;
  esac
}

no_counts() { sent=1 sink=0 back=0 fwd=0 ct=0 before=0; }

# timed NAME COMMAND...: one R line; the shell function runs in a shell of its own, whose cost is taken off below
timed() {
  local name=$1 out; shift
  no_counts
  out=$(in_ns router traffic clock bash /tmp/command "$@" 2>&1 > /tmp/out)
  case $out in *status=0*) ;; *) echo "E $fw-$variant:$n $name: $(tail -n 3 <<< "$out" | tr '\n' ' ' | head -c 300)"; return 1;; esac
  ns=${out##*ns=} ns=${ns%% *} ns=$((ns - shell_cost))
  result "$name" 1
}

calibrate() {
  local i out
  declare -f load add_one list_all > /tmp/command
  echo '"$@"' >> /tmp/command
  export fw=none variant=- fam=4
  shell_cost=999999999999
  for i in 1 2 3; do
    out=$(in_ns router traffic clock bash /tmp/command true 2>&1)
    out=${out##*ns=} out=${out%% *}
    [ "$out" -gt "$shell_cost" ] || shell_cost=$out
  done
}

# set_up: loads the policy, timed or not; reports what it holds of memory
set_up() {
  local at file_path=/x/rules/$file
  [ -n "$file" ] || file_path=-
  export fw variant fam
  case ,$wl, in
    *,load,*)
      round=1; at=$(free_memory)
      timed load load "$file_path" || return
      [ "$n" -ge 1000 ] || return 0
      ns=$(((at - $(free_memory)) * 1024)); result mem "$n";;
    *) in_ns router bash /tmp/command load "$file_path" > /tmp/err 2>&1;;
  esac
}

reload() { # the second round of the load
  in_ns router bash -c "$(declare -f unload); fw=$fw; unload" > /dev/null 2>&1
  timed load load "/x/rules/$file"
}

# namespaces COUNT: what a namespace costs that has no policy
namespaces() {
  local at pid out
  for round in $(seq 1 $rounds); do
    at=$(free_memory); no_counts
    rm -f /tmp/netns; traffic netns "$1" > /tmp/netns & pid=$!
    while ! grep -q ns= /tmp/netns 2> /dev/null; do sleep 0.2; done
    out=$(cat /tmp/netns); ns=${out#ns=} ns=${ns%% *}
    result netns "$1"
    ns=$(((at - $(free_memory)) * 1024)); result netns-mem "$1"
    kill $pid; wait $pid 2> /dev/null; sleep 3
  done
}

# depends: zonefw.ko is no installed module, so what it needs is loaded by name
insert_zonefw() {
  [ -e /sys/module/zonefw ] && return
  local m
  for m in $(modinfo -F depends /x/zonefw.ko | tr , ' '); do modprobe "$m" || return; done
  modprobe -a nf_conntrack nf_defrag_ipv4 nf_defrag_ipv6
  insmod /x/zonefw.ko
}

scenario() { # KEY=VALUE...
  local w fw variant set n zones fam wl est new tcp play file='' trace='' round
  for w; do declare "$w"; done
  case $fw in zonefw | idle | netns) insert_zonefw || { echo "E zonefw.ko does not load"; return; };; esac
  case $fw in netns*) namespaces 200; return;; esac
  network_up || return
  if set_up; then
    ct_tune
    sleep 3     # conntrack's collector walks its new table once
    for w in ${wl//,/ }; do
      case $w in mem) continue;; esac
      for round in $(seq 1 $rounds); do
        case $w in
          load) [ "$round" = 1 ] || [ "$fw" != zonefw ] || reload;;
          add) timed add add_one;;
          list) timed list list_all; echo "L lines=$(wc -l < /tmp/out)";;
          *) workload "$w";;
        esac
      done
    done
  else
    echo "E $fw-$variant:$n set-up failed: $(head -c 300 /tmp/err | tr '\n' ' ')"
  fi
  rm -f /tmp/out
  [ "$fw" != zonefw ] || in_ns router zonefw flush > /dev/null 2>&1
  network_down
}

main() {
  local line i=0 total
  prepare || { echo "E prepare"; return 1; }
  ip netns add router; calibrate; ip netns del router
  total=$(wc -l < /x/rules/plan)
  while read -r line <&9; do
    i=$((i + 1)); echo "S $i/$total $line"
    # shellcheck disable=SC2086
    scenario $line
  done 9< /x/rules/plan
  [ "$(cat /x/mode)" = profile ] || return 0
  echo "K-text $(cat /sys/module/zonefw/sections/.text)"
  grep ' [tTwW] ' /proc/kallsyms | gzip | base64 -w 200 | sed 's/^/K /'
}
main
