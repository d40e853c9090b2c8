# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# odd.sh: packets that are not what they should be (E08), payloads that lie (E11), a proxy that dies (A07).

# A batch: every packet has a source port of its own, nothing of it may arrive, and at the end the counters of the
# reasons have risen by what was sent for each.
declare -A FATE WANT
batch() { # starts one
  local r
  FATE=() PORT=2000
  for r in invalid spoofed dropped; do WANT[$r]=$(stat $r); done
  watch fate web
}
# fate REASON|kernel NAME COUNT SEND-ARGS...: kernel: the kernel itself drops them, before or after the firewall
fate() {
  local reason=$1 n=$3
  PORT=$((PORT + 1)); FATE[$PORT]="$2${PAGED:+, paged}"; shift 3
  [ "$reason" = kernel ] || { WANT[$reason]=$((WANT[$reason] + n)); WANT[dropped]=$((WANT[dropped] + n)); }
  # shellcheck disable=SC2086
  send ext2 $PAGED -c "$n" -S $PORT "$@"
}
batch_end() { # NAME
  local p r
  unwatch fate
  # a head that is cut off has no ports: so all that came from ext2 is looked at
  p=$(awk -v a="${A4[ext2]}" -v b="${A6[ext2]}" '$2 == "I" && ($5 == a || $5 == b) { print $7 }' "$T/seen-fate" | sort -u)
  for r in $p; do miss "$1: ${FATE[$r]:-source port $r} arrived at web"; done
  # others may send as well: what is left of flows that an earlier case cut
  for r in invalid spoofed dropped; do at_least "$1: counted $r" "$(stat $r)" "${WANT[$r]}"; done
}
E08_family() { # FAM
  local f=$1 d n p
  d=$(addr "$f" web)
  batch
  if [ "$f" = 4 ]; then
    fate kernel "IHL 4" 3 -b ihl4 tcp "$d" 80
    fate kernel "bad header sum" 3 -b ipsum tcp "$d" 80
    fate kernel "wrong version" 3 -b version tcp "$d" 80
  fi
  # a paged frame is filled up to a page: there the 400 bytes exist
  [ -n "$PAGED" ] || fate kernel "length beyond the frame" 3 -b longlen tcp "$d" 80
  fate invalid "TCP offset 3" 3 -b tcpoff tcp "$d" 80
  fate invalid "bad TCP sum" 3 -b l4sum tcp "$d" 80
  fate invalid "bad UDP sum" 3 -b l4sum -l 8 udp "$d" 53
  fate invalid "bad ICMP sum" 3 -b l4sum icmp "$d"
  fate invalid "UDP length" 3 -b udplen -l 20 udp "$d" 53
  fate spoofed "source = destination" 3 -s "$d" tcp "$d" 80
  # the IP header is right and says how little there is
  for p in tcp:20 udp:8 icmp:8 sctp:12; do
    for ((n = 0; n < ${p#*:}; n++)); do fate invalid "${p%:*} of $n bytes" 1 -b "short$n" "${p%:*}" "$d" 80; done
  done
  batch_end "v$f${PAGED:+ paged}"
  # too old to be forwarded: answered by the kernel, not passed on
  watch ttl web ext2
  # shellcheck disable=SC2086
  for n in 0 1; do send ext2 $PAGED -t $n -S 2999 tcp "$d" 80; done
  unwatch ttl
  is "v$f${PAGED:+ paged}: TTL 0 and 1 at web" "$(seen ttl "^web I $f 6 [^ ]+ [^ ]+ 2999 ")" 0
  at_least "v$f${PAGED:+ paged}: time exceeded comes back" "$(seen ttl "^ext2 I $f (1|58) [^ ]+ [^ ]+ $([ "$f" = 4 ] && echo 11 || echo 3) 0 ")" 1
}
E08() {
  local f n PAGED
  apply "$P0 wan -> dmz {
accept udp dport 53 dst web
accept proto 132 dst web
accept icmp dst web
accept icmpv6 dst web
accept udp dport 80 dst web }" || return
  on ext2 ip link set eth0 mtu 9000; fw ip link set wan2 mtu 9000
  for PAGED in '' -n; do
    for f in 4 6; do E08_family $f; done
    # the twin: whole packets of the same kinds, as paged as the others
    watch twin web
    # shellcheck disable=SC2046,SC2086
    for f in 4 6; do for n in tcp udp sctp icmp; do send ext2 $PAGED -c 5 -l $([ $n = sctp ] && echo 0 || echo 8) -S 913 "$n" "$(addr $f web)" "$([ $n = icmp ] && echo 0 || echo 80)"; done; done
    unwatch twin
    is "whole packets${PAGED:+, paged}: TCP" "$(seen twin "^web I [46] 6 (${A4[ext2]}|${A6[ext2]}) [^ ]+ 913 80 2 ")" 10
    is "whole packets${PAGED:+, paged}: UDP, SCTP" "$(seen twin "^web I [46] (17|132) (${A4[ext2]}|${A6[ext2]}) [^ ]+ 913 80 ")" 20
    is "whole packets${PAGED:+, paged}: echo" "$(seen twin "^web I [46] (1|58) (${A4[ext2]}|${A6[ext2]}) [^ ]+ (8|128) 0 ")" 10
  done
  # cut off on the wire at every byte: only the whole ones arrive
  watch cut web
  for ((n = 1; n < 64; n++)); do send ext2 -b cut$n -S 912 tcp "${A4[web]}" 80; send ext2 -b cut$n -S 912 tcp "${A6[web]}" 80; done
  unwatch cut
  is "cut at every byte: whole ones, and others" "$(seen cut "^web I [46] 6 [^ ]+ [^ ]+ 912 80 2 ") $(seen cut "^web I [46] [0-9]+ (${A4[ext2]}|${A6[ext2]}) [^ ]+ 0 ")" "28 0"
  on ext2 ip link set eth0 mtu 1500; fw ip link set wan2 mtu 1500
  tcp_ok ext2 web 80
  apply "$P0"
}
# what conntrack calls invalid is dropped, or with 'invalid accept' judged by the matrix as what opens a connection is
E08I() {
  local f how b want
  for how in drop accept; do
    want=$([ $how = drop ] && echo 0 || echo 3)
    apply "$ZONES$LETS
options { invalid $how }
wan -> dmz { accept tcp dport 80 dst web }" || return
    is "the option" "$(zf show options | grep -c "invalid $how")" 1
    b=$(stat invalid)
    watch inv web
    for f in 4 6; do
      send ext1 -b l4sum -c 3 -S 2998 tcp "$(addr $f web)" 80
      send ext1 -b l4sum -c 3 -S 2998 tcp "$(addr $f web)" 81
      is "twin v$f" "$(tcp ext1 "$(addr $f web)" 80 3000)" open
    done
    unwatch inv 0.2
    for f in 4 6; do
      is "$how v$f: where a rule accepts" "$(seen inv "^web I $f 6 [^ ]+ [^ ]+ 2998 80 ")" "$want"
      is "$how v$f: where none does" "$(seen inv "^web I $f 6 [^ ]+ [^ ]+ 2998 81 ")" 0
    done
    if [ $how = drop ]; then at_least "counted invalid" $(($(stat invalid) - b)) 12
    else is "counted invalid" $(($(stat invalid) - b)) 0; fi
  done
  apply "$P0"
}

# E11: payload that asks for a connection back, to helpers that nobody assigned
E11() {
  local port cmd b
  apply "$P0" || return
  # shellcheck disable=SC2034
  modprobe -a nf_conntrack_ftp nf_conntrack_sip nf_conntrack_irc || { SKIP="no helper modules"; return; }
  nsenter --net=/run/netns/pc pkt serve tcp:51201 & echo $! > "$T/e11"
  for port in 21 5060 6667; do nsenter --net=/run/netns/ext1 pkt serve tcp:$port udp:$port & echo $! >> "$T/e11"; done
  sleep 0.5
  for port in 21 80; do
    cmd='PORT 198,18,2,50,200,1\r\n'
    on pc bash -c "exec 3<>/dev/tcp/${A4[ext1]}/$port; printf '$cmd' >&3; read -r -t 5 x <&3; echo \$x" > "$T/echo"
    is "the payload arrived at port $port" "$(tr -d '\r' < "$T/echo")" "PORT 198,18,2,50,200,1"
  done
  on pc bash -c "exec 3<>/dev/tcp/${A4[ext1]}/6667; printf 'PRIVMSG x :\001DCC SEND f 3323068978 51201\001\r\n' >&3; read -r -t 5 x <&3"
  printf 'INVITE sip:a@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060\r\nContact: <sip:b@%s:51201>\r\nContent-Length: 0\r\n\r\n' \
    "${A4[ext1]}" "${A4[pc]}" "${A4[pc]}" | on pc socat -t1 - "UDP:${A4[ext1]}:5060" > /dev/null
  is "expectations" "$(fw conntrack -L expect 2>/dev/null | wc -l)" 0
  b=$(stat dropped)
  blocked tcp ext1 pc 51201; blocked tcp ext2 pc 51201
  at_least "refusals counted" $(($(stat dropped) - b)) 4
  apply "$P0 wan -> int { accept tcp dport 51201 dst 198.18.2.50 }" || return
  is "twin: with a rule the port is open" "$(tcp ext1 "${A4[pc]}" 51201)" open
  apply "$P0"
  while read -r port; do kill "$port"; wait "$port" 2>/dev/null; done < "$T/e11"
  modprobe -r nf_conntrack_ftp nf_conntrack_sip nf_conntrack_irc
}

# A07: a reverse proxy: relayed yes, direct no, and with the proxy down nothing falls through
A07() {
  local p
  apply "$P0 wan -> dmz { accept tcp dport 4443 dst rp }" || return
  nsenter --net=/run/netns/rp socat TCP6-LISTEN:4443,reuseaddr,fork,ipv6only=0 "TCP:${A4[app]}:8443" & p=$!
  until on rp bash -c "exec 3<>/dev/tcp/127.0.0.1/4443" 2>/dev/null; do sleep 0.1; done
  watch a07 app
  tcp_ok ext1 rp 4443
  unwatch a07
  at_least "app heard from rp" "$(seen a07 "^app I 4 6 ${A4[rp]} ${A4[app]} [0-9]+ 8443 ")" 4
  is "and from nobody else" "$(seen a07 "^app I 4 6 ${A4[ext1]} ")" 0
  blocked tcp ext1 app 8443; blocked tcp ext1 app 4443
  kill $p; wait $p 2>/dev/null
  watch a07 app
  is "proxy down" "$(tcp ext1 "${A4[rp]}" 4443) $(tcp ext1 "${A6[rp]}" 4443)" "refused refused"
  unwatch a07
  is "proxy down: packets at app" "$(seen a07 "^app I [46] ")" 0
  tcp_ok rp app 8443
  apply "$P0"
}
