"""What is measured. A scenario takes one server through one round and returns its figures."""
import dataclasses
import os
import time
from typing import Callable

import loads

PARTITIONS = 6
MANY_PARTITIONS = 100
PLAIN = {'num.partitions': PARTITIONS}
SYNCED = {**PLAIN, 'log.flush.interval.messages': 1}


@dataclasses.dataclass
class Figure:
    unit: str
    best: str                 # 'low' or 'high'
    target: float = None      # of Jackdaw's value to Kafka's: at most, or at least, by `best`
    of_floor: float = None    # of Jackdaw's value to the floor's: what is aimed at
    worst: bool = False       # compare the worst of all rounds, not the rounds


@dataclasses.dataclass
class Scenario:
    """`measure(server, round, options)`; `settings` by server name, `fresh` for one that has to start each round."""
    about: str
    measure: Callable
    figures: dict
    settings: dict = dataclasses.field(default_factory=lambda: {'kafka': PLAIN, 'jackdaw': PLAIN, 'floor': PLAIN})
    fresh: bool = False


def with_cpu(server, work):
    """(what work() returns, seconds of the server's CPU that it took). Dirty pages of before are not its affair."""
    os.sync()
    before = server.cpu_s()
    outcome = work()
    return outcome, server.cpu_s() - before


def produce(name, codec='none', acks=1):
    def measure(server, turn, options):
        topic = f'{name}-{turn}'   # another scenario's server may be the same one
        with_topic(server, topic)
        rate, cpu_s = with_cpu(server, lambda: loads.produce(server, topic, options.records, acks, codec))
        return {'cpu': cpu_s / options.records * 1e6, 'rate': rate}
    return measure


def with_topic(server, topic, count=PARTITIONS):
    """Created, and all its partitions led: a client that meets none yet waits for its next look, which isn't the load's."""
    if server.name == 'floor':
        return
    with server.client() as client:
        client.create_topic(topic, count)
        while True:
            error, partitions = client.metadata([topic])[1][topic]
            if not error and len(partitions) == count and all(leader >= 0 for _, leader in partitions.values()):
                return


def consume(server, turn, options):
    topic = 'consume'
    if turn == 0:
        with_topic(server, topic)
        loads.produce(server, topic, options.records)
    rate, cpu_s = with_cpu(server, lambda: loads.consume(server, topic, options.records, PARTITIONS))
    return {'cpu': cpu_s / options.records * 1e6, 'rate': rate}


def single(server, turn, options):
    topic = f'single-{turn}'
    with_topic(server, topic)
    said, cpu_s = with_cpu(server, lambda: loads.requests(
        server, topic, partitions=PARTITIONS, connections=16, in_flight=1, acks=1, seconds=options.seconds))
    return {'rate': said['requests_per_s'], 'cpu': cpu_s / said['requests'] * 1e6, 'p99': said['p99_ms']}


def latency(server, turn, options):
    topic = f'latency-{turn}'
    with_topic(server, topic)
    said, cpu_s = with_cpu(server, lambda: loads.requests(
        server, topic, partitions=PARTITIONS, rate=2000, acks=-1, seconds=options.seconds))
    return {'p50': said['p50_ms'], 'p99': said['p99_ms'], 'cpu': cpu_s / said['seconds'] * 100}


def in_flight(server, turn, options):
    topic = f'in-flight-{turn}'
    with_topic(server, topic)
    one = loads.requests(server, topic, partitions=PARTITIONS, in_flight=5, acks=-1, records=1, seconds=options.seconds)
    many = loads.requests(server, topic, partitions=PARTITIONS, in_flight=5, acks=-1, records=100, seconds=options.seconds)
    return {'requests': one['requests_per_s'], 'p50': one['p50_ms'], 'p99': one['p99_ms'], 'rate': many['records_per_s']}


def commits(server, turn, options):
    topic = f'commits-{turn}'   # the groups, too, are called by it
    with_topic(server, topic)
    said, cpu_s = with_cpu(server, lambda: loads.requests(
        server, topic, '--commits', partitions=PARTITIONS, connections=32, in_flight=1, seconds=options.seconds))
    return {'rate': said['requests_per_s'], 'cpu': cpu_s / said['requests'] * 1e6, 'p50': said['p50_ms'], 'p99': said['p99_ms']}


