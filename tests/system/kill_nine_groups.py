#!/usr/bin/env python3
"""SIGKILL at random moments while idempotent producers write and a consumer group reads and commits.

The producers are kill_nine's: offset n holds number n, so that a lost record or one that is there twice shows at once.
Two members read all the time and are never started again; a third comes and goes, so that some kills hit a rebalance.
After each restart what was acknowledged is there, no committed offset is below the last one that was acknowledged, none
is one that nobody committed, and the group goes on with every partition by itself: at once, or after a session timeout
when the broker died before the others had heard that the third member left.

    kill_nine_groups.py --rounds 50     and again with --flush, which syncs each record before its acknowledgement
"""
import random
import time

import group
import kafka
import kill_nine
from broker import Broker
from kill_nine import TOPIC, check

GROUP = 'readers'


class Producer(kill_nine.Producer):
    """No faster than the members, in one process with it, can follow."""

    def batch(self):
        time.sleep(0.01)
        return super().batch()


class Crew:
    """The members of the group."""

    def __init__(self, port, partitions):
        self.port, self.partitions, self.ledger = port, partitions, group.Ledger(partitions)
        self.staying = [self.member(), self.member()]
        self.guest, self.gone = None, []

    def member(self):
        added = group.Member(self.port, GROUP, TOPIC, self.partitions, self.ledger)
        added.start()
        return added

    def change(self):
        """The third member comes, or goes."""
        if self.guest:
            self.guest.stopping.set()
            self.gone.append(self.guest)
            self.guest = None
        else:
            self.guest = self.member()

    def check(self):
        check([*self.staying, *self.gone, *([self.guest] if self.guest else [])])

    def leave(self):
        everybody = [*self.staying, *self.gone, *([self.guest] if self.guest else [])]
        for member in everybody:
            member.stopping.set()
        for member in everybody:
            member.join(60)
        self.check()


def fetch_committed(client, crew):
    """Waits for the coordinator, which reads its log first; a moment later everything that was promised must be there."""
    promised, deadline = crew.ledger.promised(), time.monotonic() + 30
    while True:
        found = group.committed_offsets(client, GROUP, TOPIC, list(range(crew.partitions)))
        if found is not None:
            crew.ledger.was_fetched(found, promised)
            return found
        if time.monotonic() > deadline:
            raise AssertionError('no coordinator for 30 s')
        time.sleep(0.001)


def wait_for_commits(crew, goals, producers, limit_s):
    """Until the group has committed each partition's goal; how long that took."""
    began = time.monotonic()
    while any(have < goal for have, goal in zip(crew.ledger.promised(), goals)):
        crew.check()
        check(producers)
        if time.monotonic() > began + limit_s:
            raise AssertionError(f'the group did not go on within {limit_s} s: it committed {crew.ledger.promised()} of {goals}')
        time.sleep(0.001)
    return time.monotonic() - began


def kill_and_restart(broker, producers, crew, verified):
    broker.kill()
    promised = [producer.acknowledged for producer in producers]
    for producer in producers:
        producer.writing.clear()   # reading is slower than writing
    broker.start()
    with broker.client() as client:
        fetch_committed(client, crew)
        for partition, start in enumerate(verified):
            verified[partition] = kill_nine.verify(client, partition, start, promised[partition])
    for producer in producers:
        producer.writing.set()


def rounds(arguments, broker):
    pick = random.Random(arguments.seed)
    with broker.client() as client:
        client.create_topic(TOPIC, arguments.partitions, kafka.KEEP)
    producers = [Producer(broker.port, partition, f'{arguments.seed}/{partition}') for partition in range(arguments.partitions)]
    crew = Crew(broker.port, arguments.partitions)
    for producer in producers:
        producer.start()
    verified, resumed = [0] * arguments.partitions, []
    wait_for_commits(crew, [1] * arguments.partitions, producers, arguments.resume_limit)
    for _ in range(arguments.rounds):
        kill_nine.wait_for_acks(producers, pick.randint(1, arguments.numbers))
        if pick.random() < 0.5:
            crew.change()
            kill_nine.wait_for_acks(producers, pick.randint(1, 1 + arguments.numbers // 10))
        kill_and_restart(broker, producers, crew, verified)
        # Beyond everything that was there when the broker died: new records.
        resumed.append(wait_for_commits(crew, [end + 1 for end in verified], producers, arguments.resume_limit))
        if arguments.verbose:
            print(f'round {len(resumed)}: started in {broker.startup_s:.3f} s, went on after {resumed[-1]:.3f} s', flush=True)
    finish(broker, producers, crew, arguments.resume_limit)
    report(arguments, crew, producers, resumed)


def finish(broker, producers, crew, limit_s):
    for producer in producers:
        producer.stopping.set()
    for producer in producers:
        producer.join(60)
    check(producers)
    ends = [producer.next_number for producer in producers]
    wait_for_commits(crew, ends, producers, limit_s)
    crew.leave()
    with broker.client() as client:
        found = [kill_nine.verify(client, partition, 0, end) for partition, end in enumerate(ends)]
        committed = fetch_committed(client, crew)
    if found != ends or list(committed.values()) != ends:
        raise AssertionError(f'the logs end at {found}, sent were {ends}, committed {committed}')


def report(arguments, crew, producers, resumed):
    resumed.sort()
    print(f'{len(resumed)} kills, {"with" if arguments.flush else "without"} flush: '
          f'{sum(producer.next_number for producer in producers)} records, each there once; {crew.ledger.commits} commits, '
          f'none went back; {crew.ledger.joins} joins; the group went on after {1000 * resumed[len(resumed) // 2]:.0f} ms '
          f'(median), at most {1000 * resumed[-1]:.0f} ms')


def run(arguments):
    overrides = ['log.segment.bytes=1048576', 'group.initial.rebalance.delay.ms=0', 'group.min.session.timeout.ms=1000',
                 *(['log.flush.interval.messages=1'] if arguments.flush else []), *arguments.override]
    with Broker(overrides) as broker:
        try:
            rounds(arguments, broker)
        except (AssertionError, OSError, ValueError) as failure:
            status = broker.process.poll()
            state = 'runs' if status is None else f'ended with {status}'
            raise AssertionError(f'{failure}; the broker {state}, its last words:\n{broker.output()[-3000:]}\n') from failure


def main():
    parser = kill_nine.options(__doc__)
    parser.add_argument('--partitions', type=int, default=6)
    parser.add_argument('--numbers', type=int, default=1000, help='most numbers that each partition gets between two kills')
    parser.add_argument('--resume-limit', type=float, default=20.0, metavar='SECONDS')
    parser.add_argument('--verbose', action='store_true', help='say how each round went')
    kill_nine.run_seeded('kill_nine_groups', run, parser.parse_args())


if __name__ == '__main__':
    main()
