# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# nat.sh: group G of the cases: addresses that are translated, services that are published, and that
# translation is not permission.

# from_seen NAME HOST FAM PROTO DPORT: the sources of what reached HOST on that port
from_seen() {
  awk -v h="$2" -v f="$3" -v p="$4" -v d="$5" '$1 == h && $2 == "I" && $3 == f && $4 == p && $8 == d { print $5 }' \
    "$T/seen-$1" | sort -u | tr '\n' ' '
}
fwaddr() { if [ "$1" = 4 ]; then echo "${FW4[$2]}"; else echo "${FW6[$2]}"; fi; }
# published FROM ZONE PORT [UNTIL]: a connection to fw's address in ZONE, both families
published() {
  local f
  for f in 4 6; do is "tcp$f $1>fw($2):$3" "$(tcp "$1" "$(fwaddr $f "$2")" "$3" 3000)" "${4:-open}"; done
}
# shut FROM ZONE PORT: refused by silence
shut() {
  local f
  for f in 4 6; do is "tcp$f $1>fw($2):$3" "$(tcp "$1" "$(fwaddr $f "$2")" "$3" 700)" timeout; done
}
NATLETS="$LETS
let alias = 198.18.9.77, 2001:2:0:9::77
"
G20() {
  local f
  apply "$ZONES$NATLETS
int -> wan { masquerade; snat to alias src db; default accept }
dmz -> wan { default accept }
wan -> int { default drop }
self -> any { default accept }" || return
  watch g20 ext1 ext2
  tcp_ok pc ext1 80; udp_ok pc ext2 53; echo_ok pc ext1; tcp_ok db ext1 443; tcp_ok web ext1 25
  unwatch g20
  for f in 4 6; do
    is "pc is masqueraded, tcp v$f" "$(from_seen g20 ext1 $f 6 80)" "$(fwaddr $f wan) "
    is "pc is masqueraded, udp v$f" "$(from_seen g20 ext2 $f 17 53)" "$(fwaddr $f wan) "
    is "web is not, v$f" "$(from_seen g20 ext1 $f 6 25)" "$(addr $f web) "
  done
  is "db has its alias" "$(from_seen g20 ext1 4 6 443)" "198.18.9.77 "
  is "db has its alias, v6" "$(from_seen g20 ext1 6 6 443)" "2001:2:0:9::77 "
  blocked tcp ext1 pc 80
  # one family only
  apply "$ZONES int -> wan { masquerade ipv4; default accept }" || return
  watch g20b ext1
  tcp_ok pc ext1 80
  unwatch g20b
  is "ipv4 is masqueraded" "$(from_seen g20b ext1 4 6 80)" "${FW4[wan]} "
  is "ipv6 is not" "$(from_seen g20b ext1 6 6 80)" "${A6[pc]} "
  apply "$P0"
}
# a mapping stays as it is while the policy changes around it
G21() {
  local i n f=$T/g21
  apply "$ZONES int -> wan { masquerade; default accept }" || return
  watch g21 ext1
  on pc pkt stream "${A4[ext1]}" 80 60 50 > "$f" & n=$!
  for i in 1 2 3 4 5 6; do
    apply "$ZONES int -> wan { masquerade; default accept }
dmz -> wan { accept tcp dport $i }" || break
    sleep 0.2
  done
  wait $n
  unwatch g21
  is "echoes that came back" "$(cat "$f")" 60
  is "source ports of the flow" "$(awk '$2 == "I" && $3 == 4 && $4 == 6 && $8 == 80 { print $5, $7 }' "$T/seen-g21" | sort -u | wc -l)" 1
  apply "$P0"
}
PUBLISH="$ZONES$NATLETS"'
wan -> dmz {
	publish tcp dport 443 to rp:8443 name site
	publish udp dport 5353 to rp:53
	publish tcp dport 2525 to mx:25 on 198.18.9.1, 2001:2:0:9::1
	publish tcp dport 2600-2603 to mx:22-25
	publish tcp dport 2700 to web:80 src 198.18.9.12, 2001:2:0:9::12
	default drop
}
int -> dmz { accept tcp dport 8443 }
self -> any { default accept }'
G01() {
  local f
  apply "$PUBLISH" || return
  watch g01 rp mx web
  published ext1 wan 443; published ext1 wan 2525; published ext1 wan 2603; published ext2 wan 2700
  for f in 4 6; do is "udp$f" "$(udp ext1 "$(fwaddr $f wan)" 5353 3000)" open; done
  is "payload both ways" "$(on ext1 pkt stream "${FW4[wan]}" 443 20 5)" 20
  published ext1 wan 2601 refused; shut ext1 wan 2604; shut ext1 wan 2700; shut ext1 wan 444
  unwatch g01
  for f in 4 6; do
    is "rp sees the client, v$f" "$(from_seen g01 rp $f 6 8443)" "$(addr $f ext1) "
    is "mx sees the client, v$f" "$(from_seen g01 mx $f 6 25)" "$(addr $f ext1) "
    is "the mapped range, v$f" "$(from_seen g01 mx $f 6 23)" "$(addr $f ext1) "
    is "web sees ext2 only, v$f" "$(from_seen g01 web $f 6 80)" "$(addr $f ext2) "
  done
}
# permission is the translation's own: not the destination's, not another table's
G03() {
  local f
  apply "$PUBLISH" || return
  blocked tcp ext1 rp 8443; blocked tcp ext1 rp 443; blocked tcp ext1 mx 25; blocked udp ext1 rp 53
  published pc dmz 443 timeout
  fw nft -f - <<'N' || { miss "nft refused its rules"; return; }
table inet other {
chain c {
  type nat hook prerouting priority dstnat;
  ip daddr 198.18.9.1 tcp dport 4443 dnat ip to 198.18.3.81:8443
  ip6 daddr 2001:2:0:9::1 tcp dport 4443 dnat ip6 to [2001:2:0:3::81]:8443
  ip daddr 198.18.9.99 tcp dport 443 dnat ip to 198.18.3.81:8443
  ip daddr 198.18.9.1 tcp dport 443 dnat ip to 198.18.3.80:80
}
}
N
  watch g03 rp web
  shut ext1 wan 4443
  is "another address, the same target" "$(tcp ext1 198.18.9.99 443 700)" timeout
  unwatch g03
  is "what the other table led to rp" "$(seen g03 "^rp I [46] 6 .* 8443 ")" 0
  watch g03b rp web
  published ext1 wan 443
  unwatch g03b
  at_least "the policy translates first" "$(seen g03b "^rp I 4 6 .* 8443 ")" 1
  is "and the other table not at all" "$(seen g03b "^web I 4 6 .* 80 ")" 0
  # a cell that accepts the target lets the other table's flow in: the zone pair decides
  apply "$PUBLISH
wan -> dmz { accept tcp dport 8443 dst rp }" || return
  published ext1 wan 4443
  fw nft delete table inet other
  apply "$P0"
}
# a publish that goes takes its open flows along, others stay
G02() {
  local n m
  apply "$PUBLISH" || return
  on ext1 pkt stream "${FW4[wan]}" 443 100 50 > "$T/g02a" & n=$!
  on ext1 pkt stream "${FW6[wan]}" 2525 100 50 > "$T/g02b" & m=$!
  sleep 1
  apply "${PUBLISH/publish tcp dport 443 to rp:8443 name site/}" || { wait $n $m; return; }
  wait $n; wait $m
  [ "$(cat "$T/g02a")" -lt 100 ] && pass || miss "the flow of a publish that is gone went on"
  is "the other publish's flow" "$(cat "$T/g02b")" 100
  shut ext1 wan 443
  apply "$P0"
}
G04() {
  local f
  apply "$ZONES$NATLETS"'
wan -> dmz { publish tcp dport 443 to rp:8443 hairpin }
int -> dmz { accept tcp dport 22 }
self -> any { default accept }' || return
  watch g04 rp
  published ext1 wan 443; published pc wan 443; published web wan 443; published rp wan 443
  for f in 4 6; do is "from fw itself, v$f" "$(fw pkt tcp "$(fwaddr $f wan)" 443 3000)" open; done
  unwatch g04
  for f in 4 6; do
    is "rp's clients, v$f" "$(from_seen g04 rp $f 6 8443 | tr ' ' '\n' | sort | tr '\n' ' ')" \
      "$(printf '%s\n' "$(addr $f ext1)" "$(addr $f pc)" "$(fwaddr $f dmz)" "$(fwaddr $f wan)" | sort | tr '\n' ' ')"
  done
  shut adm wan 443		# mgmt may not reach dmz at all
  shut pc int 443		# not the published address
  blocked tcp pc rp 8443
  apply "$ZONES$NATLETS"'
wan -> dmz { publish tcp dport 443 to rp:8443 hairpin from mgmt }
int -> dmz { accept tcp dport 22 }' || return
  published adm wan 443; shut pc wan 443
  apply "$P0"
}
G22() {
  apply "$ZONES$NATLETS"'
int -> wan { redirect to :80 tcp dport 8080; default accept }
int -> self { redirect to :22 tcp dport 2222 }
int -> dmz { default accept }' || return
  watch g22 ext1
  local f
  for f in 4 6; do is "redirected, v$f" "$(tcp pc "$(addr $f ext1)" 8080 3000)" open; done
  published pc int 2222
  tcp_ok pc ext1 443
  unwatch g22
  is "nothing of it outside" "$(seen g22 "^ext1 I [46] 6 .* 8080 ")" 0
  at_least "twin: the rest goes outside" "$(seen g22 "^ext1 I [46] 6 .* 443 ")" 2
  shut pc int 80; shut pc int 22
  is "another zone's way is its own" "$(tcp pc "${A4[web]}" 8080 3000)" refused
  apply "$P0"
}
# a redirect by a set: open flows obey the set, whether it names their source or where they were sent
redirected() { # PORT SPORT: answers that pc gets from where it has sent to
  watch g22s pc; send pc -S "$2" -l 5 udp "${A4[ext1]}" "$1"; unwatch g22s
  seen g22s "^pc I 4 17 ${A4[ext1]} .* $1 $2 "
}
G22S() {
  apply "$ZONES$NATLETS"'
set captive { 198.18.2.50 }
set walled { 198.18.9.11 }
int -> wan { redirect to :53 udp dport 7070 src @captive; redirect to :53 udp dport 7071 dst @walled; default accept }
self -> any { default accept }' || return
  fw conntrack -F > /dev/null 2>&1
  is "by source" "$(redirected 7070 4520) $(redirected 7070 4520)" "1 1"
  is "by destination" "$(redirected 7071 4521) $(redirected 7071 4521)" "1 1"
  zf set del captive 198.18.2.50; is "its source has left the set" "$(redirected 7070 4520)" 0
  zf set del walled 198.18.9.11; is "its destination has left the set" "$(redirected 7071 4521)" 0
  fw conntrack -F > /dev/null 2>&1
  apply "$P0"
}
G23() { # covers A11
  local f
  apply "$ZONES$NATLETS"'
wan -> dmz { publish tcp dport 443 to rp; publish any to mx }
wan -> self { accept tcp dport 22 }
self -> any { default accept }' || return
  watch g23 mx rp
  published ext1 wan 443; published ext1 wan 25; published ext1 wan 22
  for f in 4 6; do is "udp$f" "$(udp ext1 "$(fwaddr $f wan)" 53 3000)" open; done
  is "echo" "$(pinged ext1 "${FW4[wan]}" 3)" yes
  unwatch g23
  for f in 4 6; do
    is "mail goes to mx, v$f" "$(from_seen g23 mx $f 6 25)" "$(addr $f ext1) "
    is "the published port does not, v$f" "$(from_seen g23 mx $f 6 443)" ""
    is "nor the router's own, v$f" "$(from_seen g23 mx $f 6 22)" ""
  done
  at_least "the echo was mx's" "$(seen g23 "^mx I 4 1 ")" 1
  blocked tcp ext1 mx 25
  apply "$P0"
}
# errors that come back through a translation reach who is meant
G07() {
  local f
  apply "$ZONES$NATLETS"'
wan -> dmz { publish udp dport 9990 to rp:9991 }
int -> wan { masquerade; default accept }' || return
  for f in 4 6; do
    is "unreachable to a masqueraded client, v$f" "$(udp pc "$(addr $f ext1)" 9992 3000)" refused
    is "unreachable from a published host, v$f" "$(udp ext1 "$(fwaddr $f wan)" 9990 3000)" refused
  done
  is "time exceeded to a masqueraded client" "$(on pc ping -n -c 1 -W 2 -t 1 "${A4[ext1]}" 2>&1 | grep -ci 'time to live exceeded')" 1
  apply "$P0"
}
# mss HOST FILE: the MSS of what a capture has seen, by family
mss() { sed -n "s/.*mss \([0-9]*\).*/\1/p" "$1" | sort -u | tr '\n' ' '; }
G24() {
  local h off pids=''
  # what other cases let the hosts learn of the path would lower the MSS by itself
  for h in ext1 pc; do on $h ip route flush cache; on $h ip -6 route flush cache; done
  fw ip link set wan1 mtu 1300
  for off in clamp-mss off; do
    apply "$ZONES int -> wan { $([ $off = off ] || echo 'clamp-mss;') default accept }" || return
    for h in ext1 pc; do
      nsenter --net=/run/netns/$h tcpdump -Z root -i eth0 -nn -v -l 'tcp port 80' > "$T/mss-$h" 2> "$T/mss-err-$h" & pids="$pids $!"
      for _ in $(seq 50); do ! grep -q listening "$T/mss-err-$h" || break; sleep 0.1; done
    done
    tcp_ok pc ext1 80
    sleep 0.5
    # shellcheck disable=SC2086
    kill $pids
    # shellcheck disable=SC2086
    wait $pids 2>/dev/null
    pids=''
    if [ $off = off ]; then
      is "without it, at ext1" "$(mss "$T/mss-ext1")" "1440 1460 "
    else
      is "SYN at ext1" "$(grep '> .*\.80:' "$T/mss-ext1" > "$T/mss"; mss "$T/mss")" "1240 1260 "
      is "SYN and ACK at pc" "$(grep '\.80 >' "$T/mss-pc" > "$T/mss"; mss "$T/mss")" "1240 1260 "
    fi
  done
  fw ip link set wan1 mtu 1500
  apply "$P0"
}
# all ports run out that may stand for one below 512: no port is shared, who comes too late is told, and it passes
G06() {
  local f e r
  apply "$ZONES int -> wan { masquerade; default accept }
self -> any { default accept }" || return
  udp_waits 600 600
  for f in 4 6; do
    watch g06 ext1
    send pc -S 1 -E 1 -c 511 -g 500 udp "$(addr $f ext1)" 7778
    unwatch g06
    is "flows, v$f" "$(seen g06 "^ext1 I $f 17 $(fwaddr $f wan) .* 7778 ")" 511
    is "their ports, v$f" "$(awk '$2 == "I" && $4 == 17 && $8 == 7778 { print $7 }' "$T/seen-g06" | sort -un | wc -l)" 511
    e=$(stat error) r=$(stat rejected)
    watch late ext1 db
    send db -S 5 udp "$(addr $f ext1)" 7778
    unwatch late
    is "one more, at ext1, v$f" "$(seen late "^ext1 I $f 17 .* 7778 ")" 0
    is "is told so, v$f" "$(seen late "^db I $f $([ $f = 4 ] && echo '1 .* 3 13' || echo '58 .* 1 1') 17 ")" 1
    is "and counted, v$f" "$(($(stat error) - e)) $(($(stat rejected) - r))" "1 1"
    watch other ext1 ext2
    send db -S 5 udp "$(addr $f ext2)" 7778; send db -S 600 udp "$(addr $f ext1)" 7778
    unwatch other
    is "another destination, and other ports, v$f" "$(seen other "I $f 17 $(fwaddr $f wan) .* 7778 ")" 2
    fw conntrack -D -f ipv$f -p udp --dport 7778 > /dev/null 2>&1
    watch again ext1
    send db -S 5 udp "$(addr $f ext1)" 7778
    unwatch again
    is "when ports are free again, v$f" "$(seen again "^ext1 I $f 17 $(fwaddr $f wan) .* 7778 ")" 1
  done
  udp_waits
  fw conntrack -D -p udp --dport 7778 > /dev/null 2>&1
  apply "$P0"
}
field() { tr ',{}' '\n' | sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\"]*\)\"\{0,1\} *\$/\1/p"; }
G25() {
  local e
  apply "$PUBLISH
int -> wan { masquerade; snat to alias src db; default accept }" || return
  e=$(zf -j explain in wan1 tcp src "${A4[ext1]}" dport 443 dst "${FW4[wan]}" sport 1024)
  is "published" "$(field dnat <<< "$e") $(field verdict <<< "$e") $(field to <<< "$e") $(field rule_name <<< "$e")" \
    "198.18.3.81:8443 accept dmz site"
  e=$(zf -j explain in wan1 tcp src "${A6[ext1]}" dport 443 dst "${FW6[wan]}" sport 1024)
  is "published, v6" "$(field dnat <<< "$e") $(field verdict <<< "$e")" "[2001:2:0:3::81]:8443 accept"
  e=$(zf -j explain in wan1 tcp src "${A4[ext1]}" dport 8443 dst "${A4[rp]}" sport 1024)
  is "straight to the host" "$(field dnat <<< "$e") $(field verdict <<< "$e")" "null drop"
  e=$(zf -j explain in int1 tcp src "${A4[pc]}" dport 80 dst "${A4[ext1]}")
  is "masqueraded" "$(field snat <<< "$e") $(field verdict <<< "$e")" "${FW4[wan]} accept"
  e=$(zf -j explain in int1 tcp src "${A6[pc]}" dport 80 dst "${A6[ext1]}")
  is "masqueraded, v6" "$(field snat <<< "$e") $(field verdict <<< "$e")" "${FW6[wan]} accept"
  e=$(zf -j explain in int2 tcp src "${A4[db]}" dport 80 dst "${A4[ext1]}")
  is "an alias" "$(field snat <<< "$e")" "198.18.9.77"
  is "show nat" "$(zf -j show nat | field kind | sort | uniq -c | tr -s ' \n' ' ')" " 1 masquerade 5 publish 1 snat "
  zf export > "$T/exp" && zf apply - < "$T/exp" > /dev/null && zf export | cmp -s - "$T/exp" && pass || miss "export | apply changes NAT"
  zf diff "$T/exp" > /dev/null && pass || miss "diff sees a change"
  apply "$P0"
}
# beside a container engine, whose host is app behind int4: rules as it makes them by iptables publish and masquerade;
# which of it may be, the pair of zones decides
G26() {
  local n engine='table ip nat {
chain DOCKER { iifname != "int4" tcp dport 8080 dnat to 198.18.2.84:80; }
chain PREROUTING { type nat hook prerouting priority -100; fib daddr type local jump DOCKER; }
chain POSTROUTING { type nat hook postrouting priority 100; ip saddr 198.18.2.84 oifname != "int4" masquerade; }
}
table ip filter {
chain FORWARD { type filter hook forward priority 0; policy accept
  oifname "int4" ct state related,established accept
  oifname "int4" ip daddr 198.18.2.84 tcp dport 80 accept
  oifname "int4" drop
  iifname "int4" accept; }
}'
  fw nft "$engine" || { miss "nft refused the engine's rules"; return; }
  apply "$ZONES$LETS
