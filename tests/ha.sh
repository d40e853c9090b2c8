#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ha.sh: group O, a pair of firewalls with keepalived and conntrackd, from examples/ha. Run in the test machine.
#
#   ext -- br-wan -- wan0 [ A ] int0 -- br-int -- pc
#                \-- wan0 [ B ] int0 --/            web -- br-dmz -- dmz0 of A and B;  A sync0 -- sync0 B
#
# IPv4 only: the example's VRRP instances and synchronisation are of that family.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC1091
. "$here/net/lib.sh"
# shellcheck disable=SC2034
WHY='' CHECKS=0 SKIP=''
declare -A NET=([wan]=198.51.100 [int]=10.0.2 [dmz]=10.0.3)

zfw() { local n=$1; shift; nsenter --net="/run/netns/$n" zonefw "$@"; }
stat_of() { zfw "$1" -j show stats | tr ',{}' '\n' | sed -n "s/^ *\"$2\": *\"\{0,1\}\([^\"]*\)\"\{0,1\} *$/\1/p" | head -1; }
wait_for() { # SECONDS COMMAND...: until the command succeeds
  UNTIL=$1 until_true "${@:2}"
}
has_vip() { nsenter --net="/run/netns/$1" ip -4 addr show dev "$2" | grep -q " ${3}/"; }
master() { has_vip "$1" wan0 198.51.100.1 && has_vip "$1" int0 10.0.2.1 && has_vip "$1" dmz0 10.0.3.1; }

host() { # NAME BRIDGE NET LAST
  new_ns "$1"
  ip link add "v$1" netns sw type veth peer name eth0 netns "$1"
  on sw ip link set "v$1" master "br-$2" up
  on "$1" ip addr add "$3.$4/24" dev eth0; on "$1" ip link set eth0 up
  on "$1" ip route add default via "$3.1"
}
pair_up() {
  local f z n
  new_ns sw
  for z in wan int dmz; do on sw ip link add "br-$z" type bridge; on sw ip link set "br-$z" up; done
  n=2
  for f in A B; do
    new_ns "$f"
    on "$f" bash -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
    for z in wan int dmz; do
      ip link add "$f$z" netns sw type veth peer name "${z}0" netns "$f"
      on sw ip link set "$f$z" master "br-$z" up
      on "$f" ip addr add "${NET[$z]}.$n/24" dev "${z}0"; on "$f" ip link set "${z}0" up
    done
    n=3
  done
  ip link add sync0 netns A type veth peer name sync0 netns B
  on A ip addr add 192.0.2.1/30 dev sync0; on B ip addr add 192.0.2.2/30 dev sync0
  on A ip link set sync0 up; on B ip link set sync0 up
  host ext wan 198.51.100 77; host pc int 10.0.2 50; host web dmz 10.0.3 81
  nsenter --net=/run/netns/ext pkt serve tcp:80 tcp:443 udp:7777 &
  echo $! >> "$T/servers"
}
daemons() { # A|B: the example's files with the differences that they name
  local f=$1 k=$T/keepalived.$1 c=$T/conntrackd.$1
  sed "s,/usr/lib/zonefw/,$T/,; /script_user/d; /enable_script_security/d; s/advert_int 1/advert_int 3/
    s/interval 2/interval 5\n    timeout 60/; s/fall 1/fall 3/" /x/ha/keepalived.conf > "$k" # slow machines
  sed "s,/run/conntrackd,$T/cd-$f," /x/ha/conntrackd.conf > "$c"
  if [ "$f" = B ]; then
    sed -i 's/MASTER/BACKUP/; s/priority 150/priority 100/' "$k"
    sed -i 's/192.0.2.1$/@/; s/192.0.2.2$/192.0.2.1/; s/@$/192.0.2.2/' "$c"
  fi
  nsenter --net="/run/netns/$f" conntrackd -C "$c" > "$T/cd-$f.log" 2>&1 &
  echo $! > "$T/pid-cd-$f"
  nsenter --net="/run/netns/$f" keepalived -n --vrrp -f "$k" -p "$T/ka-$f" -r "$T/vr-$f" > "$T/ka-$f.log" 2>&1 &
  echo $! > "$T/pid-ka-$f"
}
end_of() { local p; p=$(cat "$T/pid-$1"); kill "${2:--TERM}" "$p" 2>/dev/null; wait "$p" 2>/dev/null; }

