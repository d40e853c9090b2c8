# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# early.sh: what leads a zone's whole row is dropped before conntrack, and nobody can tell but by the cost (Y).

PE="$ZONES$LETS"'
set banned { 198.18.9.12, 2001:2:0:9::12 }
any -> any { drop src @banned log "banned" name bans }
wan -> dmz {
	accept tcp dport 80, 443 dst web
	accept udp dport 53 dst web
	accept icmp, icmpv6
	default drop
}
int -> wan { default accept }
int -> dmz { default accept }
self -> any { default accept }
'
rule_packets() { zf -j show rules | tr '{' '\n' | grep "\"name\": *\"$1\"" | sed -n 's/.*"packets": *\([0-9]*\).*/\1/p'; }
early_set() { echo "$1" > /sys/module/zonefw/parameters/early; }
seen_of() { # what a round has counted, in words
  echo "rule $(($(rule_packets bans) - RULE)) by rule $(($(stat rule) - BYRULE)) logged $(($(stat logged) - LOGGED))"
}
# early_sends: 5 packets of each kind from a banned host; none of them may arrive
early_sends() {
  local f
  RULE=$(rule_packets bans) DROPPED=$(stat dropped) BYRULE=$(stat rule) LOGGED=$(stat logged)
  watch early web
  for f in 4 6; do
    send ext2 -c 5 -S 3101 tcp "$(addr $f web)" 80
    send ext2 -c 5 -S 3102 udp "$(addr $f web)" 53
    send ext2 -c 5 -S 3103 tcp "$(addr $f pc)" 22
    send ext2 -c 5 -S 3104 udp "$([ $f = 4 ] && echo "${FW4[wan]}" || echo "${FW6[wan]}")" 53
  done
  unwatch early
  is "packets of a banned host at web" "$(seen early " I [46] (6|17) [^ ]+ [^ ]+ 310[1-4] ")" 0
  SAW=$(seen_of)
  # what is left of flows that an earlier case cut is dropped as well, for other reasons
  at_least "dropped" $(($(stat dropped) - DROPPED)) 40
}
# early_round on|off: the verdicts; what was counted is left in SAW
early_round() {
  early_set "$([ "$1" = on ] && echo Y || echo N)"
  apply "$PE" || return
  local e
  fw conntrack -F > /dev/null 2>&1
  e=$(stat early)
  early_sends
  case $1 in
    on) is "$1: dropped before conntrack" $(($(stat early) - e)) 40;;
    off) is "$1: dropped before conntrack" $(($(stat early) - e)) 0;;
  esac
  is "$1: connections of a banned host" "$(fw conntrack -L -p udp 2>/dev/null | grep -c "src=${A4[ext2]} ")" 0
  # others are not touched; answers of a banned host to a flow that the policy let out are
  tcp_ok ext1 web 80; tcp_ok pc ext2 80; udp_ok pc ext2 53; echo_no ext2 web; echo_ok pc ext2; echo_ok ext1 web
  blocked tcp ext2 web 80
}
Y01() { # verdicts, counters and logs are the same with early drop on and off
  local on
  early_round on; on=$SAW
  is "on: what was counted" "$on" "rule 40 by rule 40 logged 40"
  early_round off
  is "off: what was counted" "$SAW" "$on"
  early_set Y
}
Y02() { # a host that is banned while its flow runs, in both modes, whichever way its packets go
  local m i
  for m in Y N; do
    early_set $m
    apply "$PE" || return
    stream_up ext1 web
    is "$m: it flows" "$(flowing ext1)" ext1
    zf set add banned "${A4[ext1]}"
    is "$m: banned" "$(flowing ext1)" ''
    zf set del banned "${A4[ext1]}"
    stream_end ext1
    tcp_ok ext1 web 80
    # no stream may outlive its ban by the short way, however the epochs stand; the sweep comes a second later
    for i in 1 2 3; do
      stream_up ext1 web
      flowing ext1 > /dev/null
      zf set add banned "${A4[ext1]}"
      watch "ban$i" ext1; unwatch "ban$i" 0.5
      is "$m: packets from web after the ban, round $i" "$(seen "ban$i" " I 4 6 ${A4[web]} ")" 0
      zf set del banned "${A4[ext1]}"
      stream_end ext1
    done
  done
  early_set Y
}
Y03() { # rules that do not lead a whole row, or that see more than a source, wait for the cell
  local p e
  for p in 'wan -> dmz { drop src @banned name bans }' 'any -> any { drop tcp src @banned name bans }' \
    'wan -> any { continue; drop src @banned name bans }' 'wan -> dmz { accept tcp dport 443 }; any -> any { drop src @banned name bans }' \
    'any -> any { drop src @banned limit 100/second name bans }' 'any -> any { reject src @banned name bans }'; do
    apply "$ZONES set banned { 198.18.9.12, 2001:2:0:9::12 }
$p
wan -> dmz { accept tcp dport 80 }" || return
    e=$(stat early)
    watch late web; send ext2 -c 3 -S 3105 tcp "${A4[web]}" 80; unwatch late
    is "$p: packets at web" "$(seen late " I 4 6 ${A4[ext2]} ")" 0
    is "$p: dropped before conntrack" $(($(stat early) - e)) 0
  done
  apply "$ZONES options { rematch off }
set banned { 198.18.9.12, 2001:2:0:9::12 }
any -> any { drop src @banned }" || return
  e=$(stat early); send ext2 -c 3 -S 3105 tcp "${A4[web]}" 80; sleep 0.3
  is "rematch off: dropped before conntrack" $(($(stat early) - e)) 0
}
Y04() { # one source in one row, by prefix, family and clock; a fragment; and the row beside it
  local e
  apply "$ZONES
wan -> any { drop ipv4 src 198.18.9.12; drop src 2001:2:0:9::12/128 }
any -> dmz { accept tcp dport 80; accept udp }" || return
  e=$(stat early)
  blocked tcp ext2 web 80
  at_least "both families dropped early" $(($(stat early) - e)) 2
  tcp_ok ext1 web 80; tcp_ok pc web 80
  watch frag web
  for e in ext1 ext2; do send $e -l 3000 -f 1400 -S 3106 udp "${A4[web]}" 53; done
  unwatch frag
  is "a large datagram at web" "$(seen frag " I 4 17 ${A4[ext2]} ")" 0
  at_least "its twin" "$(seen frag " I 4 17 ${A4[ext1]} ")" 1
  apply "$P0"
}
# packets that came to fw's IPv4 layer
received() { on fw awk '$1 == "Ip:" { n = $4 } END { print n }' /proc/net/snmp; }
Y05() { # without antispoof, where devices have a hook of their own for it, before the IP layer: all of that again
  local PE=${PE//; antispoof/} ZONES=${ZONES//; antispoof/} n
  apply "$PE" || return
  n=$(received)
  send ext2 -c 200 -S 3107 udp "${A4[web]}" 53
  n=$(($(received) - n)); [ $n -lt 100 ] && pass || miss "$n of 200 came to the IP layer"
  n=$(received)
  send ext1 -c 200 -S 3107 udp "${A4[web]}" 53
  at_least "twin: of another host" $(($(received) - n)) 200
  Y01; Y02; Y04
}