int -> wan { default accept }
self -> any { default accept }" || return
  watch g26 app ext1
  is "published by the engine alone" "$(tcp ext1 "${FW4[wan]}" 8080 700)" timeout
  is "outwards" "$(tcp app "${A4[ext1]}" 80 3000)" open
  unwatch g26
  is "what came at app" "$(from_seen g26 app 4 6 80)" ''
  is "the engine's masquerade" "$(from_seen g26 ext1 4 6 80)" "${FW4[wan]} "
  # the pair of zones lets it in, by the destination that the engine chose
  apply "$ZONES$LETS
int -> wan { drop src app; default accept }
wan -> int { accept tcp dport 80 dst app }
self -> any { default accept }" || return
  watch g26 app ext1
  is "published, and let in" "$(tcp ext1 "${FW4[wan]}" 8080 3000)" open
  is "not outwards" "$(tcp app "${A4[ext1]}" 443 700)" timeout
  unwatch g26
  is "its client's own source" "$(from_seen g26 app 4 6 80)" "${A4[ext1]} "
  is "twin: another of the zone" "$(tcp pc "${A4[ext1]}" 80 3000)" open
  # both have to agree
  apply "$ZONES$LETS
wan -> int { accept tcp dport 22, 80 dst app }
self -> any { default accept }" || return
  is "let in by the policy alone" "$(tcp ext1 "${A4[app]}" 22 700)" timeout
  is "twin: by IPv6, where the engine has no rules" "$(tcp ext1 "${A6[app]}" 22 3000)" open
  # and an open connection obeys a commit
  on ext1 pkt stream "${FW4[wan]}" 8080 100000 10 > "$T/g26" & n=$!
  until_true connected 4 8080 && pass || miss "no stream"
  apply "$ZONES self -> any { default accept }"
  watch g26 app; unwatch g26 0.5
  is "after it lost its permission" "$(from_seen g26 app 4 6 80)" ''
  kill $n; wait $n 2> /dev/null
  fw nft delete table ip nat; fw nft delete table ip filter
  apply "$P0"
}
# a policy that contradicts itself changes nothing
G05() {
  local before
  apply "$PUBLISH" || return
  before=$(stat digest)
  printf '%s\n' "$PUBLISH" 'wan -> int { publish tcp dport 440-450 to db }' | zf apply - > "$T/out" 2>&1 && miss "applied"
  is "the other publish is named" "$(grep -c "this overlaps 'site'" "$T/out")" 1
  is "the policy" "$(stat digest)" "$before"
  published ext1 wan 443
  apply "$P0"
}
