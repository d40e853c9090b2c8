# SPDX-License-Identifier: GPL-2.0
"""An SVG of cost against rules: two panels, logarithmic in both directions, drawn without any library."""
import math

SIZES = (1, 10, 100, 1000, 10000, 100000)
# label, firewall, variant, colour
LINES = [('nftables, linear', 'nft', '-', '#c2410c'), ('iptables-legacy', 'iptables', '-', '#7c3aed'),
         ('nftables, map', 'nft', 'map', '#0e7490'), ('zonefw', 'zonefw', '-', '#15803d')]
WIDTH, HEIGHT, TOP, BOTTOM = 1040, 430, 88, 58
PANEL, LEFT, GAP = 320, 66, 180
STYLE = ('text{font-family:Helvetica,Arial,sans-serif;font-size:12px;fill:#1f2937}.t{font-size:15px;font-weight:bold}'
         '.s{fill:#6b7280}.g{stroke:#e5e7eb;stroke-width:1}.a{stroke:#6b7280;stroke-width:1}')


def words(n):
    for size, unit in ((10 ** 9, 'G'), (10 ** 6, 'M'), (10 ** 3, 'k')):
        if n >= size:
            return '%g %s' % (n / size, unit)
    return '%g' % n


class Panel:
    def __init__(self, left, title, low, high):
        self.left, self.title = left, title
        self.low, self.high = math.log10(low), math.log10(high)
        self.out, self.ends = [], []

    def x(self, n):
        return self.left + PANEL * math.log10(n) / 5

    def y(self, value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(value) - self.low) / (self.high - self.low)

    def text(self, x, y, what, more=''):
        self.out.append('<text x="%.1f" y="%.1f"%s>%s</text>' % (x, y, more and ' ' + more, what))

    def line(self, x0, y0, x1, y1, more):
        self.out.append('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" %s/>' % (x0, y0, x1, y1, more))

    def frame(self):
        self.text(self.left, TOP - 42, self.title, 'class="t"')
        for e in range(math.ceil(self.low), math.floor(self.high) + 1):
            self.line(self.left, self.y(10 ** e), self.left + PANEL, self.y(10 ** e), 'class="g"')
            self.text(self.left - 8, self.y(10 ** e) + 4, words(10 ** e), 'text-anchor="end"')
        for n in SIZES:
            self.line(self.x(n), HEIGHT - BOTTOM, self.x(n), HEIGHT - BOTTOM + 5, 'class="a"')
            self.text(self.x(n), HEIGHT - BOTTOM + 20, '{:,}'.format(n), 'text-anchor="middle"')
        self.line(self.left, HEIGHT - BOTTOM, self.left + PANEL, HEIGHT - BOTTOM, 'class="a"')
        self.text(self.left + PANEL / 2, HEIGHT - BOTTOM + 42, 'rules', 'text-anchor="middle" class="s"')

    def curve(self, label, colour, points):
        if not points:
            return
        at = ['%.1f,%.1f' % (self.x(n), self.y(v)) for n, v in points]
        self.out.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="2.2"/>' % (' '.join(at), colour))
        for n, v in points:
            self.out.append('<circle cx="%.1f" cy="%.1f" r="3.2" fill="%s"/>' % (self.x(n), self.y(v), colour))
        n, v = points[-1]
        self.ends.append([self.y(v), label, colour])

    def labels(self):
        """The lines' names at the right edge, pushed apart where they would meet."""
        self.ends.sort()
        for above, below in zip(self.ends, self.ends[1:]):
            below[0] = max(below[0], above[0] + 15)
        shift = max(0, (self.ends[-1][0] if self.ends else 0) - (HEIGHT - BOTTOM))
        for y, label, colour in self.ends:
            self.text(self.left + PANEL + 10, y + 4 - shift, label, 'style="fill:%s"' % colour)

    def done(self):
        self.labels()
        return self.out


def draw(results):
    new = Panel(LEFT, 'First packet of a flow', 100, 3e7)
    load = Panel(LEFT + PANEL + GAP, 'Loading the policy', 5e6, 5e10)
    for panel, wl in ((new, 'new'), (load, 'load')):
        panel.frame()
        base = results.get('conntrack', 'new') or 0 if wl == 'new' else 0
        for label, fw, variant, colour in LINES:
            points = [(n, results.get(fw, wl, n, variant)) for n in SIZES]
            panel.curve(label, colour, [(n, v - base) for n, v in points if v and v > base])
    new.text(LEFT, TOP - 24, 'instructions over those of conntrack alone', 'class="s"')
    load.text(load.left, TOP - 24, 'instructions of the whole command, user space included', 'class="s"')
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d">' % (WIDTH, HEIGHT, WIDTH, HEIGHT)
    note = ('<text x="%d" y="22" class="s">Text-book rules of which the last one accepts; IPv4, Linux %s, all in one boot.</text>'
            % (LEFT, results.info.get('kernel', '6.1')))
    return '\n'.join([head, '<style>%s</style>' % STYLE, '<rect width="100%" height="100%" fill="#ffffff"/>', note]
                     + new.done() + load.done() + ['</svg>', ''])
