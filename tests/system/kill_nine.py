#!/usr/bin/env python3
"""SIGKILL at random moments while idempotent producers write; after each restart every record is there once.

Each producer owns a partition and writes the numbers 0, 1, 2, ... into it, five requests in flight, and sends what was
not acknowledged again with the same sequence numbers. So whatever happens, offset n holds number n: a lost record, a
record twice, or one out of order shows at once. After each restart, what was acknowledged before the kill must be there.

    kill_nine.py --rounds 50            and again with --flush, which syncs each record before its acknowledgement
"""
import argparse
import collections
import random
import sys
import threading
import time

import kafka
from broker import Broker

TOPIC = 'numbers'
IN_FLIGHT = 5
RETRIABLE = {3, kafka.LEADER_NOT_AVAILABLE, kafka.NOT_LEADER, 7, 56}   # unknown topic, timed out, storage error


class Producer(threading.Thread):
    """Writes into one partition until told to stop, then until everything sent is acknowledged."""

    def __init__(self, port, partition, seed):
        super().__init__(daemon=True)
        self.port, self.partition, self.random = port, partition, random.Random(seed)
        self.next_number = 0
        self.acknowledged = 0          # numbers below this one are
        self.in_flight = collections.deque()   # (first number, count, batch)
        self.resent = 0
        self.stopping = threading.Event()
        self.writing = threading.Event()   # while not set, only what was sent is sent again
        self.writing.set()
        self.failure = None
        self.producer_id = None

    def run(self):
        try:
            while not (self.stopping.is_set() and not self.in_flight):
                if not self.in_flight:
                    self.writing.wait()
                try:
                    with kafka.Client(self.port, timeout_s=60) as client:
                        self.write(client)
                except OSError:
                    time.sleep(0.001)   # the broker is down
        except Exception as failure:   # told by check(), in the thread that cares
            self.failure = failure

    def write(self, client):
        if self.producer_id is None:
            self.producer_id, self.epoch = client.init_producer_id()
        expected = collections.deque()
        for entry in self.in_flight:
            expected.append(client.send_produce(TOPIC, self.partition, entry[2]))
            self.resent += 1
        while True:
            while len(self.in_flight) < IN_FLIGHT and self.writing.is_set() and not self.stopping.is_set():
                self.in_flight.append(self.batch())
                expected.append(client.send_produce(TOPIC, self.partition, self.in_flight[-1][2]))
            if not self.in_flight:
                return
            answered, error, base = client.produce_answer()
            if answered != expected.popleft():
                raise ValueError(f'partition {self.partition}: an answer out of order')
            if error in RETRIABLE:
                raise ConnectionAbortedError   # as if it had closed: all that is in flight is sent again, in order
            self.accept(error, base)

    def batch(self):
        count, first = self.random.randint(1, 20), self.next_number
        self.next_number += count
        values = [f'{number:012}'.encode() * self.random.randint(1, 8) for number in range(first, first + count)]
        return first, count, kafka.record_batch(values, self.producer_id, self.epoch, first)

    def accept(self, error, base):
        first, count, _ = self.in_flight[0]
        if error not in (kafka.NONE, kafka.DUPLICATE_SEQUENCE):
            raise ValueError(f'partition {self.partition}: error {error} for number {first}')
        if error == kafka.NONE and base != first:
            raise ValueError(f'partition {self.partition}: number {first} was put at offset {base}')
        self.in_flight.popleft()
        self.acknowledged = first + count


def verify(client, partition, start, at_least):
    """Reads from `start` to the end, which is returned; offset n must hold number n."""
    end = client.list_offset(TOPIC, partition)
    if end < at_least:
        raise AssertionError(f'partition {partition}: numbers below {at_least} were acknowledged, but the log ends at {end}')
    expected = start
    for offset, value in client.read(TOPIC, partition, start, end):
        number = int(value[:12])
        if offset != expected or number != expected:
            raise AssertionError(f'partition {partition}: offset {offset} holds number {number}, expected {expected}')
        expected += 1
    if expected != end:
        raise AssertionError(f'partition {partition}: read up to {expected}, but the log ends at {end}')
    return end


