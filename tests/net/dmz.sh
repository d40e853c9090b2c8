# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# dmz.sh: group A of the cases, the text-book DMZ under P0, and the matrix against the model.

A01() {
  local before h
  tcp_ok ext1 web 80; tcp_ok ext1 web 443; tcp_ok ext1 mx 25; tcp_ok ext1 rp 443
  before=$(stat dropped)
  watch a01 web mx rp
  for h in web mx rp; do
    [ "$h" = web ] && n=65535 || n=${SWEEP:-6000}
    send ext2 -c "$n" -e 1 tcp "${A4[$h]}" 1
    send ext2 -c 200 -e 1 udp "${A4[$h]}" 1
    send ext2 -c 500 -e 1 tcp "${A6[$h]}" 1
  done
  unwatch a01 1
  is "what the sweep reached" "$(awk -v a="${A4[ext2]}" -v b="${A6[ext2]}" '$2 == "I" && ($5 == a || $5 == b) {
    print $1 "/" $3 "/" $4 "/" $8 }' "$T/seen-a01" | sort -u | tr '\n' ' ')" \
    "mx/4/6/25 mx/6/6/25 rp/4/6/443 rp/6/6/443 web/4/6/443 web/4/6/80 web/6/6/443 web/6/6/80 "
  at_least "drops counted" $(($(stat dropped) - before)) $((65535 + 2 * ${SWEEP:-6000} + 600 + 1500 - 8))
}
# random_probes SEED COUNT HOST...: lines for pkt send -
random_probes() {
  local seed=$1 n=$2 h list=''; shift 2
  for h; do list="$list ${A4[$h]} ${A6[$h]}"; done
  awk -v s="$seed" -v n="$n" -v l="$list" 'BEGIN { srand(s); k = split(l, a, " "); split("tcp udp icmp sctp gre 253", p, " ")
    for (i = 0; i < n; i++) { q = p[1 + int(rand() * 6)]; print q, a[1 + int(rand() * k)], q == "icmp" ? 0 : int(rand() * 65536) } }'
}
A02() {
  watch a02 pc db mail app adm adm2 web
  random_probes "${SEED:-1}" 1000 pc db mail app adm adm2 | send ext2 tcp -
  send ext2 tcp "${A4[web]}" 80
  unwatch a02 0.5
  is "packets on INT and MGMT" "$(grep -E "^(pc|db|mail|app|adm|adm2) I" "$T/seen-a02" | grep -cE "${A4[ext2]}|${A6[ext2]}")" 0
  is "twin: web saw its SYN" "$(seen a02 "^web I 4 6 ${A4[ext2]} .* 2 [0-9]+\$")" 1
}
A03() {
  local h p
  watch a03 pc db mail app
  for h in pc db mail app; do
    for p in 22 80 445 5432; do echo "tcp ${A4[$h]} $p"; echo "tcp ${A6[$h]} $p"; done
  done | send web tcp -
  unwatch a03
  is "what web reached" "$(awk -v a="${A4[web]}" -v b="${A6[web]}" '$2 == "I" && ($5 == a || $5 == b) { print $1 "/" $3 "/" $8 }' \
    "$T/seen-a03" | sort -u | tr '\n' ' ')" "db/4/5432 db/6/5432 "
  tcp_ok web db 5432
}
A04() {
  blocked tcp web ext2 443; blocked udp web ext2 53; echo_no web ext2
  tcp_ok mx ext2 25; udp_ok web ext1 53
}
A05() { tcp_ok pc web 443; blocked tcp pc mx 22; blocked tcp pc db 5432; tcp_ok adm mx 22; }
A08() { tcp_ok ext1 mx 25; tcp_ok mx mail 25; tcp_ok mail mx 25; tcp_ok mx ext1 25; blocked tcp ext1 mail 25; blocked tcp mail ext1 25; }
A09() {
  blocked tcp web mx 25
  apply "$P0 dmz -> dmz { accept tcp dport 25 }" || return
  tcp_ok web mx 25; blocked tcp web mx 22
  apply "$P0 dmz -> dmz { default drop }" || return
  blocked tcp web mx 25
  apply "$P0"
}
# the zones' two hosts: one sends, the other is asked
declare -A SRC_HOST=([wan]=ext2 [dmz]=web [int]=pc [mgmt]=adm [self]=fw)
declare -A DST_HOST=([wan]=ext1 [dmz]=mx [int]=db [mgmt]=adm2)
probe_lines() { # FAM DST: what is sent to one address
  local e=8
  [ "$1" = 6 ] && e=128
  printf '%s\n' "tcp $2 80" "tcp $2 9" "udp $2 53" "echo $2 $e" "sctp $2 4444" "gre $2 0"
}
target() { # FAM FROM TO: the address asked
  if [ "$2$3" = selfself ]; then if [ "$1" = 4 ]; then echo "${FW4[dmz]}"; else echo "${FW6[dmz]}"; fi
  elif [ "$3" != self ]; then addr "$1" "${DST_HOST[$3]}"
  elif [ "$1" = 4 ]; then echo "${FW4[$2]}"; else echo "${FW6[$2]}"; fi
}
origin() { # FAM FROM TO: the address it comes from
  if [ "$2$3" = selfself ]; then target "$1" self self
  elif [ "$2" != self ]; then addr "$1" "${SRC_HOST[$2]}"
  elif [ "$1" = 4 ]; then echo "${FW4[$3]}"; else echo "${FW6[$3]}"; fi
}
# was the probe seen to arrive? At a host by capture, at fw by the answer
arrived() { # FAM FROM TO PROTO SRC DST DPORT
  local p=$4 h answer
  if [ "$3" != self ]; then
    h="${DST_HOST[$3]}"
    case $p in
      6|17|132) seen a12 "^$h I $1 $p $5 $6 [0-9]+ $7 ";;
      1|58) seen a12 "^$h I $1 $p $5 $6 $7 0 ";;
      *) seen a12 "^$h I $1 $p $5 $6 ";;
    esac
    return
  fi
  h=${SRC_HOST[$2]}
  [ "$h" != fw ] || h=fw:lo
  case $p in
    6|17) seen a12 "^$h I $1 $p $6 $5 $7 ";;
    1) seen a12 "^$h I 4 1 $6 $5 0 0 ";;
    58) seen a12 "^$h I 6 58 $6 $5 129 0 ";;
    *) answer=$([ "$1" = 4 ] && echo 1 || echo 58); seen a12 "^$h I $1 $answer $6 $5 [0-9]+ [0-9]+ $p ";;
  esac
}
A12() {
  local f from to proto src dst port wanted n got bad=0 t0=$SECONDS
  apply "$PM" || return
  echo "$PM" > "$T/pm"; : > "$T/probes"
  for from in wan dmz int mgmt self; do for to in wan dmz int mgmt self; do
    for f in 4 6; do
      src=$(origin $f $from $to) dst=$(target $f $from $to)
      printf '%s\n' "$from $to $f 6 $src $dst 80 0" "$from $to $f 6 $src $dst 9 0" "$from $to $f 17 $src $dst 53 0" \
        "$from $to $f $([ $f = 4 ] && echo 1 || echo 58) $src $dst $([ $f = 4 ] && echo '8 8' || echo '128 128')" \
        "$from $to $f 132 $src $dst 4444 0" "$from $to $f 47 $src $dst 0 0" >> "$T/probes"
    done
  done; done
  awk -f /x/net/model.awk "$T/pm" "$T/probes" > "$T/expected"
  watch a12 ext1 mx db adm2 ext2 web pc adm fw:lo
  for from in wan dmz int mgmt self; do
    for to in wan dmz int mgmt self; do
      for f in 4 6; do probe_lines $f "$(target $f $from $to)"; done
    done > "$T/lines"
    if [ $from = self ]; then fw pkt send tcp - < "$T/lines"; else send "${SRC_HOST[$from]}" tcp - < "$T/lines"; fi
  done
  unwatch a12 1
  while read -r wanted from to f proto src dst port _; do
    n=$(arrived "$f" "$from" "$to" "$proto" "$src" "$dst" "$port")
    [ "$n" = 0 ] && got=drop || got=accept
    if [ "$got" = "$wanted" ]; then pass
    else bad=$((bad + 1)); [ $bad -gt 6 ] || miss "$from>$to v$f proto $proto port $port: $got, the model says $wanted"; fi
  done < "$T/expected"
  is "mismatches with the model" $bad 0
  is "checks: 5 zones x 5 x 6 kinds x 2 families" "$(wc -l < "$T/expected")" 300
  at_least "accepts among the checks" "$(grep -c ^accept "$T/expected")" 50
  at_least "drops among the checks" "$(grep -c ^drop "$T/expected")" 50
  [ -n "${SLOW:-}" ] || [ "$((SECONDS - t0))" -lt 60 ] || miss "took $((SECONDS - t0)) s"
  apply "$P0"
}
A14() {
  apply "$ZONES int -> self { accept tcp dport 22 }
self -> wan { accept tcp dport 80 }" || return
  local f
  is "int>self 22" "$(tcp pc "${FW4[int]}" 22)" open; is "int>self 80" "$(tcp pc "${FW4[int]}" 80 700)" timeout
  is "wan>self 22" "$(tcp ext1 "${FW4[wan]}" 22 700)" timeout
  is "int>self by its WAN address" "$(tcp pc "${FW4[wan]}" 22)" open
  is "self>wan 80" "$(fw pkt tcp "${A4[ext1]}" 80)" open
  [ "$(fw pkt tcp "${A4[ext1]}" 443 700)" != open ] && pass || miss "self>wan 443 open"
  [ "$(fw pkt tcp "${A4[db]}" 80 700)" != open ] && pass || miss "self>int 80 open"
  is "loopback" "$(fw pkt tcp 127.0.0.1 80)" open
  is "loopback v6" "$(fw pkt tcp ::1 80)" open
  is "box to itself by its WAN address" "$(fw pkt tcp "${FW4[wan]}" 80)" open
  is "int>self 22 v6" "$(tcp pc "${FW6[int]}" 22)" open
  is "int>self 80 v6" "$(tcp pc "${FW6[int]}" 80 700)" timeout
  apply "$P0"
}
