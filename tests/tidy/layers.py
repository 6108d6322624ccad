"""Includes and link lines against layers.txt."""
import os
import pathlib
import re

from tree import module_of

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', re.M)
TEST_OF = re.compile(r'tests/(?:unit|property)/(\w+)/')
TABLE = pathlib.Path(__file__).with_name('layers.txt')


class Table:
    def __init__(self, text):
        self.modules, self.libraries = {}, []
        for line in text.splitlines():
            line = line.split('#')[0].strip()
            if not line:
                continue
            head, names = line.split(':', 1)
            words = head.split()
            if words[0] == 'module':
                self.modules[words[1]] = set(names.split()) | {words[1]}
            elif words[0] == 'library':
                self.libraries.append((words[1], set(names.split()), '[sources]' in words))
            else:
                raise ValueError(f'layers.txt: {line}')


def allowed_for(path, table):
    """(module, modules that the file may include); None for a file that is free to include anything."""
    module = module_of(path)
    if module:
        return module, table.modules.get(module, set())
    test = TEST_OF.match(path)
    if test and test.group(1) in table.modules:
        return None, table.modules[test.group(1)]
    if path.startswith('tests/sim/'):
        return None, table.modules['broker']
    return None, None


def check(tree, table=None):
    table = table or Table(TABLE.read_text())
    for path in tree.cpp('include', 'src', 'tests', 'bench'):
        yield from check_file(tree, path, table)
    yield from check_links(tree, table)


def check_file(tree, path, table):
    module, allowed = allowed_for(path, table)
    if module and module not in table.modules:
        yield path, 1, f"module '{module}' is not in tests/tidy/layers.txt"
        return
    text = tree.text(path)
    for match in INCLUDE.finditer(text):
        line, quote, name = text.count('\n', 0, match.start()) + 1, match.group(1), match.group(2)
        target = name.split('/')[1] if name.startswith('jackdaw/') and name.count('/') >= 2 else None
        if target in table.modules and allowed is not None and target not in allowed:
            who = module or 'this test'
            yield path, line, f"may not include {name}: '{who}' knows only {' '.join(sorted(allowed))}"
        if module:
            yield from check_private(tree, path, line, module, quote, name)
            yield from check_library(path, line, module, name, table)


def check_private(tree, path, line, module, quote, name):
    if quote == '"' and not name.startswith('jackdaw/'):
        if path.startswith('include/'):
            yield path, line, f'a public header includes the private {name}'
        elif not name.endswith('.pb.h') and not own_private(tree, path, module, name):
            yield path, line, f"{name} is no file of src/{module}/"


def own_private(tree, path, module, name):
    places = [os.path.normpath(f'{folder}/{name}') for folder in (f'src/{module}', os.path.dirname(path))]
    return any(place.startswith(f'src/{module}/') and (tree.root / place).exists() for place in places)


def check_library(path, line, module, name, table):
    if name.endswith('.pb.h') and path.endswith('.hpp'):
        yield path, line, 'Protobuf headers belong into .cpp files'
    for prefix, modules, sources_only in table.libraries:
        if name == prefix or (name.startswith(prefix) and (prefix.endswith('/') or name[len(prefix)] in '/.')):
            if module not in modules:
                yield path, line, f"'{module}' may not include <{name}>: only {' '.join(sorted(modules))} may"
            elif sources_only and path.startswith('include/'):
                yield path, line, f'<{name}> does not belong into a public header'


def check_links(tree, table):
    path = 'CMakeLists.txt'
    if path not in tree.files:
        return
    for match in re.finditer(r'jackdaw_module\(\s*(\w+)([^)]*)\)', tree.text(path)):
        module, line = match.group(1), tree.text(path).count('\n', 0, match.start()) + 1
        if module not in table.modules:
            yield path, line, f"module '{module}' is not in tests/tidy/layers.txt"
            continue
        for linked in re.findall(r'\bjackdaw_(\w+)', match.group(2)):
            if linked not in table.modules[module]:
                yield path, line, f"'{module}' links jackdaw_{linked}, which it may not include"
