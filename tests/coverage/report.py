#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""report.py DIR [--write]: what coverage/run collected in DIR, by file: lines that were reached, by whom. Then functions
with lines that were not, for the files that have a limit. --write: the table into docs/coverage.md."""
import collections
import glob
import json
import os
import re
import subprocess
import sys

LIMIT = 85
LIMITED = re.compile(r'kmod/(nl/\w+\.c|core/(tree|table|walk|share|box|match|cells|patch)\.c)$')
OURS = re.compile(r'(?:^|/)((?:kmod|userspace)/[\w/]+\.[ch])$')


def gcov(notes, data):
    """The counts of one object: file, line, function, count. gcov wants both files side by side."""
    here = os.path.dirname(notes)
    beside = notes[:-5] + '.gcda'
    if data != beside:
        with open(data, 'rb') as f, open(beside, 'wb') as g:
            g.write(f.read())
    done = subprocess.run(['gcov', '-j', '-t', os.path.basename(beside)], cwd=here, capture_output=True, check=False)
    for line in done.stdout.splitlines():
        doc = json.loads(line)
        for f in doc['files']:
            name = OURS.search(os.path.join(doc['current_working_directory'], f['file']))
            for x in f['lines'] if name else []:
                yield name.group(1), x['line_number'], x.get('function_name', ''), x['count']
    if data != beside:
        os.remove(beside)


def collect(out):
    """by file and line: [in the kernel or guest, in user space], and the function"""
    lines = collections.defaultdict(lambda: [0, 0])
    function = {}
    pairs = [(n, n[:-5] + '.gcda', 1) for d in ('core', 'cli') for n in glob.glob(f'{out}/{d}/*.gcno')]
    for machine in glob.glob(out + '/machine-*'):
        for data in glob.glob(machine + '/**/*.gcda', recursive=True):
            # where it was built
            notes = out + data[len(machine):].split(out, 1)[-1][:-5] + '.gcno'
            pairs.append((notes, data, 0))
    for notes, data, who in pairs:
        if not (os.path.exists(notes) and os.path.exists(data)):
            continue
        for name, line, fn, count in gcov(notes, data):
            lines[name, line][who] += count
            function[name, line] = fn
    return lines, function


def percent(n, of):
    return f'{100 * n / of:.0f}' if of else '-'


def main():
    out = os.path.abspath(sys.argv[1])
    lines, function = collect(out)
    sums = collections.defaultdict(lambda: [0, 0, 0, 0])
    missed = collections.defaultdict(list)
    for (name, line), (guest, user) in sorted(lines.items()):
        for s in (sums[name], sums[name.split('/')[0] + ', all']):
            s[0] += 1
            s[1] += guest > 0
            s[2] += user > 0
            s[3] += guest + user > 0
        if not guest + user:
            missed[name, function[name, line]].append(line)
    table = ['| file | lines | in the machine | in user space | both |', '| --- | ---: | ---: | ---: | ---: |']
    low = []
    for name, (n, guest, user, both) in sorted(sums.items()):
        table.append(f'| `{name}` | {n} | {percent(guest, n)} | {percent(user, n) if user else ""} | {percent(both, n)} |')
        if LIMITED.search(name) and both * 100 < LIMIT * n:
            low.append(name)
    print('\n'.join(table))
    for (name, fn), at in sorted(missed.items()):
        if LIMITED.search(name) or '--all' in sys.argv:
            print(f'# {name} {fn}: {" ".join(map(str, at))}')
    if '--write' in sys.argv:
        path = os.path.join(os.path.dirname(__file__), '../../docs/coverage.md')
        with open(path, encoding='utf-8') as f:
            text = f.read()
        begin, end = '<!-- made by tests/coverage/run -->\n', '<!-- end -->'
        text = text[:text.index(begin)] + begin + '\n'.join(table) + '\n' + text[text.index(end):]
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
    for name in low:
        print(f'not ok {name} has less than {LIMIT} %')
    limited = sum(bool(LIMITED.search(n)) for n in sums)
    print(f'{limited - len(low)} passed, {len(low)} failed')
    return bool(low) or not limited


if __name__ == '__main__':
    sys.exit(main())
