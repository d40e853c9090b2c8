# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# change.sh: groups C and L: what a change does to clients that wait, to flows that lose or keep their right,
# to packets on their way, and to other writers.

# C02: a client that repeats its SYN gets through with the next one, without a flush
C02() {
  local f p4 p6
  apply "$ZONES wan -> dmz { default drop }" || return
  watch c02 web
  tcp ext1 "${A4[web]}" 80 70000 > "$T/c4" & p4=$!
  tcp ext1 "${A6[web]}" 80 70000 > "$T/c6" & p6=$!
  unwatch c02 1
  is "before the permit" "$(seen c02 "^web I [46] 6 (${A4[ext1]}|${A6[ext1]}) ")" 0
  apply "$P0"
  wait $p4 $p6
  is "the waiting clients" "$(cat "$T/c4") $(cat "$T/c6")" "open open"
  blocked tcp ext1 web 22
}
# C05L: one host leaves the list; its flows end, the other's lose nothing
C05L() {
  local h f was p=()
  c05() { echo "$ZONES let allowed = $1
wan -> dmz { accept tcp dport 22 dst 198.18.3.80, 2001:2:0:3::80 src allowed; default drop }"; }
  apply "$(c05 "${A4[ext1]}, ${A6[ext1]}, ${A4[ext2]}, ${A6[ext2]}")" || return
  for h in ext1 ext2; do for f in 4 6; do
    on $h pkt stream "$(addr $f web)" 22 120 50 > "$T/c05-$h-$f" & p+=($!)
  done; done
  sleep 2
  was=$(all_cut)
  apply "$(c05 "${A4[ext2]}, ${A6[ext2]}")"
  watch c05 web; unwatch c05 1.5
  is "packets of the host that left" "$(seen c05 "^web I [46] 6 (${A4[ext1]}|${A6[ext1]}) ")" 0
  at_least "packets of the other" "$(seen c05 "^web I [46] 6 (${A4[ext2]}|${A6[ext2]}) ")" 4
  wait "${p[@]}"
  for f in 4 6; do
    is "v$f exchanges of the host that stayed" "$(cat "$T/c05-ext2-$f")" 120
    [ "$(cat "$T/c05-ext1-$f")" -lt 120 ] && pass || miss "v$f: the host that left was served to the end"
    at_least "v$f exchanges of the host that left" "$(cat "$T/c05-ext1-$f")" 1
  done
  at_least "counted as cut" $(($(all_cut) - was)) 2
  apply "$P0"
}
# L01: policy A allows p, B allows q, both allow x and neither n; swapped under a stream of all four
L01() {
  local a b gen before n=0 swaps=10000 x p q sent=0
  [ -z "${SLOW:-}" ] || swaps=60
  a="$ZONES wan -> dmz { accept udp dport 7001, 9000-9099
accept udp dport 7003 name x
default drop }"
  b="$ZONES wan -> dmz { accept udp dport 7002
accept udp dport 7003 dst 0.0.0.0/0 name x
default drop }"
  apply "$a" || return
  printf '%s\n' "$a" > "$T/a"; printf '%s\n' "$b" > "$T/b"
  # web only listens to what comes: answers would be counted as well
  on web nft 'table inet sink { chain in { type filter hook input priority 0; udp dport 7001-7004 drop; }; }'
  before=$(wan_dmz)
  gen=$(stat generation)
  watch l01 web fw:wan1 fw:wan2
  # four kinds by turns, each of another source port, so that each is judged as a new flow
  { while [ ! -e "$T/l01-end" ]; do printf "udp ${A4[web]} %d\n" 7001 7002 7003 7004; sent=$((sent + 1)); done
    echo $sent > "$T/l01-sent"; } | send ext2 -g 400 udp - & p=$!
  while [ $n -lt $swaps ]; do
    zf -q apply "$T/b" || miss "swap to B"; zf -q apply "$T/a" || miss "swap to A"; n=$((n + 2))
  done
  touch "$T/l01-end"; wait $p; rm -f "$T/l01-end"
  unwatch l01 1
  on web nft delete table inet sink
  is "generations" $(($(stat generation) - gen)) "$swaps"
  p=$(seen l01 "^web I 4 17 ${A4[ext2]} [^ ]+ [0-9]+ 7001 "); q=$(seen l01 "^web I 4 17 ${A4[ext2]} [^ ]+ [0-9]+ 7002 ")
  x=$(seen l01 "^web I 4 17 ${A4[ext2]} [^ ]+ [0-9]+ 7003 ")
  is "what neither allows" "$(seen l01 "^web I 4 17 ${A4[ext2]} [^ ]+ [0-9]+ 7004 ")" 0
  at_least "packets of each kind" "$x" 100
  is "what both allow, all of it" "$x" "$(cat "$T/l01-sent")"
  # of p and q one passes at each moment: neighbours between which a swap falls may be one more or less
  at_least "p was allowed at times" "$p" 10; at_least "q was allowed at times" "$q" 10
  at_least "p + q are as many as x, but for one a swap" "$swaps" $((p + q > x ? p + q - x : x - p - q))
  # what else came that way was late: a retransmission of an earlier case
  n=$(seen l01 "^fw:wan[12] I [46] [0-9]+ [^ ]+ (198\\.18\\.3\\.|2001:2:0:3:)")
  at_least "packets that came" "$n" $((4 * x))
  is "each packet was counted once" $(($(wan_dmz) - before)) "$n"
  is "the rule that stays counted all of x" "$(zf -j show rules | tr '{' '\n' | grep '"name":"x"' | sed 's/.*"packets":\([0-9]*\).*/\1/')" "$x"
  apply "$P0"
}
wan_dmz() { zf -j show matrix | tr '{' '\n' | grep '"from":"wan","to":"dmz"' | sed -n 's/.*"packets":\([0-9]*\).*/\1/p'; }
# L04: sixteen writers at once, each with the generation it read: no change is lost, no half is seen
L04() {
  local i ok=0 gen p=() rc
  apply "$P0" || return
  gen=$(stat generation)
  for ((i = 0; i < 16; i++)); do
    zf -q rule add from mgmt to wan accept tcp dport $((1000 + i)) name w$i > "$T/w$i" 2>&1 & p[i]=$!
  done
  for ((i = 0; i < 16; i++)); do
    wait "${p[i]}"; rc=$?
    if [ $rc = 0 ]; then ok=$((ok + 1))
    else is "a writer that lost is told" "$rc $(grep -c 'generation' "$T/w$i")" "1 1"; fi
  done
  at_least "writers that won" "$ok" 8
  is "one rule for each of them" "$(zf export | grep -cE 'name w[0-9]+$')" "$ok"
  is "one generation for each of them" $(($(stat generation) - gen)) "$ok"
  # whole policies: the result is one writer's, and each export on the way is some writer's
  for ((i = 0; i < 16; i++)); do
    echo "$ZONES wan -> dmz { $(for ((n = 0; n < 20; n++)); do echo "accept tcp dport $((i * 100 + n + 1)) dst web$i"; done)
default drop }
let web$i = 198.18.3.$i" > "$T/p$i"
    zf -q apply "$T/p$i" > "$T/w$i" 2>&1 & p[i]=$!
  done
  ok=0
  for ((n = 0; n < 5; n++)); do zf export > "$T/e$n" 2>/dev/null; done
  for ((i = 0; i < 16; i++)); do wait "${p[i]}" && ok=$((ok + 1)); done
  at_least "appliers that won" "$ok" 2
  zf export > "$T/e5"
  for n in 0 1 2 3 4 5; do
    i="$(grep -c 'dst web[0-9]' "$T/e$n") $(grep -oE 'dst web[0-9]+' "$T/e$n" | sort -u | wc -l)"
    case "$n $i" in
      ?" 20 1") pass;;
      [0-4]" 0 0") pass;;	# still the policy before
      *) miss "export $n mixes writers: $i";;
    esac
  done
  apply "$P0"; tcp_ok ext1 web 80; blocked tcp ext1 web 22
}
uptime_ms() { awk '{ print int($1 * 1000) }' /proc/uptime; }
# L06: writers that are killed at any moment leave the old or the new policy, and no lock
L06() {
  local i d old new t0 ms killed=0
  apply "$P0" || return
  old=$(stat digest)
  { echo "$P0"; echo "mgmt -> wan {"; for ((i = 0; i < 1500; i++)); do echo "accept tcp dport $((i + 1)) dst 198.18.$((i / 250)).$((i % 250))"; done; echo "}"; } > "$T/big"
  zf -q apply "$T/big" || { miss "the large policy"; return; }
  new=$(stat digest)
  zf -q apply - <<< "$P0"
  t0=$(uptime_ms); zf -q apply "$T/big"; ms=$(($(uptime_ms) - t0)); zf -q apply - <<< "$P0"
  for ((i = 0; i < 16; i += ${SLOW:+2} + 1)); do
    fw timeout -s KILL "$(awk -v m=$ms -v i=$i 'BEGIN { printf "%.3f", m * (0.1 + i * 0.03) / 1000 }')" zonefw -q apply "$T/big" 2>/dev/null || killed=$((killed + 1))
    d=$(stat digest)
    [ "$d" = "$old" ] || [ "$d" = "$new" ] && pass || miss "round $i: digest $d is neither"
    fw timeout 10 zonefw -q rule add from mgmt to wan accept udp dport 5 || miss "round $i: the next writer was refused or had to wait"
    zf -q apply - <<< "$P0" || miss "round $i: apply"
  done
  at_least "writers killed" "$killed" 2
  is "old policy" "$(stat digest)" "$old"
  tcp_ok ext1 web 80
}

