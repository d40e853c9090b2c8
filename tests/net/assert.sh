# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# assert.sh: an assertion that fails names a packet, and the kernel's own classifier agrees about it.

# broken NAME RULES ASSERTION (TO: what a published packet was sent to): the policy is refused, the packet of the message is one that the kernel would let in
broken() {
  local name=$1 packet zones
  printf '%s\n' "$ZONES$LETS$2" > "$T/assert.conf"
  printf '%s\n' "$ZONES$LETS$2" "$3" > "$T/assert2.conf"
  zf apply "$T/assert2.conf" > "$T/x" 2>&1; is "$name: exit" $? 1
  zones=$(sed -n 's/.*assertion fails for \([a-z]* -> [a-z]*\): .*/\1/p' "$T/x" | head -1)
  packet=$(sed -n 's/.*assertion fails for [^:]*: \(.*\) is accepted by .*/\1/p' "$T/x" | head -1)
  [ -n "$packet" ] || { miss "$name: no packet: $(head -2 "$T/x" | tr '\n' ' ')"; return; }
  packet=${packet%% dst *}" ${TO:-dst ${packet##* dst }}" TO=''	# a publish: as it was sent
  # shellcheck disable=SC2086
  zf explain from ${zones% ->*} to ${zones#*-> } $packet --file "$T/assert.conf" > "$T/y" 2>&1
  is "$name: explain of '$packet': exit" $? 0
  is "$name: '$packet' is accepted" "$(grep -cE '^verdict +[a-z]+ +accept' "$T/y")" 1
}
ASSERT() {
  local gen
  apply "$P0" || return
  gen=$(stat generation)
  broken "a port of a range" 'wan -> int { drop tcp dport 1-442, 444-65535; drop udp; accept tcp }' 'assert never wan -> int tcp'
  broken "a hole between prefixes" 'dmz -> int { drop dst 198.18.2.0/25; drop dst 198.18.2.128/26; accept tcp dst 198.18.2.0/24 dport 5432; drop ipv6 }' 'assert never dmz -> int dst 198.18.2.0/24'
  broken "IPv6 only" 'wan -> dmz { accept udp dport 53 dst 2001:2:0:3::/64 }' 'assert never wan -> dmz udp'
  broken "a default" 'wan -> int { drop tcp; drop udp; default accept }' 'assert never wan -> int'
  broken "a default through any" 'any -> any { default accept }' 'assert never dmz -> int proto 50'
  broken "an exception too small" 'dmz -> int { accept tcp dport 5432 dst db }' 'assert never dmz -> int except tcp dport 5432 dst 198.18.2.54'
  broken "icmp" 'wan -> int { accept icmp type echo-request }' 'assert never wan -> int icmp'
  TO="dst ${FW4[wan]} dport 443"
  broken "publish" 'wan -> dmz { publish tcp dport 443 to rp:8443 }' 'assert never wan -> dmz tcp dport 8443'
  is "publish: where it was sent to" "$(grep -c 'when it was sent to dst this router dport 443$' "$T/x")" 1
  is "the policy in force stays" "$(stat generation)" "$gen"
  apply "$ZONES$LETS"'dmz -> int { accept tcp dport 5432 dst db }
assert never dmz -> int except tcp dport 5432 dst db
assert accept dmz -> int tcp src 198.18.3.80 dst 198.18.2.54 dport 5432
assert drop wan -> int tcp src 198.18.9.11 dst 198.18.2.54 dport 5432'
  apply "$P0"
}