def check(producers):
    for producer in producers:
        if producer.failure:
            raise AssertionError(str(producer.failure)) from producer.failure


def wait_for_acks(producers, count):
    """Until so many more numbers are acknowledged in each partition."""
    goals = [producer.acknowledged + count for producer in producers]
    deadline = time.monotonic() + 60
    while any(producer.acknowledged < goal for producer, goal in zip(producers, goals)):
        check(producers)
        if time.monotonic() > deadline:
            raise AssertionError('no progress for 60 s')
        time.sleep(0.001)


def kill_and_restart(broker, producers, verified):
    broker.kill()
    promised = [producer.acknowledged for producer in producers]
    for producer in producers:
        producer.writing.clear()   # reading is slower than writing
    broker.start()
    with broker.client() as client:
        for partition, start in enumerate(verified):
            verified[partition] = verify(client, partition, start, promised[partition])
        fresh_id, _ = client.init_producer_id()
    if any(fresh_id <= producer.producer_id for producer in producers if producer.producer_id is not None):
        raise AssertionError(f'producer id {fresh_id} was given before')
    for producer in producers:
        producer.writing.set()
    return broker.startup_s


def run(arguments):
    overrides = ['log.segment.bytes=1048576', *(['log.flush.interval.messages=1'] if arguments.flush else []), *arguments.override]
    with Broker(overrides) as broker:
        try:
            rounds(arguments, broker)
        except (AssertionError, OSError, ValueError) as failure:
            status = broker.process.poll()
            state = 'runs' if status is None else f'ended with {status}'
            raise AssertionError(f'{failure}; the broker {state}, its last words:\n{broker.output()[-3000:]}\n') from failure


def rounds(arguments, broker):
    pick = random.Random(arguments.seed)
    with broker.client() as client:
        client.create_topic(TOPIC, arguments.producers, kafka.KEEP)
    producers = [Producer(broker.port, partition, f'{arguments.seed}/{partition}') for partition in range(arguments.producers)]
    for producer in producers:
        producer.start()
    verified, startups = [0] * arguments.producers, []
    for _ in range(arguments.rounds):
        wait_for_acks(producers, pick.randint(1, arguments.numbers))
        startups.append(kill_and_restart(broker, producers, verified))
        check(producers)
    for producer in producers:
        producer.stopping.set()
    for producer in producers:
        producer.join(60)
    check(producers)
    with broker.client() as client:
        ends = [verify(client, producer.partition, 0, producer.next_number) for producer in producers]
    if ends != [producer.next_number for producer in producers]:
        raise AssertionError(f'the logs end at {ends}, sent were {[producer.next_number for producer in producers]}')
    report(arguments, ends, producers, startups)


def report(arguments, ends, producers, startups):
    startups.sort()
    print(f'{len(startups)} kills, {"with" if arguments.flush else "without"} flush: {sum(ends)} records, each there once; '
          f'{sum(producer.resent for producer in producers)} requests sent again; '
          f'start-up median {1000 * startups[len(startups) // 2]:.0f} ms, longest {1000 * startups[-1]:.0f} ms')
    if startups[-1] > arguments.startup_limit:
        raise AssertionError(f'a start took {startups[-1]:.2f} s')


def options(about):
    """What every test that kills has; it adds its own."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--flush', action='store_true', help='log.flush.interval.messages=1')
    parser.add_argument('--override', action='append', default=[], metavar='KEY=VALUE')
    parser.add_argument('--seed', type=int, default=None)
    return parser


def run_seeded(name, work, arguments):
    """Says the seed first, and with a failure how to have it again."""
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1 << 32)
    print(f'seed {arguments.seed}', flush=True)
    try:
        work(arguments)
    except AssertionError as failure:
        sys.exit(f'{name}: {failure} (--seed {arguments.seed}{" --flush" if arguments.flush else ""})')


def main():
    parser = options(__doc__)
    parser.add_argument('--producers', type=int, default=3)
    parser.add_argument('--numbers', type=int, default=10_000, help='most numbers that each partition gets between two kills')
    parser.add_argument('--startup-limit', type=float, default=1.0, metavar='SECONDS')
    run_seeded('kill_nine', run, parser.parse_args())


if __name__ == '__main__':
    main()
