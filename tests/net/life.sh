# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# life.sh: groups B10, I (namespaces), J (load and unload), K (rights, input), L (swap), states.

# lone NAME: a namespace with zonefw and a veth to a sender (T6): lo-NAME and its peer NAME-x
lone() {
  new_ns "$1"; new_ns "$1x"
  ip link add up0 netns "$1" address 02:00:00:00:00:fe type veth peer name eth0 netns "$1x"
  on "$1" ip link set up0 up; on "$1x" ip link set eth0 up
  on "$1" ip addr add 198.19.0.1/24 dev up0; on "$1x" ip addr add 198.19.0.2/24 dev eth0
  on "$1" ip -6 addr add 2001:2:0:19::1/64 dev up0 nodad; on "$1x" ip -6 addr add 2001:2:0:19::2/64 dev eth0 nodad
  nsenter --net="/run/netns/$1" pkt serve tcp:80 & echo $! > "$T/lone-$1"
  nsenter --net="/run/netns/$1x" pkt serve tcp:80 & echo $! >> "$T/lone-$1"
  sleep 0.3
}
unlone() {
  local p
  while read -r p; do kill "$p"; wait "$p" 2>/dev/null; done < "$T/lone-$1"
  ip netns del "$1"; ip netns del "$1x"; sleep 1
}
# hooks_fill NS HOOK N: so many chains on a hook; the kernel's limit is 1,024
hooks_fill() {
  local i
  { echo 'table inet full {'; for ((i = 1024 - $3; i < 1024; i++)); do echo "chain c$i { type filter hook $2 priority $((i - 500)); }"; done; echo '}'; } | on "$1" nft -f -
}
ns_apply() { printf '%s\n' "$2" | on "$1" zonefw apply - > "$T/apply" 2>&1 || miss "apply in $1: $(head -2 "$T/apply" | tr '\n' ' ')"; }
B10() {
  lone b10
  ns_apply b10 'zone up { dev up0 }
self -> up { accept tcp dport 80 }'
  is "out and back" "$(tcp b10 198.19.0.2 80)" open
  is "v6 out and back" "$(tcp b10 2001:2:0:19::2 80)" open
  is "in" "$(tcp b10x 198.19.0.1 80 700)" timeout
  unlone b10
}
I01() {
  lone i1; lone i2
  ns_apply i1 'zone red { dev up0 }
red -> self { default drop }'
  ns_apply i2 'zone blue { dev up0 }
blue -> self { accept tcp dport 80 }
self -> blue { default accept }'
  is "closed in one" "$(tcp i1x 198.19.0.1 80 700)" timeout
  is "open in the other" "$(tcp i2x 198.19.0.1 80)" open
  is "names of the other" "$(on i1 zonefw export | grep -c blue) $(on i2 zonefw export | grep -c red)" "0 0"
  at_least "own name" "$(on i1 zonefw export | grep -c red)" 1
  on i1 zonefw flush
  is "flush in one opens it" "$(tcp i1x 198.19.0.1 80)" open
  is "and leaves the other" "$(on i2 zonefw export | grep -c blue | awk '{ print ($1 > 0) }')" 1
  unlone i1; unlone i2
}
I06() {
  lone i6
  is "a new namespace is open" "$(tcp i6x 198.19.0.1 80)" open
  is "its state" "$(on i6 zonefw -j show stats | tr ',{}' '\n' | sed -n 's/.*"state": *"\([a-z]*\)".*/\1/p')" open
  unlone i6
}
J02() {
  local err
  err=$(rmmod zonefw 2>&1) && miss "the module could be removed with a policy in force"
  [ -z "$err" ] || pass
  tcp_ok ext1 web 80; blocked tcp ext1 web 22
}
STATES() {
  is "state" "$(stat state)" active
  zf panic on || miss "panic on"
  is "state in panic" "$(stat state)" panic
  is "panic stops what was allowed" "$(tcp ext1 "${A4[web]}" 80 700)" timeout
  is "explain knows of it" "$(zf -j explain in wan1 tcp src "${A4[ext1]}" dst "${A4[web]}" dport 80 | grep -oE '"(verdict|reason|rule)": *[^,}]*' | sort | tr -d ' \n')" '"reason":"panic""rule":null"verdict":"drop"'
  is "panic spares loopback" "$(fw pkt tcp 127.0.0.1 80)" open
  zf panic off || miss "panic off"
  tcp_ok ext1 web 80; blocked tcp ext1 web 22
  zf flush || miss flush
  is "state after flush" "$(stat state)" open
  tcp_ok ext1 web 22
  apply "$P0" && blocked tcp ext1 web 22
}
BOOT() { # the module's boot=closed; runs last, with no policy anywhere
  local h
  zf flush
  rmmod zonefw || { miss "not removable without a policy"; return; }
  is "unloaded: open" "$(tcp ext1 "${A4[web]}" 22)" open
  if insmod /x/zonefw.ko boot=sometimes 2>/dev/null; then miss "boot=sometimes was accepted"; rmmod zonefw; else pass; fi
  insmod /x/zonefw.ko boot=closed || { miss "does not load with boot=closed"; return; }
  is "state" "$(stat state)" closed
  # shellcheck disable=SC2154
  for h in $hosts; do on "$h" zonefw -q flush; done # every namespace is closed; only fw is to stay so
  is "closed forwards nothing" "$(tcp ext1 "${A4[web]}" 80 700)" timeout
  is "closed spares loopback" "$(fw pkt tcp 127.0.0.1 80)" open
  lone bt
  is "a new namespace is closed" "$(tcp btx 198.19.0.1 80 700)" timeout
  unlone bt
  closed_confirm
  apply "$P0"; tcp_ok ext1 web 80; blocked tcp ext1 web 22
  zf flush; rmmod zonefw || miss "not removable at the end"
  insmod /x/zonefw.ko; apply "$P0"
}
K11() {
  local out
  out=$(fw setpriv --reuid 65534 --clear-groups --bounding-set -all --inh-caps -all zonefw show stats 2>&1); is "no capability: exit of show" $? 2
  out=$(fw setpriv --reuid 65534 --clear-groups --bounding-set -all --inh-caps -all zonefw flush 2>&1); is "no capability: exit of flush" $? 2
  is "still in force" "$(stat state)" active
  out=$(on ext1 unshare -U -r -n zonefw flush 2>&1); is "root of a user namespace in its own network" $? 2
  out=$(fw unshare -U -r zonefw flush 2>&1); is "root of a user namespace in the parent's network" $? 2
  is "still in force" "$(stat state)" active
  echo 1 > /sys/module/zonefw/parameters/userns
  on ext1 unshare -U -r -n zonefw flush > /dev/null 2>&1; is "own network with userns=1" $? 0
  fw unshare -U -r zonefw flush > /dev/null 2>&1; is "the parent's with userns=1" $? 2
  echo 0 > /sys/module/zonefw/parameters/userns
  is "still in force" "$(stat state)" active
  : "$out"
}
C01() { # a running flow obeys a new policy at once, and the other policy's flow too
  nsenter --net=/run/netns/ext1 pkt stream "${A4[web]}" 80 100 50 > "$T/stream" & local i=$!
  sleep 1
  apply "$ZONES wan -> dmz { default drop }"
  watch c01 web; unwatch c01 1
  is "packets of the revoked flow" "$(seen c01 "I 4 6 ${A4[ext1]} ")" 0
  wait $i
  [ "$(cat "$T/stream")" -lt 100 ] && pass || miss "the stream ran to its end"
  at_least "exchanges before" "$(cat "$T/stream")" 1
  apply "$P0"; tcp_ok ext1 web 80
}
REFUSED() { # a refused policy changes nothing
  local before after
  before=$(zf export)
  printf '%s\n' "$P0" "wan -> nowhere { accept }" | zf apply - > /dev/null 2>&1; is "unknown zone" $? 1
  printf '%s\n' "$P0" "wan -> dmz { accept tcp dport 99999 }" | zf apply - > /dev/null 2>&1; is "bad port" $? 1
  after=$(zf export)
  is "export afterwards" "$after" "$before"
  zf export | zf apply - > /dev/null 2>&1; is "export | apply -" $? 0
  is "export of the export" "$(zf export)" "$before"
  tcp_ok ext1 web 80; blocked tcp ext1 web 22
}
EXPLAIN() { # what explain says is what happens
  zf explain from wan to dmz tcp src "${A4[ext1]}" dst "${A4[web]}" dport 80 --expect accept > "$T/x" 2>&1; is "explain 80" $? 0
  zf explain from wan to dmz tcp src "${A4[ext1]}" dst "${A4[web]}" dport 22 --expect drop >> "$T/x" 2>&1; is "explain 22" $? 0
  zf explain from wan to dmz tcp src "${A4[ext1]}" dst "${A4[web]}" dport 22 --expect accept > /dev/null 2>&1; is "exit when wrong" $? 3
  zf explain in wan1 out dmz1 tcp src "${A6[ext1]}" dst "${A6[web]}" dport 80 --expect accept >> "$T/x" 2>&1; is "explain by device" $? 0
  tcp_ok ext1 web 80; blocked tcp ext1 web 22
}