O10() { # the push of a policy: both or none
  is "push" "$(on A env ZONEFW_PEER="nsenter --net=/run/netns/B" /x/ha/zonefw-ha push /x/ha/policy.conf > "$T/push" 2>&1 && echo both)" both
  [ -z "$WHY" ] || WHY="$WHY $(tail -2 "$T/push" | tr '\n' ' ')"
  is "digest" "$(stat_of A digest)" "$(stat_of B digest)"
  sed 's/^internal -> wan .*/internal -> wan { default drop }/' /x/ha/policy.conf > "$T/other.conf"
  zfw B panic on > /dev/null; zfw B flush > /dev/null; zfw B panic off > /dev/null
  is "B may not become master without a policy" "$(on B /x/ha/zonefw-ha check && echo yes)" ""
  printf 'zone wan { dev eth9 }\nno such word\n' > "$T/bad.conf"
  is "push of a broken file" "$(on A env ZONEFW_PEER="nsenter --net=/run/netns/B" /x/ha/zonefw-ha push "$T/bad.conf" > "$T/push" 2>&1 || echo refused)" refused
  is "A keeps its policy" "$(stat_of A state)" active
  on A env ZONEFW_PEER="nsenter --net=/run/netns/B" /x/ha/zonefw-ha push /x/ha/policy.conf > "$T/push" 2>&1
  is "compare" "$(on A env ZONEFW_PEER="nsenter --net=/run/netns/B" /x/ha/zonefw-ha compare 2>&1 && echo same)" same
}
O01() { # planned takeover: connections live on
  daemons A; daemons B
  wait_for 90 master A || { miss "A is not master: $(tail -3 "$T/ka-A.log" | tr '\n' ' ')"; return; }
  wait_for 20 on pc pkt tcp 198.51.100.77 80 500 > /dev/null
  on pc pkt stream 198.51.100.77 80 60 250 > "$T/stream" &
  local s=$! n
  wait_for 20 on B sh -c 'conntrack -L -p tcp --dport 80 --state ESTABLISHED 2>/dev/null | grep -q 10.0.2.50' ||
    miss "the flow is not known to B"
  end_of ka-A
  wait_for 60 master B || miss "B did not take over"
  is "A gave its addresses up" "$(has_vip A wan0 198.51.100.1 && echo has)" ""
  wait $s
  n=$(cat "$T/stream")
  is "echoes of a connection over a takeover" "$n" 60
  at_least "packets that B judged as established" "$(stat_of B established)" 10
}
O03() { # B's policy is another one: flows that came with the synchronisation are judged by it
  local before s
  sed 's/^internal -> wan .*/internal -> wan { drop udp dport 7777; default accept }/' /x/ha/policy.conf > "$T/other.conf"
  zfw B apply "$T/other.conf" > /dev/null
  is "the difference is an alarm" "$(on A env ZONEFW_PEER="nsenter --net=/run/netns/B" /x/ha/zonefw-ha compare > "$T/cmp" 2>&1 || echo differs)" differs
  # what conntrackd does, by hand, so that it is in the table for certain: one flow each that B denies and permits
  on B conntrack -I -p udp -s 10.0.2.50 -d 198.51.100.77 --sport 5001 --dport 7777 -t 300 -u SEEN_REPLY,ASSURED > /dev/null 2>&1
  on B conntrack -I -p udp -s 10.0.2.50 -d 198.51.100.77 --sport 5002 --dport 7778 -t 300 -u SEEN_REPLY,ASSURED > /dev/null 2>&1
  is "flows in B's table" "$(on B conntrack -L 2>/dev/null | grep -cE 'sport=500[12] dport=777[78]')" 2
  before=$(stat_of B rematched)
  watch o3 ext
  on pc pkt send -s 10.0.2.50 -S 5001 -l 5 -c 3 udp 198.51.100.77 7777
  on pc pkt send -s 10.0.2.50 -S 5002 -l 5 udp 198.51.100.77 7778
  unwatch o3 0.5
  is "packets of the flow that B denies" "$(seen o3 'I 4 17 10.0.2.50 198.51.100.77 5001 7777')" 0
  is "packets of the flow that B permits" "$(seen o3 'I 4 17 10.0.2.50 198.51.100.77 5002 7778')" 1
  at_least "cut by re-match" "$(($(stat_of B rematched) - before))" 1
  is "the denied flow is out of the table" "$(on B conntrack -L -p udp 2>/dev/null | grep -c 'sport=5001 ')" 0
}
O06() { # nobody but the pair speaks on its channels
  local h n
  n=$(stat_of B dropped)
  for h in ext pc web; do
    on "$h" pkt send -c 3 -l 40 udp "$(case $h in ext) echo 198.51.100.3;; pc) echo 10.0.2.3;; web) echo 10.0.3.3;; esac)" 3780
  done
  on web pkt send -P "21330096010b0000" 112 224.0.0.18 2>/dev/null || on web pkt send -P "21330096010b0000" 112 10.0.3.3
  sleep 0.5
  wait_for 30 master B
  at_least "forged synchronisation and adverts dropped" "$(($(stat_of B dropped) + $(stat_of B rejected) - n))" 7
  is "B is still master" "$(master B && echo yes)" yes
}

modprobe -a veth bridge nf_conntrack nf_conntrack_netlink nf_reject_ipv4 nf_reject_ipv6 nf_log_syslog nfnetlink_log nf_nat nf_flow_table 2>/dev/null
insmod /x/zonefw.ko || { echo "not ok LOAD module does not load"; exit 1; }
cp /x/ha/zonefw-ha "$T/"; chmod +x "$T/zonefw-ha"
pair_up
# shellcheck disable=SC2034
BASE_USE=0
for f in A B; do zfw "$f" apply /x/ha/policy.conf > "$T/apply" 2>&1 || { echo "not ok HA policy refused: $(head -1 "$T/apply")"; exit 1; }; done
# shellcheck disable=SC2034
BASE_USE=$(module_uses)
if zfw A help 2>&1 | grep -q -- --confirm; then run_case O10 "a policy for both or for none" O10
else echo "skip O10 a policy for both or for none: no --confirm"; fi
if command -v keepalived > /dev/null && command -v conntrackd > /dev/null; then
  run_case O01 "connections live over a takeover" O01
  run_case O03 "flows of the peer are judged by the policy here" O03
  run_case O06 "the channels of the pair are closed to the zones" O06
  for f in A B; do end_of "cd-$f"; [ "$f" = A ] || end_of "ka-$f"; done
else
  echo "skip O01 connections live over a takeover: no keepalived or conntrackd"
fi
true
