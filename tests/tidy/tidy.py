#!/usr/bin/env python3
"""The house rules that a machine can check. `tidy.py` runs all but `built`, `tidy.py RULE...` those named.

`tidy.py --build DIR built` looks whether each test file is part of the configured build in DIR.
"""
import argparse
import sys

import built
import calls
import layers
import sizes
import text
from tree import Tree

RULES = {'layers': layers.check, 'folders': layers.check_folders, 'calls': calls.check, 'sizes': sizes.check, 'text': text.check}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('rules', nargs='*', metavar='RULE', help=' '.join(RULES) + ' built')
    parser.add_argument('--build', help='a configured build directory')
    arguments = parser.parse_args()
    tree, problems = Tree(), 0
    for rule in arguments.rules or RULES:
        found = built.check(tree, arguments.build) if rule == 'built' else RULES[rule](tree)
        for path, line, what in found:
            print(f'{path}:{line}: {what}')
            problems += 1
    if problems:
        print(f'tidy: {problems} problem{"s" if problems > 1 else ""}')
    sys.exit(problems > 0)


if __name__ == '__main__':
    main()
