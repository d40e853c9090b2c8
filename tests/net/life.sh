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
