# SPDX-License-Identifier: GPL-2.0
"""Rule sets for the benchmark, made from a seed: what a rule is, five shapes of rule sets, and the packets for them.

An address is a 32-bit number; in IPv6, a.b.c.d stands for fd00:aabb:ccdd::1, a prefix /n of it for /(16+n). Sources
are in 10.0.0.0/9, destinations in 10.128.0.0/9. Every rule accepts and the default drops, so each packet drawn from a
rule is accepted by some rule: by that one or by an earlier one.

  services   text-book: a service of one server per rule, no source
  prefix     the same source prefix and port in every rule, another server in each
  acl fw ipc like ClassBench's three families: nested prefixes, their lengths, ports and protocols as there
  hostile    every rule overlaps every other, and misses the packet in one field, by little

In `services`, `prefix` and `hostile` rule N lets UDP to SERVER:5000 pass and rule N+1 the same for TCP; nothing before
does.
"""
import ipaddress
import random
from collections import namedtuple

# src, dst: None or (first, last, prefix length or None); sport, dport: None or (first, last); proto: None or a name
Rule = namedtuple('Rule', 'src dst proto sport dport')

CLIENT = 0x0a000002
SERVER = 0x0a800002
PORT = 5000
LEFT = 0x0a000000
RIGHT = 0x0a800000
PROTOCOLS = {'icmp': 1, 'tcp': 6, 'udp': 17, 'gre': 47, 'esp': 50}
WELL_KNOWN = (20, 21, 22, 25, 53, 80, 110, 123, 143, 161, 389, 443, 465, 514, 587, 636, 993, 995, 1433, 1521, 3306, 3389,
              5060, 5432, 8080, 8443)

# weights of (source length), (destination length), source port class, destination port class, protocol
SHAPES = {
    'acl': dict(src={0: 8, 9: 2, 16: 8, 20: 6, 24: 30, 28: 12, 32: 34}, dst={16: 3, 24: 22, 27: 10, 30: 10, 32: 55},
                sport={'any': 100}, dport={'any': 22, 'exact': 58, 'range': 12, 'high': 8},
                proto={'tcp': 74, 'udp': 18, 'icmp': 4, None: 4}),
    'fw': dict(src={0: 38, 12: 4, 16: 8, 24: 18, 32: 32}, dst={0: 18, 16: 8, 24: 22, 28: 8, 32: 44},
               sport={'any': 72, 'exact': 8, 'range': 4, 'high': 16}, dport={'any': 24, 'exact': 50, 'range': 12, 'high': 14},
               proto={'tcp': 56, 'udp': 26, 'icmp': 5, 'gre': 2, 'esp': 1, None: 10}),
    'ipc': dict(src={0: 14, 13: 4, 16: 12, 20: 6, 24: 22, 32: 42}, dst={0: 8, 16: 10, 22: 6, 24: 26, 32: 50},
                sport={'any': 82, 'exact': 8, 'range': 4, 'high': 6}, dport={'any': 34, 'exact': 46, 'range': 10, 'high': 10},
                proto={'tcp': 52, 'udp': 32, 'icmp': 6, None: 10}),
}


def host(number):
    return (number, number, 32)


def prefix(number, length):
    size = 1 << (32 - length)
    first = number & ~(size - 1)
    return (first, first + size - 1, length)


def finish(rules, src):
    """The two rules that let the measured packets pass."""
    return rules + [Rule(src, host(SERVER), proto, None, (PORT, PORT)) for proto in ('udp', 'tcp')]