# idle connections that lost their permission end by themselves; others stay, also over more changes than one
SWEEPPOL="$ZONES$LETS"'set guests { 198.18.9.11, 2001:2:0:9::11 }
int -> wan { masquerade; accept udp dport 7777, 53, 123 }
wan -> dmz { publish udp dport 5353 to rp:53; accept udp dport 123 src @guests }
self -> any { default accept }'
idle() { # FROM FAM DST DPORT SPORT: a UDP exchange, and then silence
  send "$1" -S "$5" -l 5 udp "$3" "$4"
}
known() { fw conntrack -L -f "ipv$1" -p udp --orig-port-src "$2" 2>/dev/null | wc -l; }
SWEEP() {
  local f p cut
  apply "$SWEEPPOL" || return
  udp_waits 600 600
  fw conntrack -F > /dev/null 2>&1; zf stats reset
  for f in 4 6; do
    idle pc $f "$(addr $f ext1)" 7777 4500; idle pc $f "$(addr $f ext1)" 53 4501
    idle ext2 $f "$(fwaddr $f wan)" 5353 4502; idle ext1 $f "$(addr $f web)" 123 4503
  done
  for f in 4 6; do for p in 4500 4501 4502 4503; do is "v$f: $p is open" "$(known $f $p)" 1; done; done
  # twice what changes nothing for them, then what does
  zf rule add from int to dmz accept icmp > /dev/null; swept
  zf rule add from int to dmz accept sctp > /dev/null; swept
  is "none is cut so far" "$(stat sweep_cut)" 0
  printf '%s\n' "${SWEEPPOL/7777, /}" > "$T/sweep.conf"
  is "diff --flows knows what is translated" "$(zf diff --flows "$T/sweep.conf" | grep '^cut' | grep -vc ' sport 4500 ')" 0
  apply "${SWEEPPOL/7777, /}" || return
  for f in 4 6; do wait_for "v$f: the idle one ends" 20 gone $f 4500; done
  swept
  for f in 4 6; do for p in 4501 4502 4503; do is "v$f: $p is still open" "$(known $f $p)" 1; done; done
  zf set del guests "${A4[ext1]}, 2001:2:0:9::11" > /dev/null
  for f in 4 6; do wait_for "v$f: a member that goes" 20 gone $f 4503; is "v$f: no other" "$(known $f 4501)" 1; done
  swept
  is "counted" "$(stat sweep_cut)" 4
  at_least "looked at" "$(stat swept)" 8
  is "progress" "$(stat sweep_progress)" 100
  at_least "the cache knows some" "$(stat cache_used)" 8
  cut=$(stat sweep_cut)
  apply "options { rematch off }
${SWEEPPOL/7777, 53, /}" || return
  sleep 1
  for f in 4 6; do is "v$f: rematch off leaves it" "$(known $f 4501)" 1; done
  is "and cuts nothing" "$(stat sweep_cut)" "$cut"
  udp_waits
  fw conntrack -F > /dev/null 2>&1
  apply "$P0"
}
gone() { [ "$(known "$1" "$2")" = 0 ]; }
# the next packet after a change of a set is judged by it, also when a sweep has kept the flow before
SWEPT() {
  apply "$SWEEPPOL" || return
  fw conntrack -F > /dev/null 2>&1
  idle ext1 4 "${A4[web]}" 123 4503
  zf rule add from int to dmz accept icmp > /dev/null; swept
  watch swept web; idle ext1 4 "${A4[web]}" 123 4503; unwatch swept
  is "twin: it flows" "$(seen swept "I 4 17 ${A4[ext1]} .* 4503 123 ")" 1
  zf rule add from int to dmz accept sctp > /dev/null; swept
  watch swept web
  zf set del guests "${A4[ext1]}"; idle ext1 4 "${A4[web]}" 123 4503
  unwatch swept
  is "none after its source has left the set" "$(seen swept "I 4 17 ${A4[ext1]} .* 4503 123 ")" 0
  fw conntrack -F > /dev/null 2>&1
  apply "$P0"
}
# a copy of a first packet that comes by another leg never makes a flow that one's
TAKEN() {
  local p='zone wan { dev wan* }
zone dmz { dev dmz* }
zone int { dev int* }
int, dmz -> wan { accept udp dport 7778 }
self -> any { default accept }'
  apply "$p" || return
  fw conntrack -F > /dev/null 2>&1
  send pc -S 4504 -l 5 udp "${A4[ext1]}" 7778
  apply "$p zone more { dev more }" || return	# zones are others now: the cache knows it no more
  watch taken ext1 pc
  send web -s "${A4[pc]}" -S 4504 -l 5 udp "${A4[ext1]}" 7778
  send ext1 -S 7778 -l 5 udp "${A4[pc]}" 4504
  unwatch taken
  is "twin: the copy arrives" "$(seen taken "^ext1 I 4 17 ${A4[pc]} .* 4504 7778 ")" 1
  is "the answer goes to whom the flow belongs" "$(seen taken "^pc I 4 17 ${A4[ext1]} .* 7778 4504 ")" 1
  # an answer from a leg its source is not behind is none, though a flow of the two zones would be permitted
  apply "$p int -> dmz { accept udp dport 7778 }" || return
  watch taken pc
  send web -s "${A4[ext1]}" -S 7778 -l 5 udp "${A4[pc]}" 4504
  unwatch taken
  is "an answer from elsewhere" "$(seen taken "^pc I 4 17 ${A4[ext1]} .* 7778 4504 ")" 0
  watch taken pc
  send ext1 -S 7778 -l 5 udp "${A4[pc]}" 4504
  unwatch taken
  is "twin: the true one" "$(seen taken "^pc I 4 17 ${A4[ext1]} .* 7778 4504 ")" 1
  fw conntrack -F > /dev/null 2>&1
  apply "$P0"
}
swept() { wait_for "the end of the sweep" 20 sweep_ended; }
sweep_ended() { [ "$(stat sweep_progress)" = 100 ]; }

