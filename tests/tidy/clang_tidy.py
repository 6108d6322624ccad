#!/usr/bin/env python3
"""clang-tidy on the sources that changed since the merge base, and on one source for each header that changed.

Looks at the work tree against JACKDAW_BASE, or where this branch left origin/main (main), or the commit before.
Takes JACKDAW_TIDY_SECONDS (300) at most; what that leaves out is named. What passed before, unchanged in every
header it includes, isn't looked at again. `clang_tidy.py --all` takes every source, in an hour at most.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time

import compilation
import layers
from tree import ROOT, Tree

BUILD = pathlib.Path(os.environ.get('JACKDAW_BUILD', ROOT / 'build/release'))
PASSED = ROOT / 'build/clang-tidy'
CLANG_TIDY = 'clang-tidy-16'
GCC_ONLY = {'-Winvalid-pch', '-fpch-preprocess', '-Wno-maybe-uninitialized', '-Wno-stringop-overflow'}


def for_clang(words):
    """The compiler's arguments without the launcher, precompiled headers and flags that only GCC knows."""
    words = words[1:] if os.path.basename(words[0]) == 'ccache' else words
    kept, skip = [], False
    for position, word in enumerate(words):
        if skip:
            skip = False
        elif word == '-include' and 'cmake_pch' in words[position + 1]:
            skip = True
        elif word not in GCC_ONLY:
            kept.append(word)
    return kept


def git(*arguments):
    done = subprocess.run(['git', '-c', 'safe.directory=*', *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.split('\n')[:-1] if done.returncode == 0 else None


def base():
    """The commit to compare with; None when there is none, as in the first commit."""
    if given := os.environ.get('JACKDAW_BASE'):
        return given
    head = git('rev-parse', 'HEAD')
    for branch in ('origin/main', 'main'):
        at = git('merge-base', 'HEAD', branch)
        if at and at != head:
            return at[0]
    before = git('rev-parse', '--verify', '-q', 'HEAD~1')
    return before[0] if before else None


def changed():
    """Paths that differ from the base, the uncommitted and the new ones among them; None for all."""
    since = base()
    if since is None:
        return None
    return set(git('diff', '--name-only', since) or []) | set(git('ls-files', '--others', '--exclude-standard') or [])


def includes_of(tree, path, seen):
    """Adds to `seen` the project's own headers that the file includes, directly or not."""
    for match in layers.INCLUDE.finditer(tree.text(path)):
        name = match.group(2)
        for candidate in (f'include/{name}', f'{os.path.dirname(path)}/{name}', f'tests/{name}'):
            if candidate not in seen and (tree.root / candidate).is_file():
                seen.add(candidate)
                includes_of(tree, candidate, seen)
    return seen


def affected(changed_paths, uses):
    """The sources to look at: those that changed, and for each changed header the source that is nearest to it."""
    chosen = sorted(path for path in uses if path in changed_paths)
    for header in sorted(path for path in changed_paths if path.endswith('.hpp')):
        users = [source for source in uses if header in uses[source]]
        if users and not any(source in users for source in chosen):
            module = pathlib.PurePath(header).parent.name
            chosen.append(min(users, key=lambda source: (f'src/{module}/' not in source, len(uses[source]), source)))
    return chosen


def prepare(entries):
    """A compilation database for clang beside the record of what passed."""
    PASSED.mkdir(parents=True, exist_ok=True)
    rows = [{'directory': entry['directory'], 'file': entry['file'], 'arguments': for_clang(entry['arguments'])}
            for entry in entries]
    (PASSED / 'compile_commands.json').write_text(json.dumps(rows))
    return {os.path.relpath(row['file'], ROOT): row['arguments'] for row in rows}


def make_generated():
    """The headers that the build makes."""
    listed = subprocess.run(['ninja', '-C', BUILD, '-t', 'targets', 'all'], capture_output=True, text=True, check=True)
    names = [line.split(':')[0] for line in listed.stdout.splitlines()]
    wanted = [name for name in names if name.startswith('generated/') and name.endswith(('.stamp', '.pb.h'))]
    subprocess.run(['ninja', '-C', BUILD, '--quiet', *wanted], check=True, stdout=subprocess.DEVNULL)


def fingerprint(tree, path, headers, arguments):
    parts = [tree.text(name) for name in [path, '.clang-tidy', *sorted(headers)]]
    return hashlib.sha256('\0'.join(parts + arguments).encode()).hexdigest()


def look(path, mark, deadline):
    """(path, what clang-tidy says); '' when it passes, None when the time is up."""
    left = deadline - time.monotonic()
    if left <= 0:
        return path, None
    command = [CLANG_TIDY, '-p', str(PASSED), '--quiet', str(ROOT / path)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=left)
    except subprocess.TimeoutExpired:
        return path, None
    if done.returncode == 0:
        mark.touch()
        return path, ''
    return path, done.stdout + done.stderr


def main():
    everything = sys.argv[1:] == ['--all']
    limit_s = 3600 if everything else float(os.environ.get('JACKDAW_TIDY_SECONDS', 300))
    make_generated()
    tree = Tree()
    commands = prepare(list(compilation.entries(BUILD)))
    uses = {path: includes_of(tree, path, set()) for path in commands if path in tree.files and path.startswith('src/')}
    paths = None if everything else changed()
    chosen = sorted(uses) if paths is None or '.clang-tidy' in paths else affected(paths, uses)
    marks = {path: PASSED / fingerprint(tree, path, uses[path], commands[path]) for path in chosen}
    chosen = [path for path in chosen if not marks[path].exists()]
    deadline, late, bad = time.monotonic() + limit_s, [], 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, said in pool.map(lambda path: look(path, marks[path], deadline), chosen):
            if said is None:
                late.append(path)
            elif said:
                bad += 1
                print(said)
    print(f'clang-tidy: {len(chosen) - len(late)} sources looked at, {bad} with findings')
    if late:
        print(f'clang-tidy: not looked at within {limit_s:.0f} s: {" ".join(late)}')
    sys.exit(bad > 0)


if __name__ == '__main__':
    main()
