#!/usr/bin/env python3
"""The ratchet: no file, function or class larger than the largest recorded in sizes.txt, which only ever shrinks.

    sizes.py            lists the five largest of each kind
    sizes.py --shrink   lowers the numbers in sizes.txt to what is there (./dev fmt does it)
"""
import pathlib
import sys

import cpp
from tree import Tree

DATA = pathlib.Path(__file__).with_name('sizes.txt')
HEAD = """# The longest file, function and class there may be, in lines, and how many functions and data members a class may have.
# Lower a number when its largest is cut (./dev fmt does), never raise one: split the file by message, role or idea, the
# class into two that each have one, and push loops and arithmetic into small helpers.
"""
KINDS = ('source_file', 'source_function', 'source_class', 'source_members', 'test_file', 'test_function', 'script_file')


def measured(tree):
    """Yields (kind, lines, path, first line); for source_members, members instead of lines."""
    for path in tree.files:
        where = 'test' if path.startswith('tests/') else 'source'
        if path.endswith(('.cpp', '.hpp')):
            yield f'{where}_file', tree.text(path).count('\n'), path, 1
            for first, last in cpp.functions(tree.code(path)):
                yield f'{where}_function', last - first + 1, path, first
            if where == 'source' and path.endswith('.hpp'):
                for _, first, last, members in cpp.classes(tree.code(path)):
                    yield 'source_class', last - first + 1, path, first
                    yield 'source_members', members, path, first
        elif path.endswith('.py') or path in ('dev', '.ci/run') or path.startswith('bench/') and '.' not in path:
            yield 'script_file', tree.text(path).count('\n'), path, 1


def recorded(text):
    rows = (line.split() for line in text.splitlines() if line and not line.startswith('#'))
    return {kind: int(lines) for kind, lines in rows}


def check(tree, limits=None):
    limits = limits or recorded(DATA.read_text())
    for kind, lines, path, first in measured(tree):
        if lines > limits[kind]:
            what, unit = kind.replace('_', ' '), 'lines'
            if kind == 'source_members':
                what, unit = 'source class', 'members'
            yield path, first, f'{what} of {lines} {unit}: {limits[kind]} is the most (tests/tidy/sizes.txt)'


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
