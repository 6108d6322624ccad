#!/usr/bin/env python3
"""The ratchet: no file and no function longer than the longest recorded in sizes.txt, which only ever shrinks.

    sizes.py            lists the five largest of each kind
    sizes.py --shrink   lowers the numbers in sizes.txt to what is there (./dev fmt does it)
"""
import pathlib
import sys

import cpp
from tree import Tree

DATA = pathlib.Path(__file__).with_name('sizes.txt')
HEAD = """# The longest file and function there may be, in lines. Lower a number when its longest is cut (./dev fmt does), never
# raise one: split the file by message, role or idea, and push loops and arithmetic into small helpers.
"""
KINDS = ('source_file', 'source_function', 'test_file', 'test_function', 'script_file')


def measured(tree):
    """Yields (kind, lines, path, first line)."""
    for path in tree.files:
        where = 'test' if path.startswith('tests/') else 'source'
        if path.endswith(('.cpp', '.hpp')):
            yield f'{where}_file', tree.text(path).count('\n'), path, 1
            for first, last in cpp.functions(tree.code(path)):
                yield f'{where}_function', last - first + 1, path, first
        elif path.endswith('.py') or path in ('dev', '.ci/run') or path.startswith('bench/') and '.' not in path:
            yield 'script_file', tree.text(path).count('\n'), path, 1


def recorded(text):
    rows = (line.split() for line in text.splitlines() if line and not line.startswith('#'))
    return {kind: int(lines) for kind, lines in rows}


def check(tree, limits=None):
    limits = limits or recorded(DATA.read_text())
    for kind, lines, path, first in measured(tree):
        if lines > limits[kind]:
            what = kind.replace('_', ' ')
            yield path, first, f'{what} of {lines} lines: {limits[kind]} is the most (tests/tidy/sizes.txt)'


def largest(tree):
    found = {kind: [] for kind in KINDS}
    for kind, lines, path, first in measured(tree):
        found[kind].append((lines, f'{path}:{first}'))
    return {kind: sorted(all_of, reverse=True) for kind, all_of in found.items()}


def shrunk(limits, found):
    return {kind: min(limits[kind], found[kind][0][0] if found[kind] else limits[kind]) for kind in KINDS}


def main():
    found = largest(Tree())
    if sys.argv[1:] == ['--shrink']:
        before = recorded(DATA.read_text())
        after = shrunk(before, found)
        if after != before:
            DATA.write_text(HEAD + ''.join(f'{kind} {after[kind]}\n' for kind in KINDS))
            print('sizes.txt:', ', '.join(f'{k} {before[k]} -> {after[k]}' for k in KINDS if after[k] != before[k]))
        return
    for kind in KINDS:
        for lines, place in found[kind][:5]:
            print(f'{kind:16} {lines:5}  {place}')


if __name__ == '__main__':
    main()
