# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# words.sh: what the words of a rule do on the wire (V01 to V04): how it rejects, where it logs, what it hands to a program, and
# what it matches of a packet beside addresses and ports.

# V01: each way to reject says its own, to the sender alone (RFC 792, RFC 1812 5.2.7.1, RFC 4443 3.1, RFC 9293 3.10.7.1)
REJECTS() {
  local f proto port v4 v6 want quoted ways
  # protocol, port, what comes back: type and code, or a reset
  ways='tcp 1001 reset reset
udp 1002 3,3 1,4
tcp 1003 reset reset
tcp 1004 3,3 1,4
udp 1005 3,1 1,3
udp 1006 3,0 1,0
tcp 1007 3,13 1,1'
  apply "$ZONES wan -> dmz { accept tcp dport 80; reject tcp dport 1001; reject udp dport 1002; reject with tcp-reset tcp dport 1003
reject with port-unreachable tcp dport 1004; reject with host-unreachable udp dport 1005; reject with net-unreachable udp dport 1006
reject with admin-prohibited tcp dport 1007; default drop }" || return
  for f in 4 6; do
    watch rej ext1 web
    while read -r proto port _; do send ext1 -S 4001 "$proto" "$(addr $f web)" "$port"; done <<< "$ways"
    unwatch rej 0.5
    is "v$f behind the firewall" "$(seen rej "^web I ")" 0
    while read -r proto port v4 v6; do
      [ $f = 4 ] && want=$v4 || want=$v6
      [ "$proto" = tcp ] && quoted=6 || quoted=17
      if [ "$want" = reset ]; then want="6 $(addr $f web) $(addr $f ext1) $port 4001 20"
      else want="$([ $f = 4 ] && echo 1 || echo 58) [^ ]+ $(addr $f ext1) ${want/,/ } $quoted"; fi
      at_least "v$f, $port: an answer like '$want'" "$(seen rej "^ext1 I $f $want ")" 1
    done <<< "$ways"
    is "v$f, answers in all" "$(seen rej "^ext1 I $f (1|6|58) [^ ]+ $(addr $f ext1) ")" 7
  done
  tcp_ok ext1 web 80
  apply "$P0"
}

tap() { # NAME WORDS...: what the kernel hands to a program of fw
  local name=$1; shift
  nsenter --net=/run/netns/fw taps "$@" > "$T/tap-$name" & echo $! > "$T/tap-$name.pid"
  until_true grep -q ready "$T/tap-$name" || miss "taps $*"
}
untap() { local p; read -r p < "$T/tap-$1.pid"; kill "$p"; wait "$p" 2> /dev/null; }
tapped() { grep -cE "$2" "$T/tap-$1"; }
in_log() { dmesg | grep -cE "$1"; }

# V02: 'log' writes to the kernel's log or to an NFLOG group, with the prefix; a rule without it does not
LOGS() {
  local f n port p='wan -> dmz { drop udp dport 1001 log "first one"; drop udp dport 1002; accept udp dport 7777 log; default drop log "the rest" }'
  sysctl -qw net.netfilter.nf_log_all_netns=1
  apply "$ZONES options { log kernel } $p" || return
  for f in 4 6; do
    for port in 1001 1002 1003; do send ext1 udp "$(addr $f web)" $port; done
  done
  last_logged() { [ "$(in_log 'the rest IN=wan1 OUT=dmz1 .* DPT=1003')" -ge 2 ]; }
  until_true last_logged
  udp_ok ext1 web 7777
  for f in 4 6; do
    is "kernel log, v$f: a prefix, zones' devices and the packet" "$(in_log "first one IN=wan1 OUT=dmz1 .*SRC=$(long $f ext1) DST=$(long $f web) .*PROTO=UDP .*DPT=1001")" 1
    is "kernel log, v$f: a default" "$(in_log "the rest IN=wan1 .*SRC=$(long $f ext1) .*DPT=1003")" 1
    at_least "kernel log, v$f: without a prefix" "$(in_log "zonefw IN=wan1 .*SRC=$(long $f ext1) .*DPT=7777")" 1
  done
  is "kernel log: no word, no line" "$(in_log 'IN=wan1 .*DPT=1002')" 0
  n=$(in_log 'IN=wan1')
  sysctl -qw net.netfilter.nf_log_all_netns=0
  apply "$ZONES options { log nflog 7 } $p" || return
  tap other nflog 8; tap log nflog 7
  for f in 4 6; do for port in 1001 1002 1003; do send ext1 udp "$(addr $f web)" $port; done; done
  logged_all() { [ "$(tapped log '^log ')" -ge 4 ]; }
  until_true logged_all
  untap log; untap other
  for f in 4 6; do is "nflog, v$f" "$(tapped log "^log $f first one") $(tapped log "^log $f the rest") $(tapped log "^log $f")" "1 1 2"; done
  is "another group" "$(tapped other '^log')" 0
  is "and not the kernel log" "$(in_log 'IN=wan1')" "$n"
  apply "$P0"
}
long() { # FAM HOST: the address as the kernel's log writes it
  if [ "$1" = 4 ]; then echo "${A4[$2]}"; else sed 's/..../&:/g; s/:$//' <<< "$(hexaddr "${A6[$2]}")"; fi
}

