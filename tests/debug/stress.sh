#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# stress.sh: everybody at once for STRESS_SECONDS (3600; SHORT: 20), while memory is short now and then; namespaces that
# come and go; load and unload under traffic; commits that fail at their last steps (not in the short form). covers L09 I02 J01 L03
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC1091
. "$here/../net/lib.sh"; . "$here/../net/life.sh"; . "$here/record.sh"
# shellcheck disable=SC2034
WHY='' CHECKS=0 BASE_USE=0
export CASE_LIMIT=7200
RANDOM=${SEED:-1}
short() { if [ -n "$SHORT" ]; then echo "$1"; else echo "$2"; fi; }
STRESS_SECONDS=${STRESS_SECONDS:-$(short 20 3600)}
FAULTS=$(for d in /sys/kernel/debug/fail{slab,_page_alloc}; do [ ! -e $d ] || echo $d; done)

# odds PROBABILITY INTERVAL BYTES WHO WAITS: of a failing allocation; WHO: Y the marked tasks only, N anybody; WAITS: Y only where nobody could wait
odds() {
  local d
  for d in $FAULTS; do
    echo 0 > $d/verbose; echo -1 > $d/times
    echo "$4" > $d/task-filter; echo "$5" > $d/ignore-gfp-wait
    echo "$2" > $d/interval; echo "$3" > $d/space; echo "$1" > $d/probability
  done
}
# the recipe of nftables' stress test; of those who did not ask for it, only what cannot wait fails
weather() {
  if [ $((RANDOM % 3)) = 0 ]; then odds $((RANDOM % 5)) $((RANDOM % 100)) $((RANDOM % 16384)) N Y
  else odds $((RANDOM % 5)) $((RANDOM % 100)) $((RANDOM % 16384)) Y "$(one_of Y N)"; fi
  sleep 2
}
frail() { LD_PRELOAD=/x/nthnl.so NTH_TASK=1 "$@"; }
fz() { frail zonefw -n ft -q "$@"; }
one_of() { shift $((RANDOM % $#)); echo "$1"; }

# the program, beside the crew that sends the same messages faster
tools() {
  case $((RANDOM % 6)) in
    0) fz export > "$T/exported" && fz apply "$T/exported";; 1) fz diff --flows "$T/small";; 2) fz apply --confirm 1 "$T/all";;
    3) fz apply "$T/broken";; 4) fz show;; 5) LD_PRELOAD=/x/nthnl.so timeout -s KILL 0.$((RANDOM % 10)) zonefw -n ft -q apply "$T/all";;
  esac
}
devices() {
  local d=many$((RANDOM % 3))
  case $((RANDOM % 7)) in
    0 | 1) frail ip -n ft link add $d type dummy && ip -n ft link set $d up;; 2) ip -n ft link del $d;;
    3) ip -n ft link set $d down; ip -n ft link set $d name "other$((RANDOM % 2))"; ip -n ft link set $d up;;
    4) ip -n ft link set $d netns ftx; ip -n ftx link set $d netns ft;; 5) ip -n ft link set $d group $((RANDOM % 2 * 7));;
    6) ip -n ft link del other0; ip -n ft link del other1; ip -n ft link set up0 down; ip -n ft link set up0 up;;
  esac
}
traffic() {
  on ftx pkt tcp 198.19.0.1 80 300; on ftx pkt udp 198.19.0.1 7000 100; on ft pkt tcp 198.19.0.2 80 300
  on ftx pkt send -d eth0 -c 50 -E 1 -S 5000 udp 198.19.0.1 7000
}
# churn N: a namespace with a policy and packets, deleted while it works
churn() {
  local n=c$1
  ip netns add "$n" || return
  ip link add "v$1" type veth peer name up0 netns "$n" && ip link set "v$1" netns ftx
  ip -n "$n" link set lo up; ip -n "$n" link set up0 up; ip -n ftx link set "v$1" up
  ip -n "$n" addr add 198.19.9.1/24 dev up0; on "$n" pkt tcp 127.0.0.1 9 50
  frail zonefw -n "$n" -q apply "$T/small" && DONE=$((DONE + 1))
  on ftx pkt send -d "v$1" -c 20 -E 1 udp 198.19.9.1 7000
  frail zonefw -n "$n" -q apply "$T/all" &
  [ $((RANDOM % 2)) = 0 ] || wait $!
  ip netns del "$n"; wait
}
churns() { churn a; }

