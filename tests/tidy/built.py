"""A test that no target builds, or a script that no ctest runs, tests nothing."""
import json
import os
import subprocess

import compilation


def check(tree, build, commands=None, tests=None):
    """`build` is a configured build directory; the other two stand in for what it says, in the self-test."""
    if commands is None:
        commands = {os.path.relpath(entry['file'], tree.root) for entry in compilation.entries(build)}
    if tests is None:
        ctest = ['ctest', '--test-dir', str(build), '--show-only=json-v1']
        listed = subprocess.run(ctest, capture_output=True, text=True, check=True)
        tests = json.dumps([test.get('command', []) for test in json.loads(listed.stdout)['tests']])
    for path in tree.cpp('tests', 'bench', 'src'):
        # The fuzz targets are built by the preset of that name only; tests/fuzz/run names each of them.
        if path.endswith('.cpp') and path not in commands and not path.startswith('tests/fuzz/'):
            yield path, 1, 'no target builds this file'
    for path in tree.files:
        if path.startswith('tests/') and path.endswith('_test.py') and path not in tests:
            yield path, 1, 'no test runs this script'
