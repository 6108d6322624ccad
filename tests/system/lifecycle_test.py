#!/usr/bin/env python3
"""Starting and stopping: exit status, ports, the folder that is used when nothing is said."""
import re
import subprocess
import time
import unittest

from broker import PROGRAM, Broker


class Lifecycle(unittest.TestCase):
    def test_sigterm_ends_it_quickly_with_status_0(self):
        with Broker() as broker:
            with broker.client() as client:
                client.create_topic('a', 3)
                client.produce('a', 0, [b'x'])
                began = time.monotonic()
                self.assertEqual(broker.stop(), 0, broker.output())
                self.assertLess(time.monotonic() - began, 5)

    def test_sigterm_does_not_wait_for_a_waiting_fetch(self):
        with Broker() as broker, broker.client() as client:
            client.create_topic('a', 1)
            client.send(1, 4, bytes.fromhex('ffffffff 0000ea60 00000001 00100000 00 00000001 000161 00000001'
                                            '00000000 0000000000000000 00100000'))   # for 60 s
            self.assertEqual(broker.stop(timeout_s=10), 0, broker.output())

    def test_data_goes_to_the_folder_data_unless_told_otherwise(self):
        with Broker() as broker:
            broker.stop()
        broker = Broker()
        self.addCleanup(broker.__exit__)
        broker.arguments = ['--override', f'listeners=PLAINTEXT://127.0.0.1:{broker.port}']
        broker.start()
        self.assertTrue((broker.folder / 'data' / 'meta.properties').exists())

    def test_a_port_in_use_is_named(self):
        with Broker() as first:
            second = Broker(port=first.port)
            self.addCleanup(second.__exit__)
            status, output = second.refusal()
            self.assertNotEqual(status, 0)
            self.assertIn(str(first.port), output)
            with first.client() as client:
                self.assertTrue(client.metadata()[0], 'the first one goes on')

    def test_a_connection_left_open_does_not_hold_the_port_after_the_end(self):
        with Broker() as broker, broker.client() as client:
            client.metadata()
            self.assertEqual(broker.stop(), 0)
            broker.start()

    def test_both_programs_tell_their_version(self):
        for program in ('jackdawd', 'jackdaw'):
            done = subprocess.run([PROGRAM.with_name(program), '--version'], capture_output=True, text=True, timeout=20, check=True)
            self.assertRegex(done.stdout, re.compile(rf'^{program} \d+\.\d+\.\d+'))


if __name__ == '__main__':
    unittest.main()
