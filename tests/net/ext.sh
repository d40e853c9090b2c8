# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# ext.sh: what may stand between IP and a port, or in its place: ICMPv6 types (D05), extension headers (D07), tunnels (D08),
# IPsec (D09), tiny and overlapping fragments (E03), other protocols (B08).

# D05: ICMPv6 that has no business in transit (RFC 4890 4.3), and unassigned types
D05() {
  local p t b types='130 131 132 133 134 135 136 137 138 139 140 100 101 200 201 160' n=16
  for p in "$P0" "$P0 wan -> dmz { accept icmpv6 type echo-request dst web }"; do
    apply "$p" || return
    b=$(stat dropped)
    watch d05 web
    for t in $types; do send ext1 -S 41 icmp "${A6[web]}" "$t"; done
    send ext1 -S 41 icmp "${A6[web]}" 128
    unwatch d05
    is "types at web" "$(seen d05 "^web I 6 58 ${A6[ext1]} [^ ]+ (${types// /|}) ")" 0
    at_least "dropped" $(($(stat dropped) - b)) $n
  done
  is "twin: echo" "$(seen d05 "^web I 6 58 ${A6[ext1]} [^ ]+ 128 ")" 1
  # a rule for all types does not let neighbour discovery and MLD through
  apply "$P0 wan -> dmz { accept icmpv6 dst web }" || return
  watch d05 web
  for t in $types; do send ext1 -t 255 -S 42 icmp "${A6[web]}" "$t"; done
  send ext1 -S 42 icmp "${A6[web]}" 128
  unwatch d05
  is "neighbour discovery and MLD at web" "$(seen d05 "^web I 6 58 ${A6[ext1]} [^ ]+ (13[0-7]) ")" 0
  is "twin: echo, by a rule for all" "$(seen d05 "^web I 6 58 ${A6[ext1]} [^ ]+ 128 ")" 1
  apply "$P0"
}

# chain COUNT LAST: so many destination options, and then LAST
chain() {
  local i
  echo -n 60:
  for ((i = 1; i < $1; i++)); do echo -n 3c00010400000000; done
  printf '%02x00010400000000' "$2"
}
# D07: ports are found behind legal chains; what is not legal passes nobody
D07() {
  local p b host
  host=$(hexaddr "${A6[mx]}")
  apply "$P0 wan -> dmz { accept tcp dport 81 dst web }" || return
  b=$(stat invalid)
  watch d07 web
  for p in 81 22; do # permitted, and not
    send ext1 -S 3001 -x 0:0600010400000000 tcp "${A6[web]}" $p		# hop by hop
    send ext1 -S 3002 -x "$(chain 1 6)" tcp "${A6[web]}" $p
    send ext1 -S 3003 -x 0:3c000104000000000600010400000000 tcp "${A6[web]}" $p
    send ext1 -S 3004 -x "$(chain 8 6)" tcp "${A6[web]}" $p
    send ext1 -S 3005 -x "43:0602020100000000$host" tcp "${A6[web]}" $p	# a routing header of type 2
    send ext1 -S 3006 -x "51:0604000000000001000000010000000000000000ababab00" tcp "${A6[web]}" $p # authentication
    send ext1 -S 3011 -x "$(chain 9 6)" tcp "${A6[web]}" $p		# over the limit
    send ext1 -S 3012 -x "43:0602000100000000$host" tcp "${A6[web]}" $p	# type 0
    send ext1 -S 3013 -x "0:2b00010400000000""0602000100000000$host" tcp "${A6[web]}" $p
    send ext1 -S 3014 -x "60:06ff010400000000" tcp "${A6[web]}" $p	# longer than the packet
    send ext1 -S 3015 -x "60:3b00010400000000" tcp "${A6[web]}" $p	# no next header
    send ext1 -S 3016 -x "60:fd00010400000000" tcp "${A6[web]}" $p	# one that nobody knows
  done
  send ext1 -P 00 59 "${A6[web]}"; send ext1 -P 0000000000000000 253 "${A6[web]}"
  unwatch d07 0.5
  # the capture looks behind one header at most
  for p in 3001 3002; do is "$p, permitted" "$(seen d07 "^web I 6 6 ${A6[ext1]} [^ ]+ $p 81 ")" 1; done
  is "by its first header" "$(seen d07 "^web I 6 (0|60|43|51) ${A6[ext1]} ")" 4
  is "all that came" "$(seen d07 "^web I 6 [0-9]+ ${A6[ext1]} ")" 6
  at_least "counted invalid" $(($(stat invalid) - b)) 6
}

# D08: tunnels and embedded addresses are no way past the matrix
D08() {
  local inner h
  inner=60000000001411$(printf 40)$(hexaddr "${A6[ext1]}")$(hexaddr "${A6[db]}")07d015380014000061616161616161616161616161
  apply "$P0" || return
  watch d08 web mx db pc ext1 ext2
  send ext1 -P "$inner" 41 "${A4[web]}"; send ext1 -P "$inner" 41 "${A6[web]}"
  send ext1 -P "$inner" 4 "${A4[web]}"; send ext1 -P "$inner" 47 "${A4[web]}"
  send web -P "$inner" 41 "${A4[ext1]}"
  send web -S 3101 udp "${A4[ext1]}" 3544
  for h in 2002:c612:0232:: 64:ff9b::c612:232 2001:0:c612:232::1; do send web -S 3102 udp "$h" 53; send ext1 -S 3102 udp "$h" 53; done
  send ext1 -S 3103 tcp "${A6[web]}" 80
  unwatch d08 0.5
  is "of a tunnel" "$(grep -vE '^(ext1|web) O' "$T/seen-d08" | grep -E "^[^ ]+ I [46] (41|4|47) | 310[12] " | tr '\n' ';')" ''
  is "twin" "$(seen d08 "^web I 6 6 ${A6[ext1]} [^ ]+ 3103 80 2 ")" 1
}

# D09: IPsec from inside passes by the cell's default (RFC 6092 REC-21 to 24 leave it to the policy), from outside it does not
D09() {
  local f p ah=51:110400000000000100000001000000000000000000000000
  apply "$P0" || return
  watch d09 ext1 pc
  for f in 4 6; do
    send pc -P 000000010000000100000000 50 "$(addr $f ext1)"; send ext2 -P 000000010000000100000000 50 "$(addr $f pc)"
    send pc -x $ah -l 8 udp "$(addr $f ext1)" 9999; send ext2 -x $ah -l 8 udp "$(addr $f pc)" 9999
    for p in 500 4500; do send pc -S $p -l 8 udp "$(addr $f ext1)" $p; send ext2 -S $p -l 8 udp "$(addr $f pc)" $p; done
  done
  unwatch d09 0.5
  for f in 4 6; do
    is "ESP outwards, v$f" "$(seen d09 "^ext1 I $f 50 $(addr $f pc) ")" 1
    is "AH outwards, v$f" "$(seen d09 "^ext1 I $f 51 $(addr $f pc) ")" 1
    is "IKE outwards, v$f" "$(seen d09 "^ext1 I $f 17 $(addr $f pc) [^ ]+ (500 500|4500 4500) ")" 2
    is "inwards, v$f" "$(seen d09 "^pc I $f [0-9]+ $(addr $f ext2) ")" 0
  done
}

# E03: ports in the second fragment, and fragments over each other
E03() {
  local f
  apply "$P0" || return
  watch e03 web
  for f in 4 6; do
    send ext1 -f 8 -S 3201 tcp "$(addr $f web)" 22
    send ext1 -f 8 -S 3202 -o rev tcp "$(addr $f web)" 22
    send ext1 -f 24 -l 40 -b overlap -S 3203 tcp "$(addr $f web)" 22
    send ext1 -f 24 -l 40 -b overlap -S 3204 tcp "$(addr $f web)" 80
    send ext2 -f 24 -l 40 -S 3205 tcp "$(addr $f web)" 80	# from another host: identifications begin anew
  done
  unwatch e03 0.5
  for f in 4 6; do
    is "v$f: tiny, overlapping" "$(seen e03 "^web I $f [0-9]+ $(addr $f ext1) [^ ]+ 320[1-4] ")" 0
    at_least "v$f: twin in honest fragments" "$(seen e03 "^web I $f (6|1000) $(addr $f ext2) ")" 1
  done
}

# B08: a rule for one protocol is none for its neighbour
B08() {
  local f
  apply "$P0 wan -> dmz { accept udp dport 7777 dst web }" || return
  watch b08 web
  for f in 4 6; do
    send ext1 -S 3301 -l 8 udp "$(addr $f web)" 7777
    send ext1 -S 3301 -l 8 136 "$(addr $f web)" 7777	# UDP-Lite, the same ports as the flow
    send ext1 -S 3302 sctp "$(addr $f web)" 7777
    send ext1 -P 6162636465666768 253 "$(addr $f web)"
  done
  unwatch b08
  is "others" "$(seen b08 "^web I [46] (136|132|253) (${A4[ext1]}|${A6[ext1]}) ")" 0
  is "twin: UDP" "$(seen b08 "^web I [46] 17 (${A4[ext1]}|${A6[ext1]}) [^ ]+ 3301 7777 ")" 2
  # conntrack of these kernels takes the checksum of UDP-Lite for UDP's and calls it invalid: 253 stands for both
  apply "$P0 wan -> dmz { accept proto 253 dst web }" || return
  watch b08 web
  for f in 4 6; do
    send ext1 -S 3303 -l 8 udp "$(addr $f web)" 7777
    send ext1 -P 6162636465666768 253 "$(addr $f web)"
  done
  unwatch b08
  is "by a rule of their own" "$(seen b08 "^web I [46] 253 (${A4[ext1]}|${A6[ext1]}) ")" 2
  is "and UDP not" "$(seen b08 "^web I [46] 17 (${A4[ext1]}|${A6[ext1]}) [^ ]+ 3303 7777 ")" 0
  apply "$P0"
}
