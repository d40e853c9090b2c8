# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# live.sh: what changes under one policy: named sets, rates, times (C05, E11H, W).

# streams FROM TO: a TCP stream of 10 exchanges a second in the background; its count is in $T/stream-FROM
stream_up() { nsenter --net="/run/netns/$1" pkt stream "$(addr "${3:-4}" "$2")" 80 "${4:-200}" 100 > "$T/stream-$1" & echo $! > "$T/stream-$1.pid"; }
stream_end() { kill "$(cat "$T/stream-$1.pid")" 2>/dev/null; wait "$(cat "$T/stream-$1.pid")" 2>/dev/null; }
# flowing HOST HOST...: do packets of the sources still reach web within a second? one word each
flowing() {
  local h out=''
  watch flow web; unwatch flow 1
  for h; do if [ "$(seen flow "I 4 6 $(addr 4 "$h") ")" -gt 0 ]; then out="$out $h"; fi; done
  echo "${out# }"
}
members() { zf -j set show "$1" | tr '{}' '\n\n' | sed -n 's/.*"element":"\([^"]*\)".*/\1/p' | tr '\n' ' ' | sed 's/ $//'; }
PS="$ZONES$LETS"'
set allowed { 198.18.9.11, 198.18.9.12, 2001:2:0:9::/64 }
set banned timeout 1h { }
set open port { 80, 8000-8010 }
any -> any { drop src @banned }
wan -> dmz {
	accept tcp dport @open, 25 src @allowed dst web
	default drop
}
self -> any { default accept }
mgmt -> dmz { accept tcp dport 22 dst ! @banned }
'
W01() { # named sets at run time
  apply "$PS" || return
  local gen
  gen=$(stat generation)
  tcp_ok ext1 web 80; tcp_ok ext2 web 80; blocked tcp ext1 web 443; blocked tcp ext1 mx 80
  zf set add banned 198.18.9.11, 2001:2:0:9::11 timeout 1h > "$T/x" 2>&1; is "set add" "$?$(cat "$T/x")" 0
  blocked tcp ext1 web 80; tcp_ok ext2 web 80
  is "members" "$(members banned)" "198.18.9.11 2001:2:0:9::11"
  zf set test banned 198.18.9.11; is "test, in" $? 0
  zf set test banned 198.18.9.12; is "test, not in" $? 1
  zf set test allowed 2001:2:0:9::aaaa; is "test, under a prefix" $? 0
  zf set test allowed 2001:2:0:9::/80; is "test, a prefix under a prefix" $? 0
  zf set test allowed 2001:2:0:8::/64; is "test, a prefix beside it" $? 1
  zf set del banned 198.18.9.13 > "$T/x" 2>&1; is "del of what is not there" $? 1
  is "the kernel's sentence" "$(grep -c 'not a member of the set' "$T/x")" 1
  zf set add banned 80 > "$T/x" 2>&1; is "a port among addresses" $? 1
  zf set add nosuch 198.18.9.13 > "$T/x" 2>&1; is "no such set" "$?$(grep -c "no set 'nosuch'" "$T/x")" 11
  zf set del banned 198.18.9.11, 2001:2:0:9::11; is "set del" $? 0
  tcp_ok ext1 web 80
  zf set add open 443, 20-30; is "ports" "$(members open)" "20-30 80 443 8000-8010"
  tcp_ok ext1 web 443; tcp_ok ext1 web 22; blocked tcp ext1 web 5432
  zf set flush open; blocked tcp ext1 web 80; tcp_ok ext1 web 25
  is "members after flush" "$(members open)" ''
  is "a range as a range" "$(zf set add banned 198.18.9.20-198.18.9.30; members banned)" 198.18.9.20-198.18.9.30
  zf set test banned 198.18.9.25; is "inside the range" $? 0
  zf set test banned 198.18.9.31; is "outside of it" $? 1
  zf explain from mgmt to dmz tcp src "${A4[adm]}" dst 198.18.9.25 dport 22 --expect drop > /dev/null; is "explain, negated set" $? 0
  zf set flush banned
  is "the policy was not touched" "$(stat generation)" "$gen"
  zf explain from mgmt to dmz tcp src "${A4[adm]}" dst "${A4[web]}" dport 22 --expect accept > /dev/null; is "explain, outside the set" $? 0
}
W02() { # sets and policies: members kept, members of the file, create and destroy
  apply "$PS" || return
  zf set add banned 198.18.9.99 timeout 2h
  zf set del allowed 198.18.9.12
  apply "$PS $(printf '%s\n' '' 'int -> dmz { accept icmp }')" || return
  is "run-time member after apply" "$(members banned | cut -d' ' -f1)" 198.18.9.99
  is "deleted member after apply" "$(members allowed)" "198.18.9.11 2001:2:0:9::/64"
  apply "$(printf '%s' "$PS" | sed 's/198.18.9.11, 198.18.9.12, /198.18.9.13, /')" || return
  is "members of the new file" "$(members allowed)" "198.18.9.13 2001:2:0:9::/64"
  is "export holds what is in" "$(zf export | tr -d '\n ' | grep -c 'setallowed{198.18.9.13,2001:2:0:9::/64}')" 1
  is "the set's own time stays" "$(zf export | grep -cE '^set banned timeout 1h { 198.18.9.99 timeout (2h|1h59m)')" 1
  zf export | zf apply - > "$T/x" 2>&1; is "export | apply -" "$?" 0
  is "members after it" "$(members allowed) $(members banned | cut -d' ' -f1)" "198.18.9.13 2001:2:0:9::/64 198.18.9.99"
  zf set create mine port timeout 10m max 2; is "create" $? 0
  zf set add mine 1, 2; is "as many as max" $? 0
  zf set add mine 3 > "$T/x" 2>&1; is "one more" "$?$(grep -c 'the set is full' "$T/x")" 11
  zf set add mine 2; is "again, one that is in" $? 0
  is "nothing changed" "$(members mine)" "1 2"
  zf export | sed 's/max 2/max 5/' > "$T/more.conf"; is "twin: the file says more" "$(grep -c 'max 5' "$T/more.conf")" 1
  zf apply -n "$T/more.conf"; is "a rehearsal" $? 0
  zf set add mine 3 > "$T/x" 2>&1; is "makes no room" "$?$(grep -c 'the set is full' "$T/x")" 11
  zf set destroy banned > "$T/x" 2>&1; is "destroy of one in use" "$?$(grep -c 'used by a rule' "$T/x")" 11
  zf set destroy mine; is "destroy" "$? $(zf show sets | grep -c mine)" "0 0"
}
W03() { # members expire, and the open connection with them
  apply "$PS" || return
  zf set flush allowed
  zf set add allowed 198.18.9.11 timeout 8s; zf set add allowed 198.18.9.12
  stream_up ext1 web; stream_up ext2 web
  is "both flow" "$(flowing ext1 ext2)" "ext1 ext2"
  local i
  for ((i = 0; i < 60; i++)); do zf set test allowed 198.18.9.11 || break; sleep 0.5; done
  is "expired" "$(members allowed)" 198.18.9.12
  sleep 2
  is "who flows after it" "$(flowing ext1 ext2)" ext2
  stream_end ext1; stream_end ext2
}
C05() { # host leaves a group, another comes: open connections obey, the other one loses nothing
  apply "$PS" || return
  stream_up ext1 web; stream_up ext2 web 4 60
  is "both flow" "$(flowing ext1 ext2)" "ext1 ext2"
  zf set del allowed 198.18.9.11
  is "after one left the group" "$(flowing ext1 ext2)" ext2
  stream_end ext1
  wait "$(cat "$T/stream-ext2.pid")"; is "the other's exchanges" "$(cat "$T/stream-ext2")" 60
  zf set add allowed 198.18.9.11; tcp_ok ext1 web 80
  stream_up ext1 web
  is "flows again" "$(flowing ext1)" ext1
  zf set add banned 198.18.9.11
  is "after a ban" "$(flowing ext1)" ''
  zf set flush banned
  stream_end ext1
}
W04() { # many members, and many changes a second while flows run
  local i n=${MANY:-20000} t0 t1 before
  apply "$PS
set many max 1100000 { }
int -> dmz { accept tcp dport 80 src ! @many dst web }" || return
  stream_up pc web 4 80; stream_up ext2 web 4 80
  for ((i = 0; i < n; i += 5000)); do
    seq $i $((i + 4999)) | awk '{ printf "%s%d.%d.%d.%d", (NR > 1) ? "," : "", 100 + int($1 / 16777216), int($1 / 65536) % 256, int($1 / 256) % 256, $1 % 256 }' > "$T/m"
    zf set add many "$(cat "$T/m")" || { miss "add of 5000 at $i"; break; }
  done
  is "how many" "$(zf -j show sets | grep -o '"name":"many"[^}]*"members":[0-9]*' | grep -o '[0-9]*$')" "$n"
  zf set test many 100.0.77.77; is "one of them" $? 0
  t0=$SECONDS
  before=$(stat rematched)
  for ((i = 0; i < 50; i++)); do zf set add banned 203.0.113.$i; zf set del banned 203.0.113.$i; done
  t1=$SECONDS
  echo "# $n members; 100 changes in $((t1 - t0)) s, cut by them $(($(stat rematched) - before))"
  wait "$(cat "$T/stream-pc.pid")"; wait "$(cat "$T/stream-ext2.pid")"
  is "exchanges of the streams" "$(cat "$T/stream-pc") $(cat "$T/stream-ext2")" "80 80"
  zf set flush many; is "flushed" "$(members many)" ''
  apply "$P0"
}
# opened HOST COUNT SPORT: how many of COUNT datagrams, each of a flow of its own, come through to web
opened() {
  local i
  watch lim web
  for ((i = 0; i < $2; i++)); do send "$1" -S $(($3 + i)) udp "${A4[web]}" 7777; done
  unwatch lim
  seen lim "I 4 17 $(addr 4 "$1") [^ ]+ [0-9]+ 7777 "
}
W11() { # limit
  local i r
  apply "$ZONES$LETS"'
wan -> dmz {
	accept udp dport 7777 dst web limit 1/hour burst 3 per src name lim
	accept tcp dport 80 dst web limit 1/hour burst 4
}' || return
  is "burst of one source" "$(opened ext1 8 5001)" 3
  is "burst of another" "$(opened ext2 8 5001)" 3
  is "again" "$(opened ext1 4 5101)" 0
  watch w11 web
  stream_up ext1 web
  is "flows" "$(flowing ext1)" ext1
  for ((i = 0; i < 5; i++)); do r=$(tcp ext2 "${A4[web]}" 80 1500); [ "$r" = open ] || break; done
  is "at last" "$r" timeout	# a SYN that a slow machine sent twice is two of the four
  unwatch w11
  is "requests that passed" "$(seen w11 "^web I 4 6 .* 80 2 ")" 4
  zf rule add from int to dmz accept icmp > /dev/null	# a new generation: the open one is judged again
  is "still flows, the rate being spent" "$(flowing ext1)" ext1
  is "the rate is kept over a change" "$(opened ext1 4 5201)" 0
  zf explain from wan to dmz udp src "${A4[ext1]}" dst "${A4[web]}" dport 7777 > "$T/x"
  is "explain takes it to hold and says so" "$(grep -cE '^(verdict +accept|note .*limit)' "$T/x")" 2
  stream_end ext1
}
W12() { # conns
  apply "$ZONES$LETS"'
wan -> dmz { accept tcp dport 80 dst web conns 2 per src }' || return
  stream_up ext1 web; is "first" "$(flowing ext1)" ext1
  nsenter --net=/run/netns/ext1 pkt stream "${A4[web]}" 80 200 100 > /dev/null & local second=$!
  sleep 1
  is "third of ext1" "$(tcp ext1 "${A4[web]}" 80 700)" timeout
  is "first of ext2" "$(tcp ext2 "${A4[web]}" 80 3000)" open
  zf rule add from int to dmz accept icmp > /dev/null
  is "open ones live on" "$(flowing ext1)" ext1
  kill $second; wait $second 2>/dev/null
  local i r=timeout
  for ((i = 0; i < 10 && i >= 0; i++)); do r=$(tcp ext1 "${A4[web]}" 80 1500); [ "$r" != open ] || break; done
  is "after one has ended" "$r" open
  stream_end ext1
}
W13() { # expires
  apply "$ZONES$LETS"'
wan -> dmz { accept tcp dport 25 dst mx }' || return
  zf rule add from wan to dmz accept tcp dport 80 dst web expires 12s name guest > /dev/null; is "rule add" $? 0
  stream_up ext1 web; is "flows" "$(flowing ext1)" ext1
  zf rule add from int to dmz accept icmp > /dev/null	# the time left goes on
  local i
  for ((i = 0; i < 60; i++)); do zf show rules | grep -q guest || break; sleep 0.5; done
  is "gone from the rules" "$(zf show rules | grep -c guest) $(zf export | grep -c guest)" "0 0"
  sleep 1
  is "the open connection is cut" "$(flowing ext1)" ''
  is "and no new one" "$(tcp ext1 "${A4[web]}" 80 700)" timeout
  stream_end ext1
  zf rule add from int to dmz accept udp > /dev/null; is "an edit afterwards" "$?$(zf export | grep -c guest)" 00
}
W14() { # time and days, by a clock that is set
  local back
  back=$(date +%s)
  date -u -s '2026-01-05 07:59:40' > /dev/null	# a Monday
  apply "$ZONES$LETS"'
wan -> dmz { accept tcp dport 80 dst web time 08:00-09:00 days mon-fri
accept tcp dport 25 dst mx time ! 22:00-07:00 }' || return
  is "before its time" "$(tcp ext1 "${A4[web]}" 80 700)" timeout
  is "outside the night" "$(tcp ext1 "${A4[mx]}" 25 3000)" open
  date -u -s '2026-01-05 08:00:05' > /dev/null
  stream_up ext1 web; is "in time" "$(flowing ext1)" ext1
  date -u -s '2026-01-05 08:59:50' > /dev/null
  zf rule add from int to dmz accept icmp > /dev/null
  is "until the end of it" "$(flowing ext1)" ext1
  sleep 12
  is "closing time cuts the open connection" "$(flowing ext1)" ''
  stream_end ext1
  date -u -s '2026-01-04 08:30:00' > /dev/null	# a Sunday
  is "on another day" "$(tcp ext1 "${A4[web]}" 80 700)" timeout
  date -u -s '2026-01-05 23:30:00' > /dev/null
  is "in the night" "$(tcp ext1 "${A4[mx]}" 25 700)" timeout
  date -s "@$back" > /dev/null
}
W15() { # packets fill a set: knocking, bans, the bound
  apply "$ZONES$LETS"'
set knocked timeout 30s { }
set greedy max 2 { }
wan -> dmz {
	continue tcp dport 7000 dst web add src to @knocked
	accept tcp dport 22 dst web src @knocked
	drop udp add src to @greedy timeout 1h
}' || return
  blocked tcp ext1 web 22
  is "knock" "$(tcp ext1 "${A4[web]}" 7000 300)" timeout
  is "who knocked" "$(members knocked | cut -d' ' -f1)" 198.18.9.11
  is "in" "$(tcp ext1 "${A4[web]}" 22 3000)" open
  is "who did not" "$(tcp ext2 "${A4[web]}" 22 700)" timeout
  local i
  for i in 1 2 3 4 5; do send ext1 -s 198.18.9.10$i udp "${A4[web]}" 53; done
  sleep 0.3
  is "as many as max" "$(members greedy | wc -w)" 2
  at_least "refused" "$(zf -j set show greedy | grep -o '"refused":[0-9]*' | grep -o '[0-9]*$')" 3
}
ANNOUNCED=198,18,3,80
ftp_up() { # [ADDRESS]: a server that announces port 8300 of ANNOUNCED, and a client that asks for it
  printf '%s\n' '#!/bin/bash' "printf '220 hi\r\n'; read -r l" \
    "printf '227 Entering Passive Mode ($ANNOUNCED,32,108).\r\n'; read -r l; printf '200 still here\r\n'; sleep 30" > "$T/ftpd"
  chmod +x "$T/ftpd"
  nsenter --net=/run/netns/web socat TCP-LISTEN:21,reuseaddr,fork "EXEC:$T/ftpd" 2> "$T/ftp-err" & echo $! > "$T/ftp"
  nsenter --net=/run/netns/web pkt serve tcp:8300 & echo $! >> "$T/ftp"
  sleep 0.5
  { sleep 0.5; printf 'PASV\r\n'; sleep 3; printf 'NOOP\r\n'; sleep 30; } | nsenter --net=/run/netns/ext1 socat - "TCP:${1:-${A4[web]}}:21" > "$T/ftp-out" 2>/dev/null & echo $! >> "$T/ftp"
  local i
  for ((i = 0; i < 30; i++)); do grep -q 227 "$T/ftp-out" 2>/dev/null && break; sleep 0.2; done
  is "the server has announced a port" "$(grep -c 227 "$T/ftp-out")" 1
}
ftp_down() { local p; while read -r p; do kill "$p" 2>/dev/null; wait "$p" 2>/dev/null; done < "$T/ftp"; fw conntrack -D -p tcp --dport 21 > /dev/null 2>&1; }
HELPER() { # a helper only where a rule assigns it
  modprobe nf_conntrack_ftp
  apply "$ZONES$LETS"' wan -> dmz { accept tcp dport 21 dst web }' || return
  ftp_up
  is "without a helper" "$(tcp ext1 "${A4[web]}" 8300 700)" timeout
  ftp_down
  zf rule add from wan to dmz accept tcp dport 80 helper nosuch > "$T/x" 2>&1
  is "no such helper" "$?$(grep -c 'no such conntrack helper' "$T/x")" 11
  apply "$ZONES$LETS"' wan -> dmz { accept tcp dport 21 dst web helper ftp name ftp }' || return
  ftp_up
  is "another host" "$(tcp ext2 "${A4[web]}" 8300 700)" timeout
  is "another port" "$(tcp ext1 "${A4[web]}" 5432 700)" timeout
  is "the announced port" "$(tcp ext1 "${A4[web]}" 8300 3000)" open
  ftp_down
  # a server that announces another host of the same rule; the helper takes any host when it is 'loose'
  apply "$ZONES$LETS"' wan -> dmz, int { accept tcp dport 21 helper ftp }' || return
  echo Y > /sys/module/nf_conntrack_ftp/parameters/loose
  nsenter --net=/run/netns/db pkt serve tcp:8300 & echo $! > "$T/ftp-db"
  ANNOUNCED=198,18,2,54 ftp_up
  at_least "the other host is announced" "$(fw conntrack -L expect 2> /dev/null | grep -c "dst=${A4[db]} .*dport=8300")" 1
  is "the other host" "$(tcp ext1 "${A4[db]}" 8300 700)" timeout
  ftp_down
  ftp_up
  is "its twin: the same host" "$(tcp ext1 "${A4[web]}" 8300 3000)" open
  ftp_down; kill "$(cat "$T/ftp-db")"
  echo N > /sys/module/nf_conntrack_ftp/parameters/loose
  # translated: the announcement is rewritten, and what comes behind it still fits
  modprobe nf_nat_ftp
  apply "$ZONES$LETS"' wan -> dmz { publish tcp dport 21 to web helper ftp }' || return
  ftp_up "${FW4[wan]}"
  is "the announcement names the published address" "$(grep -c '(198,18,9,1,' "$T/ftp-out")" 1
  is "another host, translated" "$(tcp ext2 "${FW4[wan]}" 8300 700)" timeout
  is "the announced port, translated" "$(tcp ext1 "${FW4[wan]}" 8300 3000)" open
  wait_for "the stream goes on behind it" 20 grep -q 'still here' "$T/ftp-out"
  ftp_down
  apply "$P0"
  rmmod nf_nat_ftp
}
