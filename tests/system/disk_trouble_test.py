#!/usr/bin/env python3
"""A disk that is full, and one that takes no more writes: nothing acknowledged is lost, reading goes on, and writing goes
on by itself once the disk takes it again. What only a simulated disk can do (a sync that fails, lost writes) is tested
in tests/unit/broker.
"""
import os
import resource
import subprocess
import sys
import time
import unittest

import kafka
from broker import Broker

STORAGE_ERROR = 56
INSIDE = 'JACKDAW_TEST_DISK'   # set in the namespace where a small disk is mounted; it names the mount point
MIB = 1 << 20


def produce_error(client, topic, content):
    client.send_produce(topic, 0, kafka.record_batch([content], timestamp_ms=int(time.time() * 1000)))
    return client.produce_answer()[1]


def value(number):
    return bytes([97 + number % 26]) * 100_000


def produce_until_it_fails(client, topic, first=0, most=400):
    """Record `first` and so on; the number of the one that was refused, by a retriable error."""
    for number in range(first, first + most):
        error = produce_error(client, topic, value(number))
        if error:
            assert error == STORAGE_ERROR, error
            return number
    raise AssertionError(f'{most} records were taken')


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class DiskTrouble(unittest.TestCase):
    def holds(self, client, topic, count):
        return [found for _, found in client.read(topic, 0, 0, count)] == [value(number) for number in range(count)]

    @unittest.skipUnless(INSIDE in os.environ, 'runs in a namespace with a small disk')
    def test_a_full_disk_refuses_writes_reads_on_and_takes_writes_again(self):
        with Broker(data=os.path.join(os.environ[INSIDE], 'data')) as broker, broker.client() as client:
            client.create_topic('ballast', 1)
            self.assertEqual(produce_error(client, 'ballast', b'b' * 900_000), 0)
            client.create_topic('full', 1)
            taken = produce_until_it_fails(client, 'full')
            self.assertGreater(taken, 5)
            self.assertTrue(self.holds(client, 'full', taken), 'what was acknowledged is read')
            self.assertNotEqual(produce_error(client, 'full', b'x' * 900_000), 0)
            delete = kafka.array([kafka.string('ballast')]) + bytes(4)
            client.call(20, 1, delete)
            self.assertTrue(wait_until(lambda: produce_error(client, 'full', value(taken)) == 0),
                            'deleting makes room and writing goes on without a restart')
            self.assertTrue(self.holds(client, 'full', taken + 1))
            broker.kill()
            broker.start()
            with broker.client() as again:
                self.assertTrue(self.holds(again, 'full', taken + 1), 'after SIGKILL, too')

    @unittest.skipIf(INSIDE in os.environ, 'this is that namespace')
    def test_a_full_disk(self):
        """The test above, in a namespace of its own."""
        script = f'mount -t tmpfs -o size=6m none "${INSIDE}" && exec "$0" "$@"'
        with Broker() as somewhere:
            somewhere.kill()
            mount = somewhere.folder / 'small'
            mount.mkdir()
            inside = ['unshare', '-Urm', 'sh', '-c', script, sys.executable, __file__, '-q',
                      'DiskTrouble.test_a_full_disk_refuses_writes_reads_on_and_takes_writes_again']
            if subprocess.run(['unshare', '-Urm', 'true'], capture_output=True, check=False).returncode:
                self.skipTest('this machine allows no user namespaces')
            done = subprocess.run(inside, env={**os.environ, INSIDE: str(mount)}, capture_output=True, text=True, timeout=120,
                                  check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @unittest.skipIf(INSIDE in os.environ, 'needs no small disk')
    def test_files_that_may_not_grow_are_a_failing_disk_until_they_may(self):
        with Broker() as broker, broker.client() as client:
            client.create_topic('t', 1)
            for number in range(10):
                self.assertEqual(produce_error(client, 't', value(number)), 0)
            hard = resource.prlimit(broker.process.pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(broker.process.pid, resource.RLIMIT_FSIZE, (MIB + 100_000, hard))
            taken = produce_until_it_fails(client, 't', first=10)
            self.assertTrue(self.holds(client, 't', taken))
            self.assertIsNone(broker.process.poll(), broker.output())
            resource.prlimit(broker.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
            self.assertTrue(wait_until(lambda: produce_error(client, 't', value(taken)) == 0))
            self.assertTrue(self.holds(client, 't', taken + 1))
            broker.kill()
            broker.start()
            with broker.client() as again:
                self.assertTrue(self.holds(again, 't', taken + 1))


if __name__ == '__main__':
    unittest.main()