# I05: a namespace goes while a writer in it commits
I05() {
  local i p
  for i in 1 2 3; do
    lone i5
    ns_apply i5 'zone up { dev up0 }'
    nsenter --net=/run/netns/i5 bash -c 'for ((i = 0; i < 100000; i++)); do
      echo "zone up { dev up0 } set s { 192.0.2.$((i % 200)) } up -> self { accept tcp dport $((i % 60000 + 1)) src @s }" | zonefw -q apply - || exit; done' & p=$!
    sleep 1
    unlone i5
    kill $p; wait $p 2> /dev/null
    until_true used_as_before && pass || miss "the namespace is held: $(module_uses) uses"
  done
}

# J06: packets wait in a qdisc behind the hooks, and in the reassembly before them, while the policy goes
J06() {
  # shellcheck disable=SC2034
  modprobe sch_netem 2> /dev/null || { SKIP="no sch_netem"; return; }
  local f
  apply "$P0" || return
  fw tc qdisc add dev dmz1 root netem delay 3s || { miss "no delay"; return; }
  watch j06 web
  for f in 4 6; do send ext1 -c 50 -g 1000 -S 3401 tcp "$(addr $f web)" 80; done
  # a datagram's head, whose tail does not come
  on ext1 pkt send -d eth0 -c 20 -S 3402 -l 3000 -f 1400 -b cut1000 udp "${A4[web]}" 7777
  zf flush
  is "without a policy" "$(stat state)" open
  sleep 4
  unwatch j06
  at_least "what was let in arrives" "$(seen j06 "^web I [46] 6 [^ ]+ [^ ]+ 3401 80 ")" 90
  fw tc qdisc del dev dmz1 root
  apply "$P0"
  tcp_ok ext1 web 80; blocked tcp ext1 web 22
}

