#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""profile.py LOG BLOCKS SYSTEM_MAP MODULE: where the instructions of a workload go. BLOCKS1, BLOCKS2 ... are what the
plugin wrote, one per measurement; LOG says which they were. Prints instructions per packet of every function in the
second workload, in the first (conntrack alone) and the difference; and for the module's functions the source lines."""
import bisect
import subprocess
import sys
from collections import Counter

# measurements traffic makes for one round of a workload: the last one is the one that counts
CALLS = {'est': 3, 'new': 2, 'drop': 2, 'member': 2, 'tcp': 2, 'trace': 1, 'tdrop': 1}


class Symbols:
    def __init__(self, log, system_map):
        self.table, self.text = [], None
        with open(system_map) as lines:
            self.table += [(int(a, 16), name) for a, kind, name in (l.split() for l in lines) if kind in 'tTwW']
        for line in log:
            w = line.split()
            if w[:1] == ['K']:
                self.table.append((int(w[1], 16), '%s [%s]' % (w[2], w[3])))
            elif w[:1] == ['K-text']:
                self.text = int(w[1], 16)
        self.table.sort()
        self.addresses = [a for a, _ in self.table]

    def name(self, addr):
        if addr < 1 << 47:
            return 'user space'
        return self.table[bisect.bisect_right(self.addresses, addr) - 1][1]


def read_blocks(path):
    with open(path) as lines:
        return [(int(a, 16), int(n), int(c)) for a, n, c in (l.split() for l in lines)]


def by_function(blocks, symbols, units):
    out = Counter()
    for addr, insns, count in blocks:
        out[symbols.name(addr)] += insns * count / units
    return out


def by_line(blocks, symbols, module, units):
    """Instructions per packet of each source line of the module, by the address each block begins at."""
    inside = [(a - symbols.text, n * c / units) for a, n, c in blocks if symbols.text and symbols.name(a).endswith('[zonefw]')]
    asked = ''.join('%#x\n' % a for a, _ in inside)
    told = subprocess.run(['addr2line', '-j', '.text', '-e', module], input=asked, stdout=subprocess.PIPE, text=True, check=True).stdout
    out = Counter()
    for (_, cost), where in zip(inside, told.splitlines()):
        out[where.split(' ')[0].split('/kmod/')[-1]] += cost
    return out


def main():
    log_path, blocks_path, system_map, module = sys.argv[1:]
    with open(log_path, errors='replace') as f:
        log = f.read().splitlines()
    symbols, measured, at = Symbols(log, system_map), [], 0
    for line in log:
        if line.startswith('R '):
            w = dict(x.split('=', 1) for x in line.split()[1:])
            if w['wl'] in CALLS:
                at += CALLS[w['wl']]
                measured.append((w, read_blocks('%s%d' % (blocks_path, at))))
    (_, base_blocks), (w, blocks) = measured[0], measured[-1]
    units, base_units = int(w['units']), int(measured[0][0]['units'])
    mine, base = by_function(blocks, symbols, units), by_function(base_blocks, symbols, base_units)
    print('%10s %10s %10s  %s, per packet' % ('this', 'conntrack', 'over', ' '.join(w[k] for k in ('fw', 'variant', 'set', 'n', 'wl'))))
    print('%10.0f %10.0f %+10.0f  all' % (sum(mine.values()), sum(base.values()), sum(mine.values()) - sum(base.values())))
    for name in sorted(set(mine) | set(base), key=lambda s: base[s] - mine[s]):
        if abs(mine[name] - base[name]) >= 1:
            print('%10.1f %10.1f %+10.1f  %s' % (mine[name], base[name], mine[name] - base[name], name))
    print('\nsource lines of the module')
    for where, cost in sorted(by_line(blocks, symbols, module, units).items(), key=lambda p: (p[0].rsplit(':', 1)[0], int(p[0].rsplit(':', 1)[1]) if p[0].rsplit(':', 1)[1].isdigit() else 0)):
        if cost >= 0.5:
            print('%10.1f  %s' % (cost, where))


main()