def services(count, seed):
    rules = [Rule(None, host(RIGHT + 256 + i // 4), ('tcp', 'tcp', 'tcp', 'udp')[i % 4], None,
                  (WELL_KNOWN[(i * 7) % 26],) * 2) for i in range(count - 1)]
    return finish(rules, None)


def one_prefix(count, seed):
    src = prefix(LEFT, 16)
    return finish([Rule(src, host(RIGHT + 65536 + i), 'udp', None, (PORT, PORT)) for i in range(count - 1)], src)


def hostile(count, seed):
    everyone, servers = (LEFT, LEFT + 0x7fffff, None), (RIGHT, RIGHT + 0x7fffff, None)
    rules = []
    for i in range(count - 1):
        step = i // 4
        src, dst, sport, dport = everyone, servers, (0, 65535), (0, 65535)
        if i % 4 == 0:
            src = (CLIENT + 1000 + step, everyone[1] - step, None)
        elif i % 4 == 1:
            dst = (SERVER + 1 + step, servers[1] - step, None)
        elif i % 4 == 2:
            sport = (step % 1000, 1999 - step // 1000)
        else:
            dport = (PORT + 1 + step % 30000, 65535 - step // 30000)
        rules.append(Rule(src, dst, 'udp', sport, dport))
    return finish(rules, everyone)


class Shape:
    """Draws rules of one ClassBench-like family."""

    def __init__(self, name, count, seed):
        self.random = random.Random('%s %d %d' % (name, count, seed))
        self.shape = {k: (list(v), list(v.values())) for k, v in SHAPES[name].items()}
        networks = max(4, count // 40)
        self.networks = {base: [base + self.random.randrange(1, 0x7fff) * 256 for _ in range(networks)] for base in (LEFT, RIGHT)}

    def pick(self, key):
        return self.random.choices(*self.shape[key])[0]

    def address(self, key, base):
        length = self.pick(key)
        if not length:
            return None
        number = self.random.choice(self.networks[base])
        if length > 24:
            number += self.random.randrange(256)
        return prefix(number, max(length, 9))

    def port(self, key):
        kind = self.pick(key)
        if kind == 'any':
            return None
        if kind == 'high':
            return (1024, 65535)
        if kind == 'exact':
            return (self.random.choice(WELL_KNOWN + (self.random.randrange(65535),)),) * 2
        first = self.random.randrange(1, 60000)
        return (first, first + self.random.choice((1, 3, 9, 15, 99, 499, 2000)))

    def rule(self):
        src, dst, proto = self.address('src', LEFT), self.address('dst', RIGHT), self.pick('proto')
        if not src and not dst:
            dst = host(self.random.choice(self.networks[RIGHT]) + self.random.randrange(256))
        ports = proto in ('tcp', 'udp')
        return Rule(src, dst, proto, self.port('sport') if ports else None, self.port('dport') if ports else None)


def classbench(name):
    def generate(count, seed):
        shape, seen = Shape(name, count, seed), {}
        while len(seen) < count:
            seen[shape.rule()] = None
        return list(seen)
    return generate


KINDS = {'services': services, 'prefix': one_prefix, 'hostile': hostile, 'acl': classbench('acl'), 'fw': classbench('fw'),
         'ipc': classbench('ipc')}


def draw(rng, rule):
    """A packet that the rule accepts: (protocol number, source, source port, destination, destination port)."""
    src, dst = rule.src or (LEFT, LEFT + 0x7fffff), rule.dst or (RIGHT, RIGHT + 0x7fffff)
    proto = PROTOCOLS[rule.proto or 'udp']
    ports = [rng.randint(*(r or d)) for r, d in ((rule.sport, (1024, 65535)), (rule.dport, (1, 65535)))]
    # zero is no port, and the network's own address no host
    return (proto, max(rng.randint(*src[:2]), LEFT + 2), max(ports[0], 1), max(rng.randint(*dst[:2]), RIGHT + 2), max(ports[1], 1))


def trace(rules, count, seed):
    """COUNT different flows, TCP and UDP, each accepted."""
    rng, seen, usable = random.Random('trace %d' % seed), {}, [r for r in rules if r.proto in ('tcp', 'udp', None)]
    while len(seen) < count:
        packet = draw(rng, rng.choice(usable))
        seen[packet] = None
    return list(seen)


def denied(count):
    """COUNT different flows that no rule of the ClassBench-like sets accepts: none leaves both addresses open."""
    return [(17, 0xc6120000 + 2 + i % 250, 4000 + i, 0xc6130000 + 2, 9) for i in range(count)]


def v4(number):
    return '%d.%d.%d.%d' % (number >> 24, number >> 16 & 255, number >> 8 & 255, number & 255)


def address(field, family):
    """The text of an address field in the notation that all the firewalls share."""
    first, last, length = field
    if family == 6:
        text = lambda n: str(ipaddress.IPv6Address((0xfd00 << 112) | (n << 80) | (1 if length in (32, None) else 0)))
    else:
        text = v4
    if length is None:
        return '%s-%s' % (text(first), text(last))
    if length == 32:
        return text(first)
    return '%s/%d' % (text(first), length + (16 if family == 6 else 0))