# the figures of one line of the tool live, by their word: "lost 0" -> 0
figure() { sed -n "s/.*$1 \(-\{0,1\}[0-9]*\).*/\1/p" "$T/live" | head -1; }
# permission taken and given back, again and again: nothing of the flow arrives after the answer but what was behind the
# hook already, and another flow loses nothing
C03() {
  local n=${ROUNDS:-25}
  apply "$ZONES
wan -> dmz { accept udp dport 7100 dst ${A4[web]} src ${A4[ext2]}; accept udp dport 7100 name taken; default drop }
self -> any { default accept }" || return
  fw conntrack -F > /dev/null 2>&1
  live revoke "$n" ext1 ext2 web "${A4[web]}" 7100 "nsenter --net=/run/netns/fw zonefw rule del taken" \
    "nsenter --net=/run/netns/fw zonefw -q rule add from wan to dmz accept udp dport 7100 name taken" > "$T/live" 2>&1
  is "the tool" "$? $(grep -c sent "$T/live")" "0 1"
  sed 's/^/# /' "$T/live"
  is "lost by the flow that may" "$(figure lost)" 0
  is "reordered" "$(figure reordered)" 0
  is "arrived more than 50 ms after the answer" "$(($(figure worst) > 50000))" 0
  apply "$P0"
}
# packets at 7003, which the policies $T/a and $T/b both let pass, and at 7004, which neither does, while the two take turns
by_turns() {
  live mixed "${PACKETS:-10000}" ext2 web "${A4[ext2]}" "${A4[web]}" "nsenter --net=/run/netns/fw zonefw -q apply $T/b" \
    "nsenter --net=/run/netns/fw zonefw -q apply $T/a" > "$T/live" 2>&1
  is "the tool" "$? $(grep -c swaps "$T/live")" "0 1"
  sed 's/^/# /' "$T/live"
  is "lost of what both allow" "$(figure lost)" 0
  is "passed of what neither allows" "$(figure passed)" 0
  at_least "swaps meanwhile" "$(figure swaps)" 3
}
# a policy is old or new, and never something between
L01M() {
  printf '%s\n' "$ZONES wan -> dmz { accept udp dport 7001; accept udp dport 7003; default drop }" > "$T/a"
  printf '%s\n' "$ZONES zone late { dev nosuch* }
any -> any { drop udp dport 7004, 7100 }
wan -> dmz { drop udp dport 7001; accept udp dport 7003-7003; default reject }" > "$T/b"
  apply "$(cat "$T/a")" || return
  by_turns
  fw conntrack -F > /dev/null 2>&1
  apply "$P0"
}

