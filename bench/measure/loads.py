"""The clients: librdkafka's rdkafka_performance, and bench_load for what that can't do."""
import json
import os
import pathlib
import re
import subprocess
import sys

import servers


RDKAFKA_PERFORMANCE = pathlib.Path(os.environ.get('PEER_HOME', '/tmp/peer')) / 'bin/rdkafka_performance'


def has_rdkafka_performance():
    """Only produce, consume and memory need it."""
    return RDKAFKA_PERFORMANCE.exists()


def rdkafka_performance():
    if not has_rdkafka_performance():
        sys.exit(f'side-by-side: no {RDKAFKA_PERFORMANCE}: the peer folder\'s setup builds it')
    return RDKAFKA_PERFORMANCE


def run(command):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f'side-by-side: {" ".join(str(word) for word in command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}')
    return done.stdout + done.stderr


def produce(server, topic, records, acks=1, codec='none'):
    """Records a second. Each record goes to a random partition, so that all six are busy all the time."""
    said = run([rdkafka_performance(), '-P', '-t', topic, '-b', f'127.0.0.1:{server.port}', '-s', 100, '-c', records,
                '-a', acks, '-z', codec, '-q', '-X', 'sticky.partitioning.linger.ms=0'])
    found = re.search(r'(\d+) delivered .*, (\d+) failed\) in (\d+)ms', said)
    if not found or int(found.group(1)) != records or found.group(2) != '0':
        sys.exit(f'side-by-side: {server.name} did not take all records: {said[-2000:]}')
    return records / (int(found.group(3)) / 1000)


def consume(server, topic, records, partitions):
    """Records a second, all partitions from the beginning."""
    chosen = [word for partition in range(partitions) for word in ('-p', partition)]
    said = run([rdkafka_performance(), '-C', '-t', topic, '-b', f'127.0.0.1:{server.port}', *chosen, '-o', 'beginning',
                '-c', records, '-q'])
    found = re.findall(r'(\d+) messages \(\d+ bytes\) consumed in (\d+)ms', said)
    if not found or int(found[-1][0]) < records:
        sys.exit(f'side-by-side: {server.name} did not give all records: {said[-2000:]}')
    return int(found[-1][0]) / (int(found[-1][1]) / 1000)


def requests(server, topic, *flags, **options):
    """What bench_load prints."""
    return tell('bench_load', server, topic, flags, options)


def rebalance(server, topic, **options):
    """What bench_rebalance prints."""
    if not (servers.BIN / 'bench_rebalance').exists():
        sys.exit('side-by-side: bench_rebalance was not built: librdkafka\'s headers are missing (./dev deps bench)')
    return tell('bench_rebalance', server, topic, (), options)


def tell(program, server, topic, flags, options):
    words = [word for name, value in options.items() for word in (f'--{name.replace("_", "-")}', value)]
    said = run([servers.BIN / program, '--port', server.port, '--topic', topic, *flags, *words])
    return json.loads(said.splitlines()[0])   # what a library warns of comes behind it
