# SPDX-License-Identifier: GPL-2.0
"""The benchmark's rule sets in the words of each firewall. A policy is the cell left -> right (devices r0 and r1) with
the rules and a dropping default; further zones have devices that do not exist and one accepting rule per pair.
Established connections pass, everything else is dropped, in all of them alike."""
from ruleset import PROTOCOLS, address

MEMBER = '10.0.66.6'    # the packet of a source on the blocklist


def ports(span, dash):
    return str(span[0]) if span[0] == span[1] else '%d%s%d' % (span[0], dash, span[1])


def zone_names(zones):
    return ['left', 'right'] + ['z%d' % i for i in range(zones - 2)]


def device(zone):
    return {'left': 'r0', 'right': 'r1'}.get(zone, zone)


def other_pairs(zones):
    names = zone_names(zones)
    return [(a, b) for a in names for b in names if a != b and (a, b) != ('left', 'right')]


def members(count):
    """A blocklist: prefixes of 172.16.0.0/12 and upwards, none of which touches the measured addresses, and MEMBER."""
    out, step = [], 97
    for i in range(count - 1):
        n = 0xac100000 + i * step       # 172.16.0.0 + 97 i: never two neighbours that merge
        out.append('%d.%d.%d.%d' % (n >> 24, n >> 16 & 255, n >> 8 & 255, n & 255))
    return out + [MEMBER]


# --- zonefw

def zonefw_rule(rule, family):
    words = ['accept']
    if rule.proto:
        words.append(rule.proto if rule.proto in ('tcp', 'udp', 'icmp') else 'proto %d' % PROTOCOLS[rule.proto])
    if rule.proto == 'icmp' and family == 6:
        words[-1] = 'icmpv6'
    for word, field in (('src', rule.src), ('dst', rule.dst)):
        if field:
            words += [word, address(field, family)]
    for word, span in (('sport', rule.sport), ('dport', rule.dport)):
        if span:
            words += [word, ports(span, '-')]
    return '    ' + ' '.join(words)


def zonefw(rules, family, zones, variant, blocked):
    out = ['zone %s { dev %s }' % (z, device(z)) for z in zone_names(zones)]
    if blocked:
        out += ['set banned max %d {' % (len(blocked) + 16), ',\n'.join(blocked), '}', 'any -> any {', '    drop src @banned', '}']
    if variant == 'untagged':
        out.insert(0, 'options { tag-mask 0 }')
    out += ['%s -> %s { accept tcp dport 22; default drop }' % pair for pair in other_pairs(zones)]
    out += ['left -> right {'] + ['    ' + variant] * (variant in ('offload', 'masquerade'))
    out += [zonefw_rule(r, family) for r in rules] + ['    default drop', '}']
    return out


# --- nftables

def nft_rule(rule, family):
    ip, words = 'ip' if family == 4 else 'ip6', []
    for word, field in (('saddr', rule.src), ('daddr', rule.dst)):
        if field:
            words.append('%s %s %s' % (ip, word, address(field, family)))
    if rule.proto and not rule.sport and not rule.dport:
        words.append('meta l4proto %s' % ('ipv6-icmp' if rule.proto == 'icmp' and family == 6 else PROTOCOLS[rule.proto]))
    for word, span in (('sport', rule.sport), ('dport', rule.dport)):
        if span:
            words.append('%s %s %s' % (rule.proto, word, ports(span, '-')))
    return ' '.join(words) + ' accept'


def nft_map(rules, family):
    """The best map that the rules allow: a hash where all is exact, else intervals with the most selective field first."""
    ip, kind = ('ip', 'ipv4_addr') if family == 4 else ('ip6', 'ipv6_addr')
    with_source = any(r.src for r in rules)
    rows = []
    for r in rules:
        source = [address(r.src, family)] if with_source else []
        rows.append(' . '.join([address(r.dst, family)] + source + [r.proto, ports(r.dport, '-')]) + ' : accept')
    types = ' . '.join([kind] + [kind] * with_source + ['inet_proto', 'inet_service'])
    key = ' . '.join(['%s daddr' % ip] + ['%s saddr' % ip] * with_source + ['meta l4proto', 'th dport'])
    head = ['map services {', 'type %s : verdict' % types] + ['flags interval'] * with_source + ['elements = {']
    return head + [',\n'.join(rows), '}', '}'], ['%s vmap @services' % key]


