#!/usr/bin/env python3
"""A broker under abuse, while one client that does nothing wrong measures its slowest answer.

    beating.py --seconds 20                 each kind of abuse for so long, then all of them together
    beating.py --only mutated_frames ...    these only

Fails when an answer took 100 ms or longer, when resident memory afterwards is more than 16 MiB above that before, when
the process ended, or when anything that was stored before reads back differently.
"""
import argparse
import functools
import multiprocessing
import os
import sys
import time

import kafka
import troublemakers
from broker import Broker
from well_behaved import WellBehaved

SLOWEST_MS_MAX = 100
MEMORY_MIB_MAX = 16
TOPIC, STORE = 'well-behaved', 'store'

KINDS = {
    'random_bytes': troublemakers.random_bytes,
    'mutated_frames': troublemakers.mutated_frames,
    'impossible_sizes': troublemakers.impossible_sizes,
    'crowded_arrays': troublemakers.crowded_arrays,
    'repeated_questions': functools.partial(troublemakers.repeated_questions, topic=STORE),
    'one_byte_writers': troublemakers.one_byte_writers,
    'announcers': troublemakers.announcers,
    'idle_connections': troublemakers.idle_connections,
    'resets': troublemakers.resets,
    'slow_readers': functools.partial(troublemakers.slow_readers, topic=STORE),
}


def resident_mib(pid):
    with open(f'/proc/{pid}/status') as file:
        return next(int(line.split()[1]) for line in file if line.startswith('VmRSS')) / 1024


def cpu_s(pid):
    with open(f'/proc/{pid}/stat') as file:
        fields = file.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def run_kind(kind, port, seconds, out):
    try:
        out.put((kind, KINDS[kind](port, seconds), None))
    except Exception as problem:
        out.put((kind, 0, f'{type(problem).__name__}: {problem}'))


def torment(port, kinds, seconds):
    """All kinds at once, each in a process of its own; ({kind: how much}, [failures])."""
    context = multiprocessing.get_context('fork')
    out = context.Queue()
    processes = [context.Process(target=run_kind, args=(kind, port, seconds, out), daemon=True) for kind in kinds]
    for process in processes:
        process.start()
    if not processes:
        time.sleep(seconds)
    rows = [out.get(timeout=seconds + 120) for _ in processes]
    for process in processes:
        process.join()
    return {kind: amount for kind, amount, _ in rows}, [f'{kind}: {problem}' for kind, _, problem in rows if problem]


class Store:
    """Data and topics that no abuse may change."""

    def __init__(self, broker):
        self.broker = broker
        with broker.client() as client:
            client.create_topic(TOPIC, 1, kafka.KEEP)
            client.create_topic(STORE, 3, kafka.KEEP)
            self.values = [bytes([65 + n % 26]) * 50_000 for n in range(100)]
            for value in self.values:
                client.produce(STORE, 0, [value])
            self.before = client.metadata([TOPIC, STORE])

    def problems(self):
        with self.broker.client() as client:
            if client.metadata([TOPIC, STORE]) != self.before:
                return ['the topics changed']
            if [value for _, value in client.read(STORE, 0, 0, len(self.values))] != self.values:
                return ['the stored records changed']
            if client.list_offset(STORE, 0) != len(self.values):
                return ['something was written']
        return []

    def warm_up(self):
        """What a broker keeps once it has worked at all is there before memory is measured."""
        with WellBehaved(self.broker.port, TOPIC):
            torment(self.broker.port, ['slow_readers', 'random_bytes', 'one_byte_writers'], 0.5)


def settled_mib(broker, at_most, patience_s):
    """Resident memory once it is below `at_most`, or after the patience."""
    end = time.monotonic() + patience_s
    while (now := resident_mib(broker.process.pid)) > at_most and time.monotonic() < end:
        time.sleep(0.1)
    return now


def beat(broker, kinds, seconds, topic, patience_s=10):
    """One row of figures, and what went wrong with memory, life or the client."""
    before, cpu = resident_mib(broker.process.pid), cpu_s(broker.process.pid)
    with WellBehaved(broker.port, topic) as client:
        amounts, problems = torment(broker.port, kinds, seconds)
        if broker.process.poll() is not None:
            return {}, [f'the broker ended with {broker.process.returncode}:\n{broker.output()[-4000:]}']
        peak = resident_mib(broker.process.pid)
    after = settled_mib(broker, before + MEMORY_MIB_MAX, patience_s)
    if client.failure:
        problems.append(f'the well-behaved client: {client.failure}')
    if after > before + MEMORY_MIB_MAX:
        problems.append(f'resident memory went from {before:.1f} to {after:.1f} MiB')
    row = {'slowest': client.slowest_ms, 'rounds': client.rounds, 'before': before, 'peak': peak, 'after': after,
           'cpu': cpu_s(broker.process.pid) - cpu, 'amounts': amounts}
    return row, problems


def show(name, row):
    slowest = ' '.join(f'{what} {ms}' for what, ms in row['slowest'].items())
    print(f'{name:18} slowest answer in ms: {slowest:42} of {row["rounds"]:6} rounds; resident MiB before, at the end, after: '
          f'{row["before"]:.1f} {row["peak"]:.1f} {row["after"]:.1f}; CPU s {row["cpu"]:.1f}; '
          f'load {os.getloadavg()[0]:.1f}; {row["amounts"]}', flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=20)
    parser.add_argument('--only', nargs='*', choices=list(KINDS), default=None)
    parser.add_argument('--override', action='append', default=[])
    options = parser.parse_args()
    kinds = options.only or list(KINDS)
    troublemakers.allow_many_files()
    wrong = []
    with Broker(overrides=('auto.create.topics.enable=false', *options.override)) as broker:
        store = Store(broker)
        store.warm_up()
        # The first without any abuse: what this machine takes for an answer at this moment.
        runs = [[]] + [[kind] for kind in kinds] + ([kinds] if len(kinds) > 1 else [])
        for number, run in enumerate(runs):
            topic = f'{TOPIC}-{number}'
            with broker.client() as client:
                client.create_topic(topic, 1, kafka.KEEP)
            name = ('no abuse', run[0] if run else '', 'all together')[min(len(run), 2)]
            row, problems = beat(broker, run, options.seconds, topic)
            if row:
                show(name, row)
                if run:
                    problems += [f'{what}: {ms} ms' for what, ms in row['slowest'].items() if ms >= SLOWEST_MS_MAX]
            wrong += [f'{name}: {problem}' for problem in problems]
            if not row:
                break
        if broker.process.poll() is None:
            wrong += store.problems()
            with broker.client() as client:
                topics = client.metadata(None)[1]
                print(f'{len(topics)} topics at the end')
    print('\n'.join(wrong) or 'nothing changed for the well-behaved client')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
