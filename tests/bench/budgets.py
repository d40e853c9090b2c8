# SPDX-License-Identifier: GPL-2.0
"""What zonefw may cost, and what it does: each budget is compared with the worst figure it speaks of."""
from collections import namedtuple

Verdict = namedtuple('Verdict', 'text limit value where met')


def where(key):
    words = [key.set if key.fw == 'zonefw' and key.variant != 'block' else key.variant, '{:,} rules'.format(key.n)]
    if key.variant == 'block':
        words = ['{:,} members'.format(key.n)]
    if key.zones != 2:
        words.append('%d zones' % key.zones)
    return ', '.join(words + ['IPv%d' % key.fam] * (key.fam == 6))


def worst(pairs):
    pairs = [(v, where(k)) for k, v in pairs if v is not None]
    return max(pairs) if pairs else (None, '')


def over(results, **want):
    return [(k, results.over(k, v)) for k, v in results.select(fw='zonefw', **want)]


def absolute(results, **want):
    """IPv6 figures are lowered by what IPv6 costs more without any firewall of ours."""
    four, six = (results.get('conntrack', 'est', fam=f) for f in (4, 6))
    shift = six - four if four and six else 0
    return [(k, v - shift * (k.fam == 6)) for k, v in results.select(fw='zonefw', **want)]


def against(results, other, **want):
    """Figures less the figure of the same scenario, changed as told."""
    out = []
    for k, v in results.select(fw='zonefw', **want):
        base = results.figures.get(k._replace(**other(k)))
        out.append((k, v - base.value if base and base.value is not None else None))
    return out


def rows(r):
    plain = dict(variant='-', zones=2)
    large = dict(plain, set='services', n=100000, fam=4)
    yield 'established packet, over conntrack alone', 180, worst(over(r, wl='est', **plain))
    yield 'the same, tag-mask 0', 145, worst(over(r, wl='est', variant='untagged'))
    yield 'new flow, over conntrack alone: text-book', 500, worst(over(r, wl='new', set='services', **plain))
    yield '... one source prefix', 500, worst(over(r, wl='new', set='prefix', **plain))
    for kind in ('acl', 'fw', 'ipc'):
        yield '... ClassBench-like: %s' % kind, 500, worst(over(r, wl='trace', set=kind, **plain))
    yield '... hostile: over iptables with the same rules', 0, worst(
        against(r, lambda k: dict(fw='iptables'), wl=('new', 'drop'), set='hostile', **plain))
    yield '8 and 64 zones: over 2 zones', 20, worst(
        against(r, lambda k: dict(zones=2), wl=('est', 'new', 'drop'), zones=(8, 64), variant='-'))
    yield 'denied new flow', 9200, worst(absolute(r, wl='drop', set=('services', 'prefix'), **plain))
    yield 'packet of a source on a blocklist', 4500, worst(absolute(r, wl='member', variant='block'))
    yield 'a blocklist adds to an established packet', 150, worst(
        against(r, lambda k: dict(variant='-', n=100), wl='est', variant='block'))
    yield 'established packet, offload', 5600, worst(absolute(r, wl='est', variant='offload'))
    yield 'TCP connection of 10 packets, over conntrack alone', 2220, worst(
        [p for p in over(r, wl='tcp', variant=('-', 'offload')) if p[0].n <= 10000])
    for wl, text in (('est', 'established masqueraded packet'), ('tcp', 'masqueraded TCP connection')):
        yield text + ": over nftables' masquerade", 0, worst(against(r, lambda k: dict(fw='nft'), wl=wl, variant='masquerade'))
    yield 'load of 100,000 rules', 3e9, worst(r.select(fw='zonefw', wl='load', **large))
    yield 'rule add at 100,000 rules', 20e6, worst(r.select(fw='zonefw', wl='add', **large))
    yield 'show rules at 100,000 rules', 3e9, worst(r.select(fw='zonefw', wl='list', **large))
    yield 'kernel memory per rule at 100,000, bytes', 200, worst(
        r.select(fw='zonefw', wl='mem', **dict(large, set=('services', 'acl', 'fw', 'ipc', 'prefix'))))
    yield 'module loaded, no policy: over no netfilter', 20, worst(
        [(k, v - (r.get('nothing', k.wl) or 0)) for k, v in r.select(fw='idle', wl=('est', 'new'))])


def judge(results):
    return [Verdict(text, limit, value, at, None if value is None else value <= limit) for text, limit, (value, at) in rows(results)]
