"""The files that the rules look at, and how a problem is told."""
import functools
import os
import pathlib

import cpp

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP = {'build', 'data', '.git', '__pycache__', 'node_modules'}
TEXT = {'.cpp', '.hpp', '.py', '.txt', '.md', '.cmake', '.json', '.proto', '.msg', '.properties', '.yaml', '.yml', '.sh',
        ''}
MODULE_ROOTS = ('include/jackdaw', 'src')


class Tree:
    """One work tree. Paths are strings relative to its root, with slashes."""

    def __init__(self, root=ROOT):
        self.root = pathlib.Path(root)

    @functools.cached_property
    def files(self):
        found = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(d for d in folders if d not in SKIP)
            found += [os.path.relpath(os.path.join(folder, name), self.root) for name in sorted(names) if name not in SKIP]
        return [path for path in found if os.path.splitext(path)[1] in TEXT]

    def cpp(self, *tops):
        below = tuple(top + '/' for top in tops) or ''
        return [path for path in self.files if path.endswith(('.cpp', '.hpp')) and path.startswith(below)]

    @functools.cache
    def text(self, path):
        return (self.root / path).read_text(encoding='utf-8', errors='replace')

    @functools.cache
    def code(self, path):
        return cpp.code_of(self.text(path))


def module_of(path):
    """The module that a file of include/jackdaw/ or src/ belongs to, else None."""
    for top in MODULE_ROOTS:
        if path.startswith(top + '/'):
            rest = path[len(top) + 1:]
            return rest.split('/')[0] if '/' in rest else None
    return None
