"""Calls that a deterministic core may not make, and some that nobody may."""
import re

import cpp
from tree import module_of

CORES = {'base', 'protocol', 'log', 'raft', 'replica', 'metadata', 'controller', 'coordinator', 'security', 'broker'}

IN_CORES = [
    (r'\b(system|steady|high_resolution|file|utc|tai)_clock\b', 'reads a clock: time is handed in'),
    (r'(?<![\w.>:])(?:::|std::)?time\s*\(\s*(nullptr|NULL|0|&)', 'reads a clock: time is handed in'),
    (r'\b(gettimeofday|clock_gettime|localtime|localtime_r|gmtime|gmtime_r|mktime)\s*\(',
     'reads a clock: time is handed in'),
    (r'\brandom_device\b', 'draws random numbers: they are handed in'),
    (r'(?<![\w.>])(rand|srand|getrandom|arc4random|rdrand)\s*\(', 'draws random numbers: they are handed in'),
    (r'\bmt19937(_64)?\b', 'draws random numbers: take a jackdaw::random'),
    (r'\b(sleep_for|sleep_until|usleep|nanosleep)\b|(?<![\w.>])sleep\s*\(', 'sleeps'),
    (r'\bstd::(jthread|thread|async|mutex|shared_mutex|condition_variable)\b|\bthread_local\b|\bpthread_\w+',
     'knows of threads: a core runs on one'),
    (r'(?<![\w.>:])(?:std::)?getenv\s*\(', 'reads the environment: settings are handed in'),
    (r'\bco_(await|return|yield)\b', 'is a coroutine: a core returns effects'),
    (r'\bspdlog::', 'logs: a core returns what happened, its shell writes it down'),
    (r'\basio::', 'uses Asio'),
]

EVERYWHERE = [
    (r'\basio::detached\b|(?<!\w)detached\s*\)', 'a detached coroutine hides its errors: spawn it in a task group'),
    (r'\.detach\s*\(\s*\)', 'a detached thread outlives what it uses: join it'),
    (r'(?<![\w.>])(?:std::)?(strcpy|strcat|sprintf|gets|strtok|atoi|atol|atoll)\s*\(', 'has no bound or no error'),
]


def check(tree):
    for path in tree.cpp('include', 'src'):
        core = module_of(path) in CORES
        code = tree.code(path)
        for pattern, why in (IN_CORES if core else []) + EVERYWHERE:
            for match in re.finditer(pattern, code):
                yield path, line_of(code, match), f'{match.group(0).strip()}: {why}'
        for line in cpp.capturing_coroutines(code):
            yield path, line, 'a lambda with captures is a coroutine: its captures die first; make it a named function'
    for path in tree.cpp('tests'):
        if path.startswith(('tests/system/', 'tests/tidy/')):
            continue
        code = tree.code(path)
        for match in re.finditer(r'\b(sleep_for|sleep_until|usleep|nanosleep)\b', code):
            yield path, line_of(code, match), f'{match.group(0)}: a test waits for the event, not for time'


def line_of(code, match):
    return code.count('\n', 0, match.start()) + 1