# L01 with sets: members come and go with the policy whose text names them, not before and not after; many others lie
# between the first and the last of them
L01S() {
  local filler
  filler="set filler { $(awk 'BEGIN { for (i = 0; i < 20000; i++) printf "%s10.77.%d.%d", i ? ", " : "", i / 250, i % 250 }') }"
  # both let ext2 in at 7003: by the set, by its address. Neither does at 7004: it is not in the set, or refused for being in it
  printf '%s\n' "$ZONES set ins { ${A4[ext2]}, 192.88.1.1 } set outs { 192.88.1.1 } $filler
wan -> dmz { drop src @filler; accept udp dport 7003 src @ins; accept udp dport 7004 src @outs; default drop }" > "$T/a"
  printf '%s\n' "$ZONES set ins { 192.88.1.1 } set outs { ${A4[ext2]} } $filler
wan -> dmz { drop src @filler; accept udp dport 7003 src ${A4[ext2]}
drop udp dport 7004 src @outs, @ins; accept udp dport 7004; default drop }" > "$T/b"
  apply "$(cat "$T/a")" || return
  fw conntrack -F > /dev/null 2>&1
  by_turns
  # and what the sets hold afterwards is what the text in force says
  zf -q apply "$T/b"
  zf set test outs "${A4[ext2]}" > /dev/null && pass || miss "named, and not in"
  zf set test ins "${A4[ext2]}" > /dev/null && miss "not named any more, and in"
  is "members" "$(zf -j show sets | tr '{' '\n' | sed -n 's/.*"name": *"\(ins\|outs\|filler\)".*"members": *\([0-9]*\).*/\1 \2/p' | sort | tr '\n' ' ')" \
    "filler 20000 ins 1 outs 1 "
  fw conntrack -F > /dev/null 2>&1
  apply "$P0"
}

