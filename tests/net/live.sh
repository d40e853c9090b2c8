# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# live.sh: what changes under one policy: named sets, rates, times (issue 4; C05, E11, N04).

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
  is "the set's own time stays" "$(zf export | grep -c '^set banned timeout 1h { 198.18.9.99 timeout 1h59m')" 1
  zf export | zf apply - > "$T/x" 2>&1; is "export | apply -" "$?" 0
  is "members after it" "$(members allowed) $(members banned | cut -d' ' -f1)" "198.18.9.13 2001:2:0:9::/64 198.18.9.99"
  zf set create mine port timeout 10m max 2; is "create" $? 0
  zf set add mine 1, 2; is "as many as max" $? 0
  zf set add mine 3 > "$T/x" 2>&1; is "one more" "$?$(grep -c 'the set is full' "$T/x")" 11
  zf set add mine 2; is "again, one that is in" $? 0
  is "nothing changed" "$(members mine)" "1 2"
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
