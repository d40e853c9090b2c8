#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# faults.sh: every place where the kernel's work for a request can fail, fails once (fail-nth): for each command of the
# program, for the load of the module, for a namespace that comes. Expected is always the same: an error is reported,
# what is in force is unchanged (or the change is whole), nothing is lost. Of the places each call stack's first and
# last (sites.c), and a few more of each command; FAULT_PLACES=all: every one, and N: a sample of N. SHORT: a sample of a few commands, too. FAULT_ONLY: of
# the commands those whose name has this pattern. covers L02 J04
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC1091
. "$here/../net/lib.sh"; . "$here/../net/policy.sh"; . "$here/../net/life.sh"
# shellcheck disable=SC2034
WHY='' CHECKS=0 BASE_USE=0
OUT=$T/nth SITES=/sys/kernel/debug/zonefw_sites FAILED=$T/failed
SEED=${SEED:-1}
export CASE_LIMIT=3000
for d in failslab fail_page_alloc fail_usercopy; do	# what fail-nth meets: no kind is left out, and none says so at length
  d=/sys/kernel/debug/$d
  for f in verbose ignore-gfp-wait ignore-gfp-highmem min-order; do [ ! -e $d/$f ] || echo 0 > $d/$f; done
done

ft() { zonefw -n ft "$@"; }
SMALL='zone up { dev up0 }
set guests { 192.0.2.1 }
up -> self { accept tcp dport 80 name web; accept udp dport 7000; drop src @guests; default drop }
self -> up { default accept }'
# what may not change by a refusal: sets STATE; with HOOKS also the hooks of the namespace, with MORE the output of a command
state() {
  local s
  s=$(ft -j show stats) || { STATE="no answer"; return; }
  [[ $s =~ \"state\":\"([a-z]*)\",\"digest\":\"?([^\",]*) ]] || { STATE="unknown: $s"; return; }
  STATE="${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
  [[ $s =~ \"confirm_left\":([a-z0-9]*) ]] && { [ "${BASH_REMATCH[1]}" = null ] || STATE+=" unconfirmed"; }
  [ -z "$MORE" ] || STATE+=" $($MORE 2>&1)"
  # conntrack leaves its defragmentation on when its own hooks cannot be had: the kernel's affair (nf_ct_netns_do_get)
  [ -z "$HOOKS" ] || while read -r s; do [[ ! $s =~ ^[-+]?[0-9]+[[:space:]] || $s =~ defrag ]] || STATE+=" $s"; done <<< "$(on ft nft list hooks)"
}
# Sites are told apart by sites.ko; FAILED has those that failed already where the namespace began the same
by_site() { [ -z "$SHORT$FAULT_PLACES" ]; }
reference() { [ -n "$SHORT" ] || echo > $SITES; }	# what runs next shows the places
# draw TOTAL FEW: the last three (the answer) and FEW drawn by the seed
draw() { awk -v t="$1" -v few="$2" -v seed="$SEED" 'BEGIN { srand(seed); for (i = 0; i < few; i++) print i < 3 ? t - i : int(rand() * t) + 1 }'; }
# places TOTAL [FEW]: which of them are tried: of each site that has not failed the first and the last, and a few; all; or a sample
places() {
  local few=${FAULT_PLACES:-${2:-8}}
  if by_site; then
    sed 1d $SITES > "$T/sites"
    awk 'NR == FNR { f[$1]; next } $2 in f { next } !($2 in last) { print $1 } { last[$2] = $1 } END { for (s in last) print last[s] }' "$FAILED" "$T/sites"
    draw "$1" 6
  elif [ "$FAULT_PLACES" = all ] || [ "$1" -le "$few" ]; then seq "$1"
  else draw "$1" "$few"
  fi | sort -nu
}
failed_site() { read -r _ SITE AT < $SITES; echo "$SITE" >> "$FAILED"; }
# undone D: the sites that have not failed, each by the place D behind its first: what a slab needs moves the others
undone() { awk -v d="$1" 'NR == FNR { f[$1]; next } !($2 in f) && $1 + d > 0 { f[$2]; print $1 + d }' "$FAILED" "$T/sites"; }
site_count() { echo "$(cut -d' ' -f2 "$T/sites" | sort -u | wc -l) sites$1 ($(undone 0 | wc -l) not met again)"; }
tool() { # N WORDS...: the program with the N-th place failing; sets RC, SAID (errors), LEFT, MET
  local n=$1; shift
  : > "$OUT"
  NTH=$n NTH_OUT=$OUT LD_PRELOAD=/x/nthnl.so zonefw -n ft "$@" > "$T/o" 2> "$T/e"; RC=$? SAID=$(< "$T/e")
  LEFT='' MET=''
  read -r LEFT MET < "$OUT" || breach "$*, place $n: ended by signal or without a trace, status $RC"
}
# but for how long members of sets still have
same_answer() { cmp -s "$T/o" "$T/ref" || cmp -s <(sed 's/ timeout [0-9a-z]*//' "$T/o") <(sed 's/ timeout [0-9a-z]*//' "$T/ref"); }
# tried N WORDS...: the N-th place fails, and what comes of it is right; counts for sweep
tried() {
  local n=$1 at=''; shift
  tool "$n" "$@"
  [ "$LEFT" = 0 ] || { [ "$was" = "$done_" ] || "$before"; return; }	# it took another way this time, and met nothing
  ! by_site || { failed_site; at=" at ${AT#* should_fail* }"; }
  pass; state; tried=$((tried + 1))
  if [ "$RC" = "$rc" ] && [ "$STATE" = "$done_" ] && [ "$SAID" = "$errors" ]; then	# it did not need that memory
    whole=$((whole + 1))
    [ "$was" != "$done_" ] || [ -n "$LOOSE" ] || same_answer || breach "$*, place $n ($MET$at): success with another answer: $(diff "$T/ref" "$T/o" | head -3 | tr '\n' '|')"
  elif [ "$SAID" = "$errors" ]; then breach "$*, place $n ($MET$at): status $RC and not a word"
  elif [ "$RC" = 0 ]; then breach "$*, place $n ($MET$at): success, but '$STATE' and not '$done_'"
  elif [ "$STATE" = "$was" ]; then refused=$((refused + 1))
  elif [ "$STATE" = "$done_" ]; then lost=$((lost + 1)); echo "# $* place $n ($MET): done, but: ${SAID%%$'\n'*}"
  else breach "$*, place $n ($MET$at): neither before nor after: '$STATE'; before '$was', after '$done_'"
  fi
  [ "$STATE" = "$was" ] || "$before"
}
# sweep BEFORE WORDS...: BEFORE is a function that brings the namespace to where the command begins
sweep() {
  local before=$1 n d total was done_ refused=0 whole=0 lost=0 tried=0 rc errors sites=''; shift
  local all=1000000000
  "$before"; state; was=$STATE
  tool $all "$@"; rc=$RC total=$((all - LEFT))
  cp "$T/o" "$T/ref"; errors=$SAID; state; done_=$STATE
  [ "$was" = "$done_" ] || "$before"
  if by_site; then
    FAILED=$T/failed-$before; [ -e "$FAILED" ] || echo - > "$FAILED"
    reference; tool $all "$@"	# not the first run, which fills caches
    [ "$was" = "$done_" ] || "$before"
  fi
  for n in $(places $total); do tried "$n" "$@"; done
  if by_site; then
    for d in 1 -1; do for n in $(undone $d); do tried "$n" "$@"; done; done
    sites=" of $(site_count),"
  fi
  # one beyond: it runs through, and is what it always was
  tool $((total + 1000)) "$@"; is "$*: afterwards" "$RC" "$rc"
  state; is "$*: state afterwards" "$STATE" "$done_"
  echo "# $*: $total places$sites $tried tried: $refused refused, $whole done without it, $lost done with the answer lost"
}
open_state() { ft -q panic off 2> /dev/null; ft -q flush; }
small() { ft -q apply "$T/small" 2> /dev/null || { ft -q rollback && ft -q apply "$T/small"; } || breach "the small policy is refused"; }
all() { ft -q apply "$T/all" || breach "the policy of everything is refused"; }
huge() { ft -q apply "$T/huge" || breach "the huge policy is refused"; }
pending() { small; ft -q apply --confirm 60m "$T/all" || breach "no candidate"; }
panicked() { small; ft -q panic on; }
member() { small; ft -q set flush guests; ft -q set add guests 192.0.2.1,192.0.2.9; }
flows() {
  small; on ft conntrack -F > /dev/null 2>&1
  on ftx pkt send -d eth0 -c 4 -E 1 -S 5000 udp 198.19.0.1 7000; sleep 0.3
}
flow_count() { on ft conntrack -L -p udp 2> /dev/null | wc -l; }

# swept NAME BEFORE WORDS...: as a case, with the gate behind it
swept() {
  SWEEP=("${@:2}")
  [[ ! $1 =~ ${FAULT_ONLY:-.} ]] || run_case L02 "$1" sweeps
  LOOSE='' MORE='' HOOKS=''
}
sweeps() { sweep "${SWEEP[@]}"; open_state; }
commands() {
  lone ft
  on ft sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3600
  printf '%s\n' "$SMALL" > "$T/small"
  cp "$here/all.conf" "$T/all"
  modprobe nf_conncount 2> /dev/null || { echo "# this kernel does not count connections: a policy without"; sed -i '/ conns /d' "$T/all"; }
  { echo "$SMALL"; echo "up -> self {"; for ((i = 0; i < 3000; i++)); do echo "accept tcp dport $((i + 1)) src 198.18.$((i / 250)).$((i % 250))"; done; echo "}"; } > "$T/huge"
  tool 1000000000 apply "$T/all"; is "the policy of everything" "$RC" 0
  [ -z "$WHY" ] || { echo "not ok L02 $WHY: $(head -3 "$T/e" | tr '\n' ' ')"; return; }
  HOOKS=1; swept "the first policy" open_state apply "$T/all"
  swept "a policy over another" small apply "$T/all"
  [ -n "$SHORT" ] || swept "back to a small one" all apply "$T/small"
  run_case Z05F "a device comes, and each step fails" DEVICE
  [ -z "$SHORT" ] || {
    MORE='ft set show guests' swept "set add" member set add guests 192.0.2.77
    LOOSE=1 swept "rule add" small rule add from up to self accept tcp dport 81
    unlone ft; return; }
  swept "the same over itself" all apply "$T/all"
  swept "a rehearsal" small apply -n "$T/all"
  swept "with a confirmation" small apply --confirm 30m "$T/all"
  swept "confirm" pending confirm; swept "rollback" pending rollback
  swept "diff" all diff "$T/small"; swept "diff of flows" all diff --flows "$T/small"
  swept "export" all export
  LOOSE=1 swept "the overview" all show
  for w in matrix zones rules sets nat flows drops stats options; do LOOSE=1 swept "show $w" all show $w; done
  swept "explain" all explain from up to many tcp src 198.19.0.2 dst 198.19.0.80 dport 80
  swept "explain of a file" small explain from up to self tcp src 198.19.0.2 dst 198.19.0.1 dport 80 --file "$T/all"
  MORE='ft set show' swept "set create" small set create fresh addr timeout 1m
  swept "set destroy" all set destroy knocked
  for w in "add guests 192.0.2.77,2001:db8::/64" "del guests 192.0.2.9" "flush guests" "test guests 192.0.2.9" "show guests"; do
    # shellcheck disable=SC2086
    MORE='ft set show guests' swept "set ${w%% *}" member set $w
  done
  flow_words
  LOOSE=1 swept "rule add" small rule add from up to self first accept tcp dport 81 name added
  swept "rule replace" small rule replace web accept tcp dport 82 name web
  swept "rule del" small rule del web; swept "rule move" small rule move web last; LOOSE=1 swept "rule show" all rule show
  swept "zone add" small zone add extra dev extra0; swept "zone set" small zone set up dev 'up*'; swept "zone show" all zone show
  swept "zone del" all zone del lone
  swept "policy set" small policy set from up to self reject log; swept "policy del" small policy del from self to up
  swept "policy show" all policy show
  swept "stats reset" all stats reset; LOOSE=1 swept "stats" all stats
  HOOKS=1; swept "flush" all flush
  HOOKS=1; swept "panic on" open_state panic on; swept "panic over a policy" small panic on; swept "panic off" panicked panic off
  export NTH_QUIT=1
  for w in events drops "trace tcp dport 80"; do
    # shellcheck disable=SC2086
    swept "monitor ${w%% *}" small monitor $w
  done
  unset NTH_QUIT
  SHORT=1 swept "a huge policy, a sample" small apply "$T/huge"
  SHORT=1 swept "a small one over a huge one, a sample" huge apply "$T/small"
  unlone ft
}
# a device comes while memory is short: those that were there keep their zones, or have them again soon
DEVICE() {
  FAILED=$T/failed
  local n total all=1000000000 refused=0
  small
  nth() { rm -f "$OUT"; NTH=$1 NTH_OUT=$OUT LD_PRELOAD=/x/nthnl.so ip -n ft link add more0 type dummy 2> "$T/e"; RC=$?; read -r LEFT MET < "$OUT"; }
  passes() { [ "$(tcp ftx 198.19.0.1 80 300)" = open ]; }
  reference; nth $all; is "a plain device" $RC 0; total=$((all - LEFT)); on ft ip link del more0
  for n in $(places $total 10); do
    nth "$n"
    [ $RC = 0 ] && on ft ip link del more0 || refused=$((refused + 1))
    passes || { UNTIL=2 until_true passes && echo "# place $n ($MET): out for a moment"; } || breach "place $n ($MET): devices have lost their zones"
    pass
  done
  is "afterwards" "$(tcp ftx 198.19.0.1 22 700) $(tcp ftx 198.19.0.1 80)" "timeout open"
  open_state
  echo "# a device: $total places: $refused refused"
}
flow_words() {
  LOOSE=1 swept "flow show" flows flow show
  LOOSE=1 MORE=flow_count swept "flow kill" flows flow kill udp dport 7000
}

loaded() { grep -q '^zonefw ' /proc/modules; }
try() { read -r ERR LEFT < <(/x/nthrun "$@") || breach "nthrun $*: no answer"; }	# sets ERR, LEFT
# J04: each step of the load fails; nothing of it is left, and the next load works
LOAD() {
  local n total refused=0 without=0
  lone ft; lone gt
  reference; try 1000000000 insmod /x/zonefw.ko "boot=closed"; is "a plain load" "$ERR" 0
  total=$((1000000000 - LEFT)); rmmod zonefw
  for n in $(places $total 10); do
    try "$n" insmod /x/zonefw.ko "boot=closed"
    [ "$LEFT" = 0 ] || { [ "$ERR" = 0 ] && rmmod zonefw; continue; }
    pass
    if [ "$ERR" = 0 ]; then
      without=$((without + 1)); loaded || breach "place $n: success, and no module"
      rmmod zonefw || breach "place $n: cannot be removed"
    else
      refused=$((refused + 1))
      if loaded; then breach "place $n: error $ERR, and there is a module"; rmmod zonefw; fi
      # a hook that is left runs freed code
      [ "$(pinged ftx 198.19.0.1 4)" = yes ] || breach "place $n: the network is not as before"
    fi
  done
  [ -n "$SHORT$FAULT_PLACES" ] || at_least "loads refused" $refused 5
  is "hooks left" "$(on ft nft list hooks | grep -c zonefw)" 0
  insmod /x/zonefw.ko && pass || breach "does not load afterwards"
  is "open" "$(tcp ftx 198.19.0.1 80)" open
  ns_apply ft "$SMALL"; is "works" "$(tcp ftx 198.19.0.1 22 700) $(tcp ftx 198.19.0.1 80)" "timeout open"
  ft -q flush; rmmod zonefw || breach "is held"
  unlone ft; unlone gt
  echo "# load: $total places, $((refused + without)) tried: $refused refused, $without loaded without it"
}
# a namespace comes while memory is short: each site of the module's
NAMESPACE() {
  local n total all=1000000000 refused=0 done_=0
  FAILED=$T/failed-netns; echo - > "$FAILED"
  insmod /x/zonefw.ko boot=closed || { breach "does not load"; return; }
  try $all netns	# the first fills caches
  for _ in {1..8}; do	# what comes before them differs from time to time, so they are looked up again
    reference; try $all netns; total=$((all - LEFT))
    grep zonefw $SITES > "$T/sites"
    at_least "places of the module's own" "$(wc -l < "$T/sites")" 2
    for n in $(undone 0); do
      try "$n" netns
      [ "$LEFT" = 0 ] || continue
      pass; failed_site
      if [ "$ERR" = 0 ]; then done_=$((done_ + 1)); else refused=$((refused + 1)); fi
    done
  done
  at_least "namespaces refused" $refused 5
  lone ft; is "a namespace afterwards is closed" "$(tcp ftx 198.19.0.1 80 700)" timeout
  on ft zonefw -q flush; on ftx zonefw -q flush; is "and opens" "$(tcp ftx 198.19.0.1 80)" open
  unlone ft
  until_true rmmod zonefw 2> /dev/null && pass || breach "is held"
  echo "# namespace: $total places, $(site_count " of the module's own"): $refused refused, $done_ made without it"
}
# fill HOOK: its list to the limit; the kernel itself may have one or two there
fill() { hooks_fill ft "$1" 1024 2> /dev/null || hooks_fill ft "$1" 1023 2> /dev/null || hooks_fill ft "$1" 1022; }
# J04: a hook list that is full when the module is loaded closed
FULL() {
  local hook
  lone ft
  for hook in prerouting input forward output; do
    fill $hook || { miss "nft cannot fill $hook"; continue; }
    if insmod /x/zonefw.ko boot=closed 2> "$T/e"; then
      # before conntrack nothing is wanted as long as there is no policy
      is "loaded beside a full list" "$hook" prerouting; rmmod zonefw
    else
      pass; if loaded; then breach "$hook: error, and there is a module"; fi
    fi
    is "$hook: hooks left" "$(on ft nft list hooks | grep -c zonefw)" 0
    on ft nft delete table inet full
    is "$hook: afterwards" "$(tcp ftx 198.19.0.1 80)" open
  done
  insmod /x/zonefw.ko boot=closed && pass || breach "does not load with room again"
  is "closed" "$(tcp ftx 198.19.0.1 80 700)" timeout
  rmmod zonefw
  unlone ft
}

modprobe -a veth nf_conntrack nfnetlink_log nf_log_syslog 2> /dev/null
[ -n "$SHORT" ] || insmod /x/sites.ko || { echo "not ok L02 sites.ko does not load"; exit 1; }
echo - > "$FAILED"
dmesg -c > /dev/null
LEAKS_EVERY=${SHORT:+9999}	# of the samples, at the end of all
if grep -q '^zonefw ' /proc/modules; then rmmod zonefw; fi
run_case J04F "each step of the load fails" LOAD
[ -n "$SHORT" ] || run_case I02F "a namespace comes, and each step fails" NAMESPACE
[ -n "$SHORT" ] || run_case J04L "a load with full hook lists" FULL
insmod /x/zonefw.ko || { echo "not ok L02 the module does not load"; exit 1; }
WHY=''
commands
export LEAKS_EVERY=${AT_END:-0}
UNLOAD() { rmmod zonefw && pass || miss "still in use after the last namespace"; }
run_case J01 "unload after the faults" UNLOAD