def nft(rules, family, zones, variant, blocked):
    out, first, forward = [], [], []
    if blocked:
        hook = 'type filter hook ingress device r0 priority 0' if variant == 'ingress' else 'type filter hook prerouting priority raw'
        out += ['table %s block {' % ('netdev' if variant == 'ingress' else 'inet'), 'set banned {', 'type ipv4_addr', 'flags interval',
                'elements = {', ',\n'.join(blocked), '}', '}', 'chain early {', hook, 'ip saddr @banned drop', '}', '}']
    if variant == 'map':
        first, body = nft_map(rules, family)
    else:
        body = [nft_rule(r, family) for r in rules]
    if variant == 'offload':
        first = ['flowtable fast {', 'hook ingress priority filter', 'devices = { r0, r1 }', '}']
        forward = ['ct state established meta l4proto { tcp, udp } flow add @fast']
    pairs = ', '.join(['"r0" . "r1" : jump left_right'] + ['"%s" . "%s" : jump other' % (device(a), device(b)) for a, b in other_pairs(zones)])
    out += ['table inet fw {'] + first + ['chain left_right {'] + body + ['drop', '}', 'chain other {', 'tcp dport 22 accept', 'drop', '}',
            'chain forward {', 'type filter hook forward priority filter', 'policy drop'] + forward + [
            'ct state vmap { established : accept, related : accept, invalid : drop }', 'iifname . oifname vmap { %s }' % pairs, '}']
    if variant == 'masquerade':
        out += ['chain nat {', 'type nat hook postrouting priority srcnat', 'oifname "r1" masquerade', '}']
    return out + ['}']


# --- iptables-legacy

def iptables_address(flag, word, field, family):
    if not field:
        return []
    text = address(field, family)
    return ['-m iprange --%s-range %s' % (word, text)] if '-' in text else ['%s %s' % (flag, text)]


def iptables_rule(rule, family):
    words = ['-A LR'] + iptables_address('-s', 'src', rule.src, family) + iptables_address('-d', 'dst', rule.dst, family)
    if rule.proto:
        words.append('-p %s' % ('ipv6-icmp' if rule.proto == 'icmp' and family == 6 else PROTOCOLS[rule.proto]))
    for word, span in (('sport', rule.sport), ('dport', rule.dport)):
        if span:
            words.append('--%s %s' % (word, ports(span, ':')))
    return ' '.join(words + ['-j ACCEPT'])


def iptables(rules, family, zones, variant, blocked):
    chains, jumps = ['LR'], []
    if zones == 2:
        jumps = ['-A FORWARD -i r0 -o r1 -j LR']
    else:           # two steps: by the device in, then by the device out
        for i, a in enumerate(zone_names(zones)[::-1]):
            chains.append('F%d' % i)
            jumps.append('-A FORWARD -i %s -j F%d' % (device(a), i))
            jumps += ['-A F%d -o %s -j %s' % (i, device(b), 'LR' if (a, b) == ('left', 'right') else 'OTHER')
                      for b in zone_names(zones)[::-1] if b != a]
        chains.append('OTHER')
        jumps.append('-A OTHER -p tcp --dport 22 -j ACCEPT')
    out = ['*filter', ':INPUT ACCEPT [0:0]', ':FORWARD DROP [0:0]', ':OUTPUT ACCEPT [0:0]'] + [':%s - [0:0]' % c for c in chains]
    out += ['-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', '-A FORWARD -m conntrack --ctstate INVALID -j DROP']
    out += jumps + [iptables_rule(r, family) for r in rules] + ['COMMIT']
    if variant == 'masquerade':
        out += ['*nat', ':POSTROUTING ACCEPT [0:0]', '-A POSTROUTING -o r1 -j MASQUERADE', 'COMMIT']
    return out


WRITERS = {'zonefw': zonefw, 'nft': nft, 'iptables': iptables}
