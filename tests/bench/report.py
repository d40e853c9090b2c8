#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""report.py [--native] LOG JSON REVISION: the guest's lines as tables, as JSON, and against the budgets. Fails when a
figure is not proved by its counters or a scenario could not be set up (features the build refuses are only told)."""
import json
import sys

import budgets
from results import Results

LABELS = {('nothing', '-'): 'nothing', ('conntrack', '-'): 'conntrack alone', ('idle', '-'): 'zonefw, no policy',
          ('zonefw', '-'): 'zonefw', ('zonefw', 'untagged'): 'zonefw, tag-mask 0', ('zonefw', 'offload'): 'zonefw, offload',
          ('zonefw', 'masquerade'): 'zonefw, masquerade', ('zonefw', 'block'): 'zonefw, blocklist',
          ('nft', '-'): 'nftables, linear', ('nft', 'map'): 'nftables, map', ('nft', 'offload'): 'nftables, flow table',
          ('nft', 'masquerade'): 'nftables, masquerade', ('nft', 'raw'): 'nftables, blocklist',
          ('nft', 'ingress'): 'nftables, ingress', ('iptables', '-'): 'iptables-legacy',
          ('iptables', 'masquerade'): 'iptables, masquerade'}
PEERS = [('zonefw', '-'), ('nft', 'map'), ('nft', '-'), ('iptables', '-')]
FEATURES = [('zonefw', 'untagged'), ('zonefw', 'offload'), ('nft', 'offload'), ('zonefw', 'masquerade'), ('nft', 'masquerade'),
            ('iptables', 'masquerade'), ('zonefw', 'block'), ('nft', 'raw'), ('nft', 'ingress')]
WORK = {'est': 'established packet', 'new': 'first packet of a flow', 'drop': 'denied new flow', 'tcp': 'TCP connection of 10 packets',
        'trace': 'first packet drawn from the rules', 'tdrop': 'packet that no rule accepts', 'member': 'packet of a blocked source'}


def number(value):
    if value is None:
        return '-'
    for limit, word in ((1e9, 'G'), (1e7, 'M')):
        if abs(value) >= limit:
            return '%.2f %s' % (value / (1e9 if word == 'G' else 1e6), word)
    return '{:,.0f}'.format(value)


class Table:
    """Rows of figures over columns of sizes, printed only where there is something to print."""

    def __init__(self, title, columns, heads=None):
        self.title, self.columns, self.heads, self.rows = title, columns, heads or ['{:,}'.format(c) for c in columns], []

    def add(self, label, values):
        values = list(values)
        if any(v is not None for v in values):
            self.rows.append((label, [number(v) for v in values]))

    def used(self):
        return [i for i in range(len(self.columns)) if any(cells[i] != '-' for _, cells in self.rows)]

    def text(self):
        used, width = self.used(), max([len(self.title)] + [len(l) for l, _ in self.rows]) + 2
        if not self.rows:
            return ''
        size = [max([len(self.heads[i])] + [len(c[i]) for _, c in self.rows]) for i in used]
        line = lambda head, cells: head.ljust(width) + '  '.join(c.rjust(s) for c, s in zip(cells, size))
        return '\n'.join([line(self.title, [self.heads[i] for i in used])] + [line('  ' + l, [c[i] for i in used]) for l, c in self.rows]) + '\n'

    def markdown(self):
        used = self.used()
        if not self.rows:
            return ''
        out = ['| %s | %s |' % (self.title, ' | '.join(self.heads[i] for i in used)), '| --- |' + ' ---: |' * len(used)]
        return '\n'.join(out + ['| %s | %s |' % (l, ' | '.join(c[i] for i in used)) for l, c in self.rows]) + '\n'


SIZES = (1, 10, 100, 1000, 10000, 100000)


def by_size(r, wl, kind, fam, over=False):
    t = Table('%s%s%s' % (WORK[wl], ', over conntrack alone' * over, '; rules:'), SIZES)
    for fw, variant in PEERS:
        values = []
        for n in SIZES:
            value = r.get(fw, wl, n, variant, kind, fam=fam)
            base = r.get('conntrack', wl, n, set=kind, fam=fam) if over else 0
            values.append(None if value is None or base is None else value - base)
        t.add(LABELS[fw, variant], values)
    if t.rows and not over:
        for fw in ('conntrack', 'nothing'):
            t.add(LABELS[fw, '-'], [r.get(fw, wl, fam=fam)] + [None] * 5)
    return t


def packets(r):
    for fam in (4, 6):
        yield 'IPv%d, text-book rules: a service of one server in each' % fam, [by_size(r, wl, 'services', fam) for wl in ('est', 'new', 'drop', 'tcp')]
    yield 'One source prefix in every rule', [by_size(r, wl, 'prefix', 4) for wl in ('new', 'drop')]
    for fam in (4, 6):
        for kind in ('acl', 'fw', 'ipc'):
            yield 'IPv%d, ClassBench-like: %s' % (fam, kind), [by_size(r, 'trace', kind, fam, True), by_size(r, 'tdrop', kind, fam)]
    yield 'Rules that all overlap and all but match', [by_size(r, wl, 'hostile', 4) for wl in ('new', 'drop')]


def zones(r):
    out = []
    for wl in ('est', 'new', 'drop'):
        t = Table('%s, 100 rules; zones:' % WORK[wl], (2, 8, 64))
        for fw, variant in PEERS:
            t.add(LABELS[fw, variant], [r.get(fw, wl, 100, variant, zones=z) for z in t.columns])
        if any(t.used()):
            out.append(t)
    return out


def features(r):
    works, out = ('est', 'new', 'tcp', 'member'), []
    for fam in (4, 6):
        t = Table('IPv%d' % fam, works, [WORK[w].split(' of 10')[0] for w in works])
        for fw, variant in FEATURES:
            for n in (10, 100, 1000, 10000, 1000000):
                t.add('%s, %s' % (LABELS[fw, variant], '{:,}'.format(n)), [r.get(fw, w, n, variant, fam=fam) for w in works])
        out.append(t)
    return out


def control(r):
    works = ('load', 'add', 'list', 'mem')
    for n in (1000, 10000, 100000, 1000000):
        t = Table('{:,} rules'.format(n), works, ['load', 'add one', 'show all', 'bytes a rule'])
        for fw, variant in PEERS + [('zonefw', 'block')]:
            for kind in ('services', 'prefix', 'acl', 'fw', 'ipc', 'hostile'):
                label = LABELS[fw, variant] + (', %s' % kind) * (kind != 'services')
                t.add(label, [r.get(fw, w, n, variant, kind) for w in works])
        yield t
    t = Table('a network namespace with no policy', ('netns', 'netns-mem'), ['made with', 'bytes'])
    for fw, label in (('netns0', 'no module'), ('netns', 'module loaded')):
        t.add(label, [r.get(fw, w) for w in t.columns])
    yield t


def sections(r):
    """(title, tables) of everything that was measured."""
    for title, tables in list(packets(r)) + [('Zones', zones(r)), ('Features', features(r)), ('Control plane', list(control(r)))]:
        tables = [t for t in tables if t.rows]
        if tables:
            yield title, tables


def show(r, verdicts):
    for title, tables in sections(r):
        print('\n== %s\n' % title)
        print('\n'.join(t.text() for t in tables), end='')
    print('\n== Budgets\n')
    for v in verdicts:
        state = {True: 'met', False: 'NOT MET', None: 'not measured'}[v.met]
        print('%-52s %9s %10s  %-12s %s' % (v.text, number(v.limit), number(v.value), state, v.where))


def show_native(r):
    base = r.get('conntrack', 'est'), r.get('conntrack', 'new')
    print('\n== Time of the wall, against conntrack alone (ratios only)\n')
    print('%-20s %12s %12s' % ('100 rules', 'established', 'first packet'))
    for fw, variant in [('nothing', '-')] + PEERS:
        pair = [r.get(fw, wl, 100, variant) for wl in ('est', 'new')]
        if all(pair) and all(base):
            print('%-20s %12.2f %12.2f' % (LABELS[fw, variant], pair[0] / base[0], pair[1] / base[1]))


def as_json(r, verdicts, revision):
    figures = [dict(k._asdict(), value=f.value, over_conntrack=r.over(k, f.value) if k.wl in ('est', 'new', 'tcp', 'trace') else None,
                    rounds=f.rounds, faults=f.faults) for k, f in r.figures.items()]
    return dict(revision=revision, **r.info, figures=figures, errors=r.errors, budgets=[v._asdict() for v in verdicts])


def main():
    native = '--native' in sys.argv
    log, out, revision = [a for a in sys.argv[1:] if a != '--native']
    r = Results(log)
    verdicts = budgets.judge(r)
    if native:
        show_native(r)
    else:
        show(r, verdicts)
    with open(out, 'w') as f:
        json.dump(as_json(r, verdicts, revision), f, indent=1)
    bad = 0
    for key, faults in r.invalid():
        print('%s %s' % ('NOT PROVED' if not r.figures[key].rounds else 'one round not proved', ' '.join(map(str, key))), faults[0], file=sys.stderr)
        bad += not r.figures[key].rounds
    for error in r.errors:
        print('FAILED: %s' % error, file=sys.stderr)
        bad += 1
    print('\n%d figures, %d not proved or failed; all of them: %s' % (len(r.figures), bad, out))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
