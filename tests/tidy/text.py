"""What no text file may hold."""
import os
import re

MARKS = re.compile(r'\b(TO' r'DO|FIX' r'ME|XX' r'X)\b')
PLACES = re.compile(r'/wo' r'rk/|/ho' r'me/\w|/tm' r'p/w/')
WIDTH = {'.py': 140, '.cmake': 140}   # else 120; .cpp and .hpp are clang-format's affair
LINK = re.compile(r'\]\(([^)#\s]+)(?:#[^)]*)?\)')
SOURCE = re.compile(r'`([\w/.-]+\.(?:cpp|py))`')   # headers may be generated
LONG_LINES = {'.md', '.json', '.txt', '.cpp', '.hpp', ''}   # tables, data, licenses


def check(tree):
    for path in tree.files:
        text = tree.text(path)
        extension = os.path.splitext(path)[1]
        if text and not text.endswith('\n'):
            yield path, text.count('\n') + 1, 'the last line has no end'
        for number, line in enumerate(text.splitlines(), 1):
            if line != line.rstrip():
                yield path, number, 'spaces at the end of the line'
            if '\t' in line:
                yield path, number, 'a tab: indent with spaces'
            if '\r' in line:
                yield path, number, 'a carriage return'
            if mark := MARKS.search(line):
                yield path, number, f'{mark.group(0)}: finish it or open an issue'
            if place := PLACES.search(line):
                yield path, number, f'{place.group(0)}: a path of one machine'
            if extension not in LONG_LINES and len(line) > WIDTH.get(extension, 120):
                yield path, number, f'{len(line)} columns, {WIDTH.get(extension, 120)} is the most'
        if extension == '.md':
            yield from check_links(tree, path, text)


def check_links(tree, path, text):
    for match in LINK.finditer(text):
        target = match.group(1)
        if '://' not in target and not (tree.root / os.path.dirname(path) / target).exists():
            yield path, text.count('\n', 0, match.start()) + 1, f'the link to {target} leads nowhere'
    for match in SOURCE.finditer(text):
        name = match.group(1)
        if not any(known == name or known.endswith('/' + name) for known in tree.files):
            yield path, text.count('\n', 0, match.start()) + 1, f'there is no {name}'
