# SPDX-License-Identifier: GPL-2.0
# model.awk: what a policy says, computed from its text alone and without any code of zonefw.
# usage: awk -f model.awk policy probes; a probe is: FROM TO FAM PROTO SRC DST DPORT TYPE; prints accept or drop before it.
# Knows the part of the language that policy.sh uses: one rule a line, one FROM and one TO a block.
function covers(word, zone) { return word == "any" || word == zone }
function in_list(list, x, n, a, i, r) {
  n = split(list, a, /[ ,]+/)
  for (i = 1; i <= n; i++) {
    if (a[i] == x) return 1
    if (split(a[i], r, "-") == 2 && x + 0 >= r[1] + 0 && x + 0 <= r[2] + 0) return 1
  }
  return 0
}
function value(name) { return name in lets ? lets[name] : name }
function number(p, fam) {
  if (p == "tcp") return 6
  if (p == "udp") return 17
  if (p == "icmp") return 1
  if (p == "icmpv6") return 58
  return p + 0
}
# one rule's text against the probe in f[]
function matches(text, n, w, i, k, list) {
  n = split(text, w, " ")
  for (i = 2; i <= n; i++) {
    k = w[i]
    if (k == "ipv4" || k == "ipv6") { if (f[3] != substr(k, 4)) return 0; continue }
    if (k == "tcp" || k == "udp" || k == "icmp" || k == "icmpv6") { if (f[4] != number(k)) return 0; continue }
    list = w[++i]
    while (list ~ /,$/) list = list w[++i]
    if (k == "proto" && f[4] != list + 0) return 0
    if (k == "dport" && ((f[4] != 6 && f[4] != 17) || !in_list(list, f[7]))) return 0
    if (k == "src" && !in_list(value(list), f[5])) return 0
    if (k == "dst" && !in_list(value(list), f[6])) return 0
    if (k == "type" && !(list == "echo-request" && (f[8] == 8 || f[8] == 128))) return 0
  }
  return 1
}
function verdict(i, p) {
  if (f[1] == "self" && f[2] == "self") return "accept"	# loopback passes, whatever the policy says
  for (i = 1; i <= rules; i++)
    if (covers(rfrom[i], f[1]) && covers(rto[i], f[2]) && matches(rtext[i]))
      return substr(rtext[i], 1, 4) == "drop" ? "drop" : "accept"
  p = f[1] SUBSEP f[2]; if (p in def) return def[p]
  p = f[1] SUBSEP "any"; if (p in def) return def[p]
  p = "any" SUBSEP f[2]; if (p in def) return def[p]
  p = "any" SUBSEP "any"; if (p in def) return def[p]
  return "drop"
}
FNR == 1 { part++ }
part == 1 {
  sub(/^[ \t]+/, "")
  if ($1 == "let") { name = $2; sub(/^let [^ ]+ = /, ""); lets[name] = $0 }
  else if ($2 == "->") { from = $1; to = $3; line = $0; if (sub(/.*\{ /, "", line) && sub(/ \}.*/, "", line)) add(line) }
  else if ($1 ~ /^(accept|drop|default)$/) add($0)
}
function add(t, w) {
  split(t, w, " ")
  if (w[1] == "default") def[from, to] = w[2]
  else { rules++; rfrom[rules] = from; rto[rules] = to; rtext[rules] = t }
}
part == 2 { split($0, f, " "); print verdict(), $0 }
