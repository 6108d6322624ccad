"""Includes and link lines against layers.txt: between modules, and between the folders of a module that is cut so."""
import os
import pathlib
import re

from tree import module_of

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', re.M)
TEST_OF = re.compile(r'tests/(?:unit|property)/(\w+)/')
TABLE = pathlib.Path(__file__).with_name('layers.txt')


class Table:
    def __init__(self, text):
        self.modules, self.libraries, self.folders, self.today = {}, [], {}, []
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split('#')[0].strip()
            if not line:
                continue
            head, names = line.split(':', 1)
            words = head.split()
            if words[0] == 'module':
                self.modules[words[1]] = set(names.split()) | {words[1]}
            elif words[0] == 'library':
                self.libraries.append((words[1], set(names.split()), '[sources]' in words))
            elif words[0] == 'folder':
                self.folders[words[1]] = set(names.split()) | {words[1]}
            elif words[0] == 'today':
                self.today += [(number, words[1], name) for name in names.split()]
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


def folder_of(path):
    """'broker/handlers' of src/broker/handlers/any/depth.cpp; None for a file that lies in no folder of its module."""
    parts = path.split('/')
    return '/'.join(parts[1:3]) if parts[0] == 'src' and len(parts) > 3 else None


def check_folders(tree, table=None):
    """Private includes from one folder of a module to another. An exception that nobody needs any more is reported."""
    table = table or Table(TABLE.read_text())
    divided = {folder.split('/')[0] for folder in table.folders}
    allowed_today, needed = {(folder, name) for _, folder, name in table.today}, set()
    for path in tree.cpp(*(f'src/{module}' for module in sorted(divided))) if divided else ():
        folder = folder_of(path)
        if folder not in table.folders:
            yield path, 1, f"folder '{folder or os.path.dirname(path)}' is not in tests/tidy/layers.txt"
            continue
        for line, name, target in folder_includes(tree, path):
            if target in table.folders[folder]:
                continue
            inside = name_in_module(target, name)
            needed.add((folder, inside))
            if (folder, inside) not in allowed_today:
                yield path, line, f"may not include {name}: '{folder}' knows only {' '.join(sorted(table.folders[folder]))}"
    for number, folder, name in table.today:
        if (folder, name) not in needed:
            yield 'tests/tidy/layers.txt', number, f"today '{folder}' doesn't include {name} any more: take it out"


def folder_includes(tree, path):
    """Yields (line, name, folder) of each include of a private header of the same module that lies in a folder."""
    text, module = tree.text(path), path.split('/')[1]
    for match in INCLUDE.finditer(text):
        name = match.group(2)
        if match.group(1) != '"' or name.startswith('jackdaw/'):
            continue
        for place in (os.path.normpath(f'{os.path.dirname(path)}/{name}'), f'src/{module}/{name}'):
            if (tree.root / place).exists() and folder_of(place):
                yield text.count('\n', 0, match.start()) + 1, name, folder_of(place)
                break


def name_in_module(folder, name):
    """How files elsewhere in the module include it: 'partitions/table.hpp'."""
    inner = folder.split('/', 1)[1]
    return f'{inner}/' + name.rsplit(f'{inner}/', 1)[-1]