# C07: denied and permitted again within a second: the connection goes on if its ends still live, and nothing denies for good
C07() {
  local f n was
  for f in 4 6; do
    apply "$P0" || return
    flow_on back ext1 $f "$(addr $f web)" 80
    until_true connected "$f" 80 && pass || miss "v$f: no stream"
    apply "${P0/80, 443 dst web/443 dst web}"; apply "$P0"
    sleep 4
    going back
    was=$(all_cut)
    apply "${P0/80, 443 dst web/443 dst web}"
    until_true cut_beyond "$was" && pass || miss "v$f: a change that stays does not cut"
    silent back web
    apply "$P0"
    flow_off back
    is "v$f: and a new one" "$(tcp ext1 "$(addr $f web)" 80)" open
    n=$(fw conntrack -L -f ipv$f -p tcp --dport 80 2> /dev/null | grep -c 'SYN_SENT')
    is "v$f: half-open ones left" "$n" 0
  done
}
# by their next packet or by the sweep, whichever comes first
all_cut() { echo $(($(stat rematched) + $(stat sweep_cut))); }
cut_beyond() { [ "$(all_cut)" -gt "$1" ]; }

# many set changes a second do not make every packet of every flow a classification
C12() {
  local flows=${FLOWS:-2000} seconds=${LONG:-8} before again est list
  apply "$ZONES
set banned max 1000 { }
wan -> dmz { drop src @banned; accept udp dport 7777 }
self -> any { default accept }" || return
  fw conntrack -F > /dev/null 2>&1
  udp_waits 600 600
  on ext1 nft 'table inet sink { chain in { type filter hook prerouting priority -300; udp sport 7777 drop; }; }'
  most_open() {
    live many "$flows" 4 ext1 203.0.0.1 "${A4[web]}" 7777 true > /dev/null	# each has its answer then
    [ "$(fw conntrack -C)" -ge $((flows * 9 / 10)) ]
  }
  UNTIL=120 until_true most_open && pass || miss "open flows: $(fw conntrack -C) of $flows"
  again=$(stat reclassified) est=$(stat established)
  list=$(echo 192.88.1.{1..20} | tr ' ' ,)
  live many "$flows" "$seconds" ext1 203.0.0.1 "${A4[web]}" 7777 "nsenter --net=/run/netns/fw zonefw -q set add banned $list &&
    nsenter --net=/run/netns/fw zonefw -q set del banned $list" > "$T/live" 2>&1
  is "the tool" $? 0
  again=$(($(stat reclassified) - again)) est=$(($(stat established) - est))
  echo "# $flows flows, $(($(figure runs) * 40 / seconds)) set changes a second: of $est packets $again were classified again"
  at_least "packets of open flows" "$est" 1000
  at_least "set changes" "$(($(figure runs) * 40))" 100
  at_least "of ten packets nine need no rule" $((est - again)) $((est * 9 / 10))
  on ext1 nft delete table inet sink
  fw conntrack -F > /dev/null 2>&1
  udp_waits
  apply "$P0"
}
