#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""profile.py LOG BLOCKS MODULE: where the instructions of a workload go. BLOCKS1, BLOCKS2 ... are what the
plugin wrote, one per measurement; LOG says which they were. Prints, for each workload, instructions per packet of every
function in the last scenario, in the first (conntrack alone) and the difference; and of the module's source lines."""
import base64
import bisect
import gzip
import subprocess
import sys
from collections import Counter

# measurements traffic makes for one round of a workload: the last one is the one that counts
CALLS = {'est': 3, 'new': 2, 'drop': 2, 'member': 2, 'tcp': 2, 'trace': 1, 'tdrop': 1}


class Symbols:
    """The guest's /proc/kallsyms, and where the module's code lies."""

    def __init__(self, log):
        packed = ''.join(line[2:] for line in log if line.startswith('K '))
        self.text = next((int(line.split()[1], 16) for line in log if line.startswith('K-text ')), None)
        words = [line.split() for line in gzip.decompress(base64.b64decode(packed)).decode().splitlines()]
        self.table = sorted((int(w[0], 16), ' '.join(w[2:])) for w in words)
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


def compare(first, last, symbols, module):
    (base_words, base_blocks), (w, blocks) = first, last
    units = int(w['units'])
    mine, base = by_function(blocks, symbols, units), by_function(base_blocks, symbols, int(base_words['units']))
    total = sum(mine.values()), sum(base.values())
    print('\n%10s %10s %10s  %s, per packet' % ('this', base_words['fw'], 'over', ' '.join(w[k] for k in ('fw', 'variant', 'set', 'n', 'wl'))))
    print('%10.0f %10.0f %+10.0f  all' % (total[0], total[1], total[0] - total[1]))
    for name in sorted(set(mine) | set(base), key=lambda s: base[s] - mine[s]):
        if abs(mine[name] - base[name]) >= 1:
            print('%10.1f %10.1f %+10.1f  %s' % (mine[name], base[name], mine[name] - base[name], name))
    print('\nsource lines of the module')
    for where, cost in sorted(by_line(blocks, symbols, module, units).items(), key=line_order):
        if cost >= 0.5:
            print('%10.1f  %s' % (cost, where))


def line_order(item):
    name, _, line = item[0].rpartition(':')
    return name, int(line) if line.isdigit() else 0


def main():
    log_path, blocks_path, module = sys.argv[1:]
    with open(log_path, errors='replace') as f:
        log = f.read().splitlines()
    symbols, measured, at = Symbols(log), [], 0
    for line in log:
        if line.startswith('R '):
            w = dict(x.split('=', 1) for x in line.split()[1:])
            if w['wl'] in CALLS:
                at += CALLS[w['wl']]
                measured.append((w, read_blocks('%s%d' % (blocks_path, at))))
    for wl in dict.fromkeys(w['wl'] for w, _ in measured):
        of = [m for m in measured if m[0]['wl'] == wl]
        compare(of[0], of[-1], symbols, module)


main()
