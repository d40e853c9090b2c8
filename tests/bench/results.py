# SPDX-License-Identifier: GPL-2.0
"""Reads the lines the guest printed, proves each figure by its counters, and holds them by name.

A figure is the lower of the rounds: background work of the kernel only ever adds. A round counts only if every packet
that was sent arrived (or none did, where they are denied) and conntrack made exactly the entries it had to."""
import re
from collections import OrderedDict, namedtuple

Key = namedtuple('Key', 'fw variant set n zones fam wl')
STRAY = 5           # frames of IPv6 neighbour discovery that a receiver may count besides
STATELESS = ('nothing', 'idle')


class Figure:
    def __init__(self):
        self.rounds, self.faults = [], []

    @property
    def value(self):
        return min(self.rounds) if self.rounds else None


def fault(key, r):
    """What is wrong with a round, or nothing."""
    sent, sink, made = r['sent'], r['sink'], r['ct']
    if key.wl in ('drop', 'member', 'tdrop'):
        return 'denied, but %d arrived' % sink if sink > STRAY else 'denied, but %d entries' % made if made else ''
    if key.wl == 'tcp':
        if sent != 10 * r['units'] or not sent <= sink + r['back'] <= sent + STRAY:
            return '%d sent, %d arrived' % (sent, sink + r['back'])
        return '' if key.fw in STATELESS or made == r['units'] else '%d entries' % made
    if key.wl in ('est', 'new', 'trace'):
        if not sent <= sink <= sent + STRAY:
            return '%d sent, %d arrived' % (sent, sink)
        if key.fw not in STATELESS and (made != sent if key.wl in ('new', 'trace') else r['before'] < 1):
            return '%d sent, %d entries' % (sent, made)
        if key.wl == 'est' and key.variant == 'offload' and r['fwd'] > sent / 100:
            return 'not offloaded: %d of %d forwarded by IP' % (r['fwd'], sent)
    return ''


class Results:
    def __init__(self, path):
        self.figures, self.info, self.errors = OrderedDict(), {}, []
        with open(path, errors='replace') as log:
            for line in log:
                kind, _, rest = line.strip().partition(' ')
                if kind == 'R':
                    self.round(dict(w.split('=', 1) for w in rest.split()))
                elif kind == 'I':
                    self.info.update(w.split('=', 1) for w in rest.split())
                elif kind == 'E':
                    self.errors.append(re.sub(r'\s+', ' ', rest))

    def round(self, words):
        r = {k: int(v) for k, v in words.items() if k not in ('fw', 'variant', 'set', 'wl')}
        key = Key(words['fw'], words['variant'], words['set'], r['n'], r['zones'], r['fam'], words['wl'])
        figure = self.figures.setdefault(key, Figure())
        why = fault(key, r)
        if why:
            figure.faults.append(why)
        else:
            figure.rounds.append(r['ns'] / r['units'])

    def get(self, fw, wl, n=0, variant='-', set='services', zones=2, fam=4):
        if fw in ('nothing', 'idle'):
            n = 0
        elif fw == 'conntrack' and wl != 'trace':
            set, n = 'acl', 1000
        figure = self.figures.get(Key(fw, variant, set, n, zones, fam, wl))
        return figure.value if figure else None

    def over(self, key, value):
        """A figure less what conntrack alone takes for the same packets."""
        base = self.get('conntrack', key.wl, n=key.n, set=key.set, fam=key.fam)
        return None if value is None or base is None else value - base

    def select(self, **want):
        return [(k, f.value) for k, f in self.figures.items()
                if f.value is not None and all(getattr(k, w) in (v if isinstance(v, tuple) else (v,)) for w, v in want.items())]

    def invalid(self):
        return [(k, f.faults) for k, f in self.figures.items() if f.faults]
