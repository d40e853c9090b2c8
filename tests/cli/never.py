#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""never.py ZONEFW [FILES] [SEED]: `assert never` against brute force. Random cells of few rules over few values; each
packet of a universe that has a representative of every value goes through them one by one. What the program says to
hold must hold, and what it says to fail must fail; 'cannot be proved' is right wherever it is said, but must stay rare
and may not be said of what only addresses, protocols and ports decide."""
import collections
import itertools
import random
import re
import subprocess
import sys

ZONES = 7
ADDRS = ["10.0.0.1", "10.0.0.2", "10.0.0.9", "192.0.2.1"] + [p + s for p in ("2001:db8::", "2001:db8:1::", "2001:db9::") for s in ("1", "2", "3", "1:0:1")]
PORTS = ("tcp", "udp", "sctp", "udplite")
VALUES = {"src": ADDRS, "dst": ADDRS, "proto": [*PORTS, "gre"], "dport": [1, 2, 3, 9], "mark": range(8), "dscp": range(3),
          "in": ["eth0", "eth1", "eth2", "wlan0", "x"], "mac": [f"02:00:00:00:00:0{i}" for i in (1, 2, 3)],
          "time": [0, 420, 540, 1000, 1150, 1300], "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
          "src@s": [0, 1], "src@t": [0, 1], "dst@s": [0, 1], "dport@p": [0, 1]}
# what may stand in a list, or once, and which values that is
PLAIN = {a: {a} for a in ADDRS[:2] + ADDRS[4:10] if not a.endswith("3")} | {
    "10.0.0.0/30": set(ADDRS[:2]), "10.0.0.2-10.0.0.9": set(ADDRS[1:3]), "2001:db8::/64": set(ADDRS[4:8]),
    "2001:db8:1::/48": set(ADDRS[8:12]), "::1/-64": {a for a in ADDRS if a.endswith("::1")}, "::2/-64": {a for a in ADDRS if a.endswith("::2")},
    "::1/-32": {a for a in ADDRS if ":" in a and a.endswith(":1")}}
LISTS = {
    "src": PLAIN, "dst": PLAIN, "dport": {"1": {1}, "1-2": {1, 2}, "2-3": {2, 3}, "3": {3}},
    "in": {"eth0": {"eth0"}, "eth*": {"eth0", "eth1", "eth2"}, "*0": {"eth0", "wlan0"}, "eth1": {"eth1"}},
    "mac": {m: {m} for m in VALUES["mac"][:2]}, "proto": {"tcp": {"tcp"}, "udp": {"udp"}},
}
SINGLE = {
    "mark": {"1": {1}, "2": {2}, "1/1": {1, 3, 5, 7}, "0/2": {0, 1, 4, 5}, "0/1": {0, 2, 4, 6}},
    "dscp": {"0": {0}, "1": {1}},
    "time": {"08:00-17:00": {540, 1000}, "16:00-20:00": {1000, 1150}, "22:00-06:00": {0}, "20:00-22:00": {1300}},
    "days": {"mon-fri": {"mon", "tue", "wed", "thu", "fri"}, "sat-mon": {"sat", "sun", "mon"}, "wed": {"wed"}},
}
SETS = {"src": ["s", "t"], "dst": ["s"], "dport": ["p"]}


def clause(rng, kind):
    """Text, the dimensions that it asks for, and its test."""
    neg = rng.random() < 0.3
    table = LISTS.get(kind) or SINGLE[kind]
    words = rng.sample(sorted(table), rng.choice([0, 1, 1, 2]) if kind in LISTS else 1)
    used = [f"{kind}@{rng.choice(SETS[kind])}"] if kind in SETS and (not words or rng.random() < 0.25) else []
    words = words or ([] if used else [min(table)])
    ok = set().union(*(table[w] for w in words))
    what = ", ".join(words + [u[u.index("@"):] for u in used])
    return f"{kind} {'! ' if neg else ''}{what}", {kind, *used}, lambda p: (p[kind] in ok or any(p[u] for u in used)) != neg


def match(rng, kinds, most):
    """One match: a list of clauses, each kind once; ports are those of some protocols only."""
    chosen = rng.sample(kinds, min(len(kinds), rng.randint(0, most)))
    cl = [clause(rng, k) for k in chosen]
    if "dport" in chosen:
        have = PORTS if "proto" in chosen else PORTS[:3]
        cl.append(("", {"proto"}, lambda p: p["proto"] in have))
    return cl


def text(cl):
    return " ".join(c[0] for c in cl if c[0])


def mixes(cl):
    """Addresses of two families, which the parser refuses"""
    fams = []
    for c in cl:
        if c[0][:3] in ("src", "dst") and "!" not in c[0] and "@" not in c[0]:
            fams.append({":" in w for w in c[0][4:].split(", ")})
    return len(fams) == 2 and not fams[0] & fams[1]


def one(rng, kinds, most):
    while True:
        cl = match(rng, kinds, most)
        if not mixes(cl):
            return cl


def make(rng):
    """Rules, default, match and exceptions of one cell."""
    kinds = rng.sample(["src", "dst", "proto", "dport"], 2) + rng.sample(["mark", "dscp", "in", "mac", "time", "days"], rng.choice([0, 0, 1, 1, 2]))
    rules = [(rng.choice(["accept", "drop"]), one(rng, kinds, 2), rng.random() < 0.04) for _ in range(rng.randint(1, 5))]
    known = [cl for _, cl, _ in rules if cl]
    pick = lambda most: rng.choice(known) if known and rng.random() < 0.5 else one(rng, kinds, most)
    excepts = [e for e in (pick(2) for _ in range(rng.choice([0, 1, 1, 2]))) if e]
    return rules, rng.choice(["drop", "drop", "accept"]), pick(1), excepts


def passes(rules, default, m, excepts):
    """Is there a packet that the assertion does not allow? A limit may hold or not."""
    clauses = [c for cl in [m, *excepts, *(cl for _, cl, _ in rules)] for c in cl]
    dims = sorted({"src", "dst"} | set().union(*(c[1] for c in clauses)))
    if not any(c[1] & {"src", "src@s"} for c in clauses):
        dims.remove("src")
    if not any(c[1] & {"dst", "dst@s"} for c in clauses):
        dims.remove("dst")
    good = lambda cl, p: all(c[2](p) for c in cl)
    for values in itertools.product(*(VALUES[d] for d in dims)):
        p = dict(zip(dims, values))
        if "src" in p and "dst" in p and (":" in p["src"]) != (":" in p["dst"]):
            continue
        if not good(m, p) or any(good(e, p) for e in excepts):
            continue
        verdict = {default}
        for action, cl, limit in reversed(rules):
            if good(cl, p):
                verdict = verdict | {action} if limit else {action}
        if "accept" in verdict:
            return p
    return None


def run(zonefw, rng, name):
    lines = ["set s { 10.0.0.1 }", "set t { }", "set p port { 1 }"] + [f"zone z{i} {{ dev z{i} }}" for i in range(ZONES)]
    cases = {}
    for f, t in itertools.product(range(ZONES), repeat=2):
        rules, default, m, excepts = make(rng)
        body = "; ".join(f"{a} {text(cl)}{' limit 5/s' if limit else ''}" for a, cl, limit in rules)
        lines.append(f"z{f} -> z{t} {{ {body}; default {default} }}")
        lines.append(f"assert never z{f} -> z{t} {text(m)}" + (" except " if excepts else "") + "; ".join(text(e) for e in excepts))
        cases[len(lines)] = (rules, default, m, excepts)
    with open(name, "w", encoding="ascii") as out:
        out.write("\n".join(lines) + "\n")
    done = subprocess.run([zonefw, "-q", "check", name], capture_output=True, text=True, check=False)
    said = {}
    for line in done.stderr.splitlines():
        at = re.match(r"[^:]*:(\d+):\d+: error: (.*)", line)
        if at:
            said[int(at[1])] = at[2]
    bad, count = [], collections.Counter()
    for n, case in cases.items():
        p, word = passes(*case), said.pop(n, "holds")
        kind = "fails" if "fails" in word else "unsure" if "cannot be proved" in word else word
        exact = not re.search(r"@|-\d\d|mark|dscp|in |mac|time|days|limit", lines[n - 2] + lines[n - 1].partition("never")[2])
        count[kind, p is not None] += 1
        if (kind == "holds" and p is not None) or (kind == "fails" and p is None) or kind not in ("holds", "fails", "unsure") or (exact and kind == "unsure"):
            bad.append(f"{lines[n - 2]}\n{lines[n - 1]}\n  says: {word}\n  but: {p}")
    if said:
        bad.append(f"not expected: {said}")
    return bad, count


def main():
    files = int(sys.argv[2]) if len(sys.argv) > 2 else 12
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    rng, count, bad = random.Random(seed), collections.Counter(), []
    for _ in range(files):
        more, counted = run(sys.argv[1], rng, "never.conf")
        bad += more
        count += counted
    print(f"never.py: seed {seed}, " + ", ".join(f"{k} (packet: {p}) {n}" for (k, p), n in sorted(count.items())))
    print("\n".join(bad[:5]))
    return 1 if bad or count["unsure", False] * 5 > count["holds", False] else 0


if __name__ == "__main__":
    sys.exit(main())