# M01: conntrack's table is full: open connections go on, nothing forbidden passes, and afterwards all is as before
M01() {
  local max
  apply "$P0 wan -> dmz { accept udp dport 7777 dst web }" || return
  max=$(cat /proc/sys/net/netfilter/nf_conntrack_max)
  flow_on full ext1 4 "${A4[web]}" 80
  until_true connected 4 80 && pass || miss "no stream"
  echo 200 > /proc/sys/net/netfilter/nf_conntrack_max
  watch m01 web
  send ext2 -c 3000 -g 200 -S 10000 -E 1 udp "${A4[web]}" 7777
  send ext2 -c 500 -S 10000 -E 1 udp "${A4[web]}" 53
  unwatch m01
  going full
  is "what is not permitted" "$(seen m01 "^web I 4 17 ${A4[ext2]} [^ ]+ [0-9]+ 53 ")" 0
  at_least "twin: the attacker's own service" "$(seen m01 "^web I 4 17 ${A4[ext2]} [^ ]+ [0-9]+ 7777 ")" 10
  echo "$max" > /proc/sys/net/netfilter/nf_conntrack_max
  tcp_ok ext2 web 80; blocked tcp ext2 web 22
  flow_off full
  fw conntrack -F > /dev/null 2>&1
  apply "$P0"
}

# N04: the wall clock steps; what ends after a time ends by the monotonic one
N04() {
  local t=198.18.9.12
  apply "$P0
set guests { }
wan -> dmz { accept tcp dport 22 dst web src @guests; accept tcp dport 8443 dst web expires 1h name hour }" || return
  zf set add guests $t timeout 1h
  printf '%s\n' "$P0" | zf apply --confirm 30m - > /dev/null
  date -s "@$(($(date +%s) + 86400))" > /dev/null
  sleep 1
  at_least "a day later by the clock: left for the confirmation" "$(stat confirm_left)" 1500
  zf rollback > /dev/null
  is "the rule with an end" "$(zf -j show rules | grep -c '"name":"hour"')" 1
  is "its way" "$(tcp ext2 "${A4[web]}" 8443)" open
  zf set test guests $t; is "the member" $? 0
  is "its way" "$(tcp ext2 "${A4[web]}" 22)" open
  zf set add guests 198.18.9.13 timeout 3s
  date -s "@$(($(date +%s) - 2 * 86400))" > /dev/null
  gone_13() { ! zf set test guests 198.18.9.13; }
  until_true gone_13 && pass || miss "a day before: three seconds did not pass"
  zf set test guests $t; is "the other stays" $? 0
  date -s "@$(($(date +%s) + 86400))" > /dev/null
  apply "$P0"
}