# actor NAME NUMBER: does it again and again until the time is over, and writes down how often
actor() {
  local n=0 end=$((SECONDS + STRESS_SECONDS))
  RANDOM=$((SEED * 64 + $2))
  while [ $SECONDS -lt $end ]; do "$1"; n=$((n + 1)); done > /dev/null 2>&1
  echo "$1 $n" >> "$T/actors"
}
L09() {
  local a p actors='tools devices traffic churns weather'
  lone ft; policies; recorded
  rm -f "$T/actors"
  nsenter --net=/run/netns/ftx pkt noise "$SEED" 5000 198.19.0.1 2001:2:0:19::1 2> /dev/null & p=$!
  : > "$T/pids"
  for a in $actors; do actor "$a" "$(wc -l < "$T/pids")" & echo $! >> "$T/pids"; done
  on ft /x/nlfuzz "$SEED" "$STRESS_SECONDS" crew "$T/messages" || breach "the crew: status $?"
  while read -r a; do wait "$a"; done < "$T/pids"
  odds 0 1 0 Y N
  kill $p; wait $p 2> /dev/null
  echo "# L09: seed $SEED, $STRESS_SECONDS s, rounds: $(sort "$T/actors" | tr '\n' ' ')"
  for a in $actors; do at_least "rounds of $a" "$(awk -v a="$a" '$1 == a { print $2 }' "$T/actors")" 1; done
  ip -n ft link set up0 up; UNTIL=20 until_true on ft ping -n -c 1 -W 1 127.0.0.1 > /dev/null
  zonefw -n ft -q panic off; zonefw -n ft -q rollback 2> /dev/null; zonefw -n ft -q flush
  zonefw -n ft -q apply "$T/small"; is "a policy afterwards" $? 0
  on ft ip addr replace 198.19.0.1/24 dev up0
  is "works" "$(tcp ftx 198.19.0.1 22 700) $(tcp ftx 198.19.0.1 80)" "timeout open"
  zonefw -n ft -q flush
  unlone ft
}
# many namespaces at once
I02() {
  local i k n
  n=$(short 1 125)
  lone ft; policies; : > "$T/pids"; rm -f "$T/churned"
  for i in 1 2 3 4 5 6 7 8; do
    { DONE=0; for ((k = 0; k < n; k++)); do churn "p$i"; done; echo $DONE >> "$T/churned"; } > /dev/null 2>&1 &
    echo $! >> "$T/pids"
  done
  while read -r i; do wait "$i"; done < "$T/pids"
  is "namespaces with a policy" "$(awk '{ n += $1 } END { print n }' "$T/churned")" $((8 * n))
  is "namespaces left" "$(ip netns list | grep -c '^c')" 0
  echo "# I02: $((8 * n)) namespaces, 8 at a time"
  zonefw -n ft -q flush; unlone ft
  until_true used_as_before || miss "the namespaces are held: $(module_uses) uses"
}
# load and unload under traffic: before, while and after it there are packets
RELOAD() {
  local i p n links
  n=$(short 4 200)
  lone ft; policies; zonefw -n ft -q flush
  links=$(ip -n ft -o link | wc -l)
  nsenter --net=/run/netns/ftx pkt noise "$SEED" 1000 198.19.0.1 2001:2:0:19::1 2> /dev/null & p=$!
  for ((i = 0; i < n; i++)); do
    until_true rmmod zonefw 2> /dev/null || { breach "round $i: is held"; break; }
    [ $((i % 3)) != 0 ] || is "round $i: open without it" "$(tcp ftx 198.19.0.1 80)" open
    set -- open small closed all; shift $((i % 2 * 2))
    insmod /x/zonefw.ko boot="$1" || { breach "round $i: does not load"; break; }
    zonefw -n ftx -q flush	# was closed, too
    zonefw -n ft -q apply "$T/$2"; is "round $i: a policy" $? 0
    [ $((i % 3)) != 0 ] || is "round $i: works" "$(tcp ftx 198.19.0.1 7 500) $(tcp ftx 198.19.0.1 80)" "timeout open"
    zonefw -n ft -q flush
    pass
  done
  kill $p; wait $p 2> /dev/null
  is "devices" "$(ip -n ft -o link | wc -l)" "$links"
  echo "# J01: $i loads and unloads"
  unlone ft
}
# the policy as it is exported, but for how long members of sets still have, and the set that packets fill
exported() {
  zonefw -n ft export > "$T/export-$1" || return
  awk '/^set knocked / { skip = !/}/; next } skip { skip = !/^}/; next } { gsub(/ timeout [0-9a-z]*/, ""); print }' "$T/export-$1" > "$T/plain-$1"
  local sum; sum=$(md5sum < "$T/plain-$1"); echo "$sum"
  [ "$1" = x ] || grep -qxF "$sum" "$T/whole" || cp "$T/plain-$1" "$T/odd"
}
# the last places of a commit fail, with dumpers and packets running: an export shows one of two policies, whole, and what
# both let in passes
LAST() {
  local n total=1000000000 p d left place tries=0 refused=0 dumpers=''
  rm -f "$T/failed" "$T/odd"; lone ft; policies
  sed -i 's/timeout 5m/timeout 5h/' "$T/all"
  for d in small all small; do zonefw -n ft -q apply "$T/$d"; done	# what stays over a change is there from now on
  exported x > "$T/whole"
  NTH=$total NTH_OUT=$T/nth LD_PRELOAD=/x/nthnl.so zonefw -n ft -q apply "$T/all"; read -r left n < "$T/nth"
  exported x >> "$T/whole"
  total=$((total - left))
  for ((d = 0; d < 2; d++)); do { while [ ! -e "$T/stop" ]; do exported $d; done > "$T/seen-$d" 2>> "$T/failed"; } & dumpers+=" $!"; done
  nsenter --net=/run/netns/ftx pkt noise "$SEED" 5000 198.19.0.1 2> /dev/null & p=$!
  for ((place = total - 70; place <= total; place += $(short 10 1))); do
    for d in small all; do
      NTH=$place NTH_OUT=$T/nth LD_PRELOAD=/x/nthnl.so zonefw -n ft -q apply "$T/$d" 2> /dev/null || refused=$((refused + 1))
      tries=$((tries + 1))
    done
    is "place $place: what both let in" "$(tcp ftx 198.19.0.1 80)" open
  done
  : > "$T/stop"; kill $p
  # shellcheck disable=SC2086
  wait $dumpers $p 2> /dev/null
  rm -f "$T/stop"
  at_least "exports" "$(cat "$T"/seen-? | wc -l)" 4
  [ ! -s "$T/failed" ] || miss "exports failed: $(sort "$T/failed" | uniq -c | head -3)"
  is "exports of neither" "$(cat "$T"/seen-? | grep -cvxFf "$T/whole")" 0
  [ ! -e "$T/odd" ] || diff "$T/odd" "$T/plain-x" | head -20 | sed 's/^/#   /'
  at_least "refused" $refused 1
  echo "# L03: the last $((tries / 2)) of $total places, $refused of $tries refused, $(cat "$T"/seen-? | wc -l) exports"
  zonefw -n ft -q flush; unlone ft
}

loaded() { grep -q '^zonefw ' /proc/modules; }
loaded || insmod /x/zonefw.ko || { echo "not ok L09 the module does not load"; exit 1; }
dmesg -c > /dev/null
LEAKS_EVERY=${SHORT:+9999}; LEAKS_EVERY=${LEAKS_EVERY:-0}
run_case L09 "all at once, and memory is short" L09
run_case I02 "namespaces come and go, eight at a time" I02
[ -n "$SHORT" ] && [ -z "$ONLY" ] || run_case L03 "a commit's last steps fail, with dumps and packets" LAST
run_case J01L "load and unload under traffic" RELOAD
LEAKS_EVERY=${AT_END:-0}
UNLOAD() { rmmod zonefw && pass || miss "still in use after the last namespace"; }
run_case J01 "unload after it all" UNLOAD
