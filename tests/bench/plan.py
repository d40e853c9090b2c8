#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""plan.py [--quick] [--only TEXT] OUT: what is measured, in which order, with how many packets. Writes OUT/plan (one
scenario a line, key=value) and the rule sets and traces it names.

A scenario is one set-up of the router: a firewall with a rule set, and the workloads that run in it:
  est new drop tcp    packets of one open flow; first packets; first packets that are denied; connections of 10 packets
  trace tdrop         first packets drawn from the rules; the same number that no rule accepts
  member              packets of a source on the blocklist
  load add list mem   the whole command: load the policy, add a rule, show all rules; kernel memory that the policy holds
"""
import argparse
import os
from collections import namedtuple

import dialect
import ruleset

SEED = 20261124
TRACE = 2000
Scenario = namedtuple('Scenario', 'fw variant set n zones fam wl')
# instructions one rule that does not match costs, roughly: how many packets a run can afford
PER_RULE = {'nft': 210, 'iptables': 27}
COSTLY = 400e6


def scenario(fw, n=0, wl='est,new', variant='-', kind='services', zones=2, fam=4):
    return Scenario(fw, variant, kind, n, zones, fam, wl)


def baselines(fam):
    every = 'est,new,tcp'
    return [scenario('nothing', wl=every, fam=fam), scenario('conntrack', wl=every + ',trace', kind='acl', n=1000, fam=fam)]


def sizes(quick):
    """Cost against the number of rules, text-book and one source prefix."""
    out = []
    for n in ((1, 100, 1000, 10000) if quick else (1, 10, 100, 1000, 10000, 100000)):
        small = n <= (100 if quick else 10000)
        wl = 'est,new,drop,tcp' if small else 'new,drop'
        out.append(scenario('zonefw', n, 'load,mem,est,new,drop,tcp' + ',add,list' * (n >= 10000)))
        if not quick or n <= 1000:
            out.append(scenario('nft', n, 'load,mem,' + wl + ',add,list' * (n >= 10000)))
            out.append(scenario('nft', n, 'load,mem,' + wl + ',add,list' * (n >= 10000), variant='map'))
        if not quick or n <= 1000:
            out.append(scenario('iptables', n, 'load,mem,' + wl + ',add,list' * (n >= 10000)))
    for n in ((1000,) if quick else (1, 100, 1000, 10000, 100000)):
        out.append(scenario('zonefw', n, 'load,mem,est,new,drop', kind='prefix'))
        if n <= 10000:
            out += [scenario('nft', n, 'new,drop', variant='map', kind='prefix')] + [scenario(fw, n, 'new,drop', kind='prefix') for fw in ('nft', 'iptables') if not quick]
    return out


def trace_baseline(kind, n, fam):
    """The same packets through conntrack alone; those of acl, 1,000 rules, are played with the other baselines."""
    return [] if (kind, n) == ('acl', 1000) else [scenario('conntrack', n, 'trace', kind=kind, fam=fam)]


def shapes(quick):
    """ClassBench-like rule sets, with packets drawn from their rules; and the hostile one."""
    out = []
    for kind in ('acl', 'fw', 'ipc'):
        for n in ((1000,) if quick else (100, 1000, 10000, 100000)):
            out += trace_baseline(kind, n, 4)
            out.append(scenario('zonefw', n, 'load,mem,trace,tdrop', kind=kind))
            if not quick and n <= 10000:
                out += [scenario(fw, n, 'load,mem,trace,tdrop', kind=kind) for fw in ('nft', 'iptables')]
    for n in ((1000,) if quick else (100, 1000, 10000)):
        out += [scenario(fw, n, 'load,mem,new,drop', kind='hostile') for fw in ('zonefw', 'iptables') + ('nft',) * (n <= 1000)]
    return out


def zones(quick):
    return [scenario(fw, 100, 'est,new,drop', zones=z) for z in ((64,) if quick else (8, 64))
            for fw in (('zonefw',) if quick else ('zonefw', 'nft', 'iptables'))]


def features(quick):
    """Blocklist, flow table, masquerade, no tag."""
    out = [scenario('zonefw', 100, 'est,new', variant='untagged')]
    for n in ((1000,) if quick else (10, 10000)):
        out += [scenario('zonefw', n, 'est,member', variant='block'), scenario('nft', n, 'est,member', variant='raw')]
        out += [scenario('nft', n, 'est,member', variant='ingress')] if not quick else []
    if not quick:
        out.append(scenario('zonefw', 1000000, 'load,mem,est,member', variant='block'))
    for n in ((100,) if quick else (100, 10000)):
        out += [scenario(fw, n, 'est,new,tcp' if fw == 'zonefw' or n == 100 else 'est', variant='offload') for fw in ('zonefw', 'nft')]
    return out + [scenario(fw, 100, 'est,new,tcp', variant='masquerade') for fw in ('zonefw', 'nft', 'iptables')]


def sixes(quick):
    """IPv6: the same over its own baselines."""
    out = baselines(6)
    for n in ((100,) if quick else (1, 100, 1000, 10000, 100000)):
        out.append(scenario('zonefw', n, 'est,new,drop,tcp', fam=6))
        if n <= 1000:
            out += [scenario('nft', n, 'est,new,drop,tcp', fam=6), scenario('nft', n, 'est,new,drop,tcp', variant='map', fam=6),
                    scenario('iptables', n, 'est,new,drop,tcp', fam=6)]
    if not quick:
        for kind in ('acl', 'fw', 'ipc'):
            out += trace_baseline(kind, 1000, 6) + [scenario('zonefw', 1000, 'trace,tdrop', kind=kind, fam=6)]
        out += [scenario('zonefw', 100, 'est,new,tcp', variant='offload', fam=6)]
    return out


def everything(quick):
    idle = [scenario('idle', wl='est,new'), scenario('netns', wl='netns')]
    return [scenario('netns0', wl='netns')] + baselines(4) + idle + sizes(quick) + shapes(quick) + zones(quick) + features(quick) + sixes(quick)


def native():
    """For the run on the clock of the wall: few scenarios, many packets; only their ratios mean anything."""
    return [scenario('nothing')] + [scenario('conntrack', kind='acl', n=1000)] + [scenario(fw, 100) for fw in ('zonefw', 'iptables', 'nft')] + [
        scenario('nft', 100, variant='map')]


def counts(s, quick, scale):
    est, new = (4000, 2000) if quick else (10000, 4000)
    linear = PER_RULE.get(s.fw, 0) if s.variant not in ('map', 'raw', 'ingress') and not (s.fw == 'zonefw') else 0
    if linear:
        new = max(40, min(new, int(COSTLY / (linear * s.n + 12000))))
    return {'est': est * scale, 'new': min(new * scale, 59000), 'tcp': 100 if quick else 300, 'play': min(new, TRACE)}


def write_policy(s, path):
    blocked = dialect.members(s.n) if s.variant in ('block', 'raw', 'ingress') else None
    rules = ruleset.KINDS[s.set](1 if blocked else s.n, SEED)
    lines = dialect.WRITERS[s.fw](rules, s.fam, s.zones, s.variant, blocked)
    with open(path, 'w') as out:
        out.write('\n'.join(lines) + '\n')


def write_trace(name, packets, fam):
    with open(name, 'w') as out:
        for proto, src, sport, dst, dport in packets:
            out.write('%d %d %s %d %s %d\n' % (fam, proto, ruleset.v4(src), sport, ruleset.v4(dst), dport))


def main():
    args = argparse.ArgumentParser()
    args.add_argument('--quick', action='store_true')
    args.add_argument('--native', action='store_true')
    args.add_argument('--only', default='', help='scenarios whose line has all these words; or those behind a |')
    args.add_argument('out')
    args = args.parse_args()
    plan = native() if args.native else everything(args.quick)
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, 'plan'), 'w') as out:
        for s in plan:
            files = {}
            if s.fw in dialect.WRITERS:
                files['file'] = '%s-%s-%s-%d-%d-%d' % (s.fw, s.variant, s.set, s.n, s.zones, s.fam)
            if 'trace' in s.wl.split(','):
                files['trace'] = 'trace-%s-%d-%d' % (s.set, s.n, s.fam)
            words = dict(fw=s.fw, variant=s.variant, set=s.set, n=s.n, zones=s.zones, fam=s.fam, wl=s.wl,
                         **counts(s, args.quick, 8 if args.native else 1), **files)
            line = ' '.join('%s=%s' % item for item in words.items())
            if not any(all(w in line.split() for w in words.split()) for words in args.only.split('|')) and not (s.fw in ('nothing', 'conntrack') and 'est' in s.wl):
                continue
            out.write(line + '\n')
            if 'file' in files:
                write_policy(s, os.path.join(args.out, files['file']))
            if 'trace' in files:
                write_trace(os.path.join(args.out, files['trace']), ruleset.trace(ruleset.KINDS[s.set](s.n, SEED), TRACE, SEED), s.fam)
    write_trace(os.path.join(args.out, 'denied-4'), ruleset.denied(TRACE), 4)
    write_trace(os.path.join(args.out, 'denied-6'), ruleset.denied(TRACE), 6)


main()