# V03: a queued connection is the listener's, each packet of it both ways; without a listener nothing passes but with 'bypass'
QUEUES() {
  local f
  modprobe nfnetlink_queue 2> /dev/null
  apply "$ZONES wan -> dmz { queue 3 tcp dport 80; queue 4 bypass tcp dport 443; accept tcp dport 25 }" || return
  blocked tcp ext1 web 80; tcp_ok ext1 web 443
  is "another rule's" "$(tcp ext1 "${A4[web]}" 25 3000)" open
  tap three queue 3 accept; tap four queue 4 drop
  tcp_ok ext1 web 80; blocked tcp ext1 web 443
  # an exchange is SYN, SYN+ACK, ACK, the question and its answer at the least
  for f in 4 6; do at_least "packets of the exchange, v$f" "$(tapped three "^packet $f")" 5; done
  on ext1 pkt stream "${A4[web]}" 80 60 100 > "$T/stream" & f=$!
  more() { [ "$(tapped three '^packet 4')" -ge 30 ]; }
  until_true more && pass || miss "the stream does not go through the queue"
  untap three; tap three queue 3 drop
  wait $f
  [ "$(cat "$T/stream")" -gt 2 ] && [ "$(cat "$T/stream")" -lt 60 ] && pass || breach "the listener refuses an open connection, and of 60 came $(cat "$T/stream")"
  untap three; untap four
  blocked tcp ext1 web 80; tcp_ok ext1 web 443
  apply "$P0"
}

# V04: mark, dscp, mac, a suffix, and the tag of the ingress zone, each beside what differs in that alone
MATCHES() {
  local f id mac
  mac=$(on ext1 ip -br link show eth0 | grep -oE '([0-9a-f]{2}:){5}[0-9a-f]{2}')
  apply "$ZONES options { tag-mask 0xff0000 } wan -> dmz { accept udp dport 7777 mark 5/0xff; accept udp dport 53 dscp 46
accept tcp dport 80 mac $mac; accept tcp dport 443 dst ::80/-64; accept tcp dport 25 }" || return
  fw nft 'table inet marks { chain in { type filter hook prerouting priority -350; udp dport 7777 udp sport 4100 meta mark set 0x105; }; }'
  for f in 4 6; do
    watch marks web
    send ext1 -S 4100 udp "$(addr $f web)" 7777; send ext1 -S 4101 udp "$(addr $f web)" 7777
    unwatch marks
    is "v$f with the mark, and without" "$(seen marks "^web I $f 17 .* 4100 7777 ") $(seen marks "^web I $f 17 .* 4101 7777 ")" "1 0"
  done
  blocked udp ext1 web 53
  on ext1 nft 'table inet t { chain o { type route hook output priority 0; meta nfproto ipv4 ip dscp set ef; meta nfproto ipv6 ip6 dscp set ef; }; }'
  udp_ok ext1 web 53; blocked udp ext2 web 53
  on ext1 nft delete table inet t
  tcp_ok ext1 web 80; blocked tcp ext2 web 80
  is "the suffix" "$(tcp ext1 "${A6[web]}" 443 3000)" open
  is "another suffix" "$(tcp ext1 "${A6[rp]}" 443 700)" timeout
  is "a suffix is one of IPv6" "$(tcp ext1 "${A4[web]}" 443 700)" timeout
  fw nft delete table inet marks
  id=$(zf -j show zones | grep -oE '"(id|name)": ?"?[a-z0-9]*' | grep -B1 '"wan' | grep -oE '[0-9]+$' | head -1)
  fw nft "table inet tag { chain c { type filter hook forward priority 100; tcp dport 25 meta mark & 0xff0000 == $((id << 16)) counter; tcp dport 25 counter; }; }"
  tcp_ok ext1 web 25
  id=$(fw nft list table inet tag | grep -oE 'packets [0-9]+' | sort -u)
  is "each packet has the zone's tag" "$(wc -l <<< "$id")" 1
  at_least "packets with it" "${id#packets }" 6
  fw nft delete table inet tag
  apply "$P0"
}
