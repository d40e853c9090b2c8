#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""docs.py LOG REVISION: puts the figures of a run into docs/bench.md (between its markers) and draws docs/bench.svg."""
import os
import sys

import budgets
import plot
from report import number, sections
from results import Results

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs')
BEGIN, END = '<!-- figures: made by tests/bench/docs.py -->', '<!-- end of figures -->'


def budget_rows(verdicts):
    out = ['| budget | at most | worst figure | | where |', '| --- | ---: | ---: | --- | --- |']
    state = {True: 'met', False: '**not met**', None: 'not measured'}
    return out + ['| %s | %s | %s | %s | %s |' % (v.text, number(v.limit), number(v.value), state[v.met], v.where) for v in verdicts]


def figures(r, revision):
    out = ['', 'Revision %s, Linux %s.' % (revision, r.info.get('kernel', '?')), '', '### Budgets', ''] + budget_rows(budgets.judge(r))
    for title, tables in sections(r):
        out += ['', '### %s' % title, ''] + ['\n'.join(t.markdown() for t in tables).rstrip()]
    return '\n'.join(out + [''])


def main():
    log, revision = sys.argv[1:]
    r = Results(log)
    with open(os.path.join(DOCS, 'bench.svg'), 'w') as out:
        out.write(plot.draw(r))
    path = os.path.join(DOCS, 'bench.md')
    with open(path) as old:
        text = old.read()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    with open(path, 'w') as out:
        out.write(head + BEGIN + '\n' + figures(r, revision) + '\n' + END + tail)


main()
