#!/usr/bin/env python3
"""Every way to write "all interfaces" serves IPv4 and IPv6, and clients are told an address that they can reach."""
import re
import shutil
import socket
import subprocess
import unittest

from broker import Broker, free_port

ALL_INTERFACES = ('', '0.0.0.0', '[::]', '::', '[::0]', '0:0:0:0:0:0:0:0')


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(('::1', 0))
        return True
    except OSError:
        return False


@unittest.skipUnless(shutil.which('kcat'), 'kcat is not installed (./dev deps test)')
class Listeners(unittest.TestCase):
    def start(self, host, *more):
        broker = Broker(port=free_port())
        broker.arguments = [word for setting in (f'log.dirs={broker.data}', f'listeners=PLAINTEXT://{host}:{broker.port}', *more)
                            for word in ('--override', setting)]
        self.addCleanup(broker.__exit__)
        return broker.start()

    def kcat(self, address, *arguments, text=''):
        done = subprocess.run(['kcat', '-b', address, *arguments], input=text, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, f'{address}: {done.stderr}')
        return done.stdout

    def test_all_interfaces_are_those_of_both_families(self):
        for host in ALL_INTERFACES:
            with self.subTest(host):
                broker = self.start(host, 'advertised.listeners=PLAINTEXT://localhost:9')
                for address in ('127.0.0.1', '[::1]') if has_ipv6() else ('127.0.0.1',):
                    self.assertIn('broker 1 at localhost:9', self.kcat(f'{address}:{broker.port}', '-L'))
                broker.kill()

    def test_records_go_both_ways_when_nothing_is_advertised(self):
        for host in ALL_INTERFACES:
            if host == '0.0.0.0':
                continue   # refused below, as Kafka does
            with self.subTest(host):
                broker = self.start(host)
                listed = self.kcat(f'127.0.0.1:{broker.port}', '-L')
                advertised = re.search(r'broker 1 at (\S+):(\d+)', listed)
                self.assertTrue(advertised, listed)
                self.assertEqual(int(advertised.group(2)), broker.port)
                self.assertNotIn(advertised.group(1), ('', '0.0.0.0', '::'))
                self.kcat(f'127.0.0.1:{broker.port}', '-P', '-t', 'greetings', '-p', '0', text='hello\n')
                self.assertEqual(self.kcat(f'127.0.0.1:{broker.port}', '-C', '-q', '-t', 'greetings', '-o', 'beginning', '-e'), 'hello\n')
                broker.kill()

    def test_no_meta_address_is_advertised(self):
        for settings in (['listeners=PLAINTEXT://0.0.0.0:0'], ['listeners=PLAINTEXT://:0', 'advertised.listeners=PLAINTEXT://[::]:9']):
            broker = Broker(overrides=settings)
            self.addCleanup(broker.__exit__)
            status, output = broker.refusal()
            self.assertNotEqual(status, 0)
            self.assertIn("clients can't connect to", output)

    def test_a_star_is_refused_with_what_to_write(self):
        broker = Broker(overrides=['listeners=PLAINTEXT://*:9092'])
        self.addCleanup(broker.__exit__)
        status, output = broker.refusal()
        self.assertNotEqual(status, 0)
        self.assertIn('all interfaces are an empty HOST', output)


if __name__ == '__main__':
    unittest.main()