def rebalance(server, turn, options):
    topic = f'rebalance-{turn}'   # the group, too, is called by it
    with_topic(server, topic, MANY_PARTITIONS)
    said = loads.rebalance(server, topic, partitions=MANY_PARTITIONS, members=MANY_PARTITIONS // 2, rate=2000,
                           every=options.restart_every, first_pause=turn * MANY_PARTITIONS)
    if said['delivered'] < 0.99 * said['produced']:
        raise SystemExit(f'side-by-side: {server.name} delivered {said["delivered"]} of {said["produced"]} records')
    return {'longest': said['longest_s'], 'median': said['median_s']}


def memory(server, turn, options):
    time.sleep(1)   # let the JVM settle
    before = server.rss_mib()
    with_topic(server, 'memory')
    loads.produce(server, 'memory', options.memory_records)
    return {'idle': before, 'after': server.rss_mib()}


def startup(server, turn, options):
    return {'time': server.startup_ms}


def idle(server, turn, options):
    with_topic(server, 'idle')
    loads.produce(server, 'idle', 1000)
    time.sleep(options.idle_seconds / 4)
    before, began = server.cpu_s(), time.monotonic()
    time.sleep(options.idle_seconds)
    return {'cpu': (server.cpu_s() - before) / (time.monotonic() - began) * 100}


def produced(target, of_floor):
    return {'cpu': Figure('s CPU / million records', 'low', target, of_floor), 'rate': Figure('records/s', 'high')}


BOTH = {'kafka': PLAIN, 'jackdaw': PLAIN}
SCENARIOS = {
    'produce': Scenario('100-byte records, 6 partitions, acks=1', produce('produce'), produced(0.45, 1.2)),
    'produce-lz4': Scenario('the same, lz4', produce('produce-lz4', 'lz4'), produced(0.65, 1.2)),
    'consume': Scenario('the same records read back', consume, {
        'cpu': Figure('s CPU / million records', 'low', 0.5), 'rate': Figure('records/s', 'high')}, BOTH),
    'single': Scenario('one record per request, 16 connections, acks=1', single, {
        'rate': Figure('requests/s', 'high', 1.5), 'cpu': Figure('us CPU / request', 'low', 0.5), 'p99': Figure('ms', 'low')}),
    'latency': Scenario('2,000 single records a second, acks=all', latency, {
        'p50': Figure('ms', 'low'), 'p99': Figure('ms', 'low', 1 / 3), 'cpu': Figure('% of a core', 'low')}),
    'synced': Scenario('acks=1, 6 partitions; Jackdaw syncs each record before its acknowledgement, Kafka never does', produce('synced'), {
        'rate': Figure('records/s', 'high', 1.0), 'cpu': Figure('s CPU / million records', 'low')},
        {'kafka': PLAIN, 'jackdaw': SYNCED}),
    'in-flight': Scenario('five in flight on one connection, acks=all, each record synced', in_flight, {
        'requests': Figure('requests/s of 1 record', 'high'), 'p50': Figure('ms', 'low'), 'p99': Figure('ms', 'low'),
        'rate': Figure('records/s, 100 a request', 'high')}, {'kafka': SYNCED, 'jackdaw': SYNCED}),
    'commits': Scenario('32 groups commit one offset at a time; on the disk before the answer in Jackdaw, not so in Kafka', commits, {
        'rate': Figure('commits/s', 'high', 2.0), 'cpu': Figure('us CPU / commit', 'low', 1 / 3),
        'p50': Figure('ms', 'low'), 'p99': Figure('ms', 'low')}, BOTH),
    'rebalance': Scenario('how long a partition stands still while 50 cooperative members, 100 partitions, restart in turn', rebalance, {
        'longest': Figure('s, of all partitions', 'low', 1.0, worst=True), 'median': Figure('s, of all partitions', 'low', 1.0)}, BOTH),
    'memory': Scenario('resident memory, fresh and after 5 million records', memory, {
        'idle': Figure('MiB', 'low'), 'after': Figure('MiB', 'low', 1 / 8)}, BOTH, fresh=True),
    'startup': Scenario('exec to the first metadata answer that names the broker', startup, {
        'time': Figure('ms', 'low', 1 / 30)}, BOTH, fresh=True),
    'idle': Scenario('CPU when nobody asks for anything', idle, {'cpu': Figure('% of a core', 'low', 1 / 5)}, BOTH, fresh=True),
}
