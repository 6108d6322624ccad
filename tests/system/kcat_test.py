#!/usr/bin/env python3
"""kcat, an unmodified client (librdkafka), produces and reads back."""
import shutil
import subprocess
import unittest

from broker import Broker


@unittest.skipUnless(shutil.which('kcat'), 'kcat is not installed (./dev deps test)')
class Kcat(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(['num.partitions=3']).start()
        cls.addClassCleanup(cls.broker.__exit__)

    def kcat(self, *arguments, text=''):
        done = subprocess.run(['kcat', '-b', f'127.0.0.1:{self.broker.port}', *arguments], input=text, capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def read(self, topic, *arguments):
        return self.kcat('-C', '-q', '-t', topic, '-o', 'beginning', '-e', *arguments).splitlines()

    def test_what_is_produced_is_read_back_in_order(self):
        lines = [f'line {number}' for number in range(1000)]
        self.kcat('-P', '-t', 'plain', '-p', '0', text='\n'.join(lines) + '\n')
        self.assertEqual(self.read('plain', '-p', '0'), lines)

    def test_keys_and_headers_come_back(self):
        self.kcat('-P', '-t', 'keyed', '-K:', '-H', 'origin=test', '-H', 'empty=', text='one:first\ntwo:second\n')
        self.assertEqual(sorted(self.read('keyed', '-f', '%k %s %h\n')),
                         ['one first origin=test,empty=', 'two second origin=test,empty='])

    def test_each_codec_comes_back(self):
        lines = [f'{number} ' + 'squeezable ' * 20 for number in range(500)]
        for codec in ('none', 'gzip', 'snappy', 'lz4', 'zstd'):
            with self.subTest(codec):
                self.kcat('-P', '-t', f'codec-{codec}', '-p', '1', '-z', codec, text='\n'.join(lines) + '\n')
                self.assertEqual(self.read(f'codec-{codec}', '-p', '1'), lines)

    def test_an_idempotent_producer_with_every_acks(self):
        for acks in ('0', '1', 'all'):
            with self.subTest(acks=acks):
                idempotent = ['-X', 'enable.idempotence=true'] if acks == 'all' else []
                self.kcat('-P', '-t', f'acks-{acks}', '-p', '0', '-X', f'acks={acks}', *idempotent, text='a\nb\nc\n')
                self.assertEqual(self.read(f'acks-{acks}', '-p', '0', '-c', '3'), ['a', 'b', 'c'])

    def test_it_is_read_from_an_offset_and_from_the_end(self):
        self.kcat('-P', '-t', 'offsets', '-p', '2', text=''.join(f'{number}\n' for number in range(10)))
        self.assertEqual(self.read('offsets', '-p', '2', '-o', '7'), ['7', '8', '9'])
        self.assertEqual(self.read('offsets', '-p', '2', '-o', '-2'), ['8', '9'])

    def test_offsets_are_found_by_time(self):
        self.kcat('-P', '-t', 'times', '-p', '0', text='a\nb\n')
        self.assertEqual(self.kcat('-Q', '-t', 'times:0:-1').strip(), 'times [0] offset 2')
        self.assertEqual(self.kcat('-Q', '-t', 'times:0:1').strip(), 'times [0] offset 0')

    def test_metadata_names_broker_topics_and_partitions(self):
        self.kcat('-P', '-t', 'listed', text='a\n')
        listed = self.kcat('-L', '-t', 'listed')
        self.assertIn(f'broker 1 at 127.0.0.1:{self.broker.port}', listed)
        self.assertIn('topic "listed" with 3 partitions', listed)


if __name__ == '__main__':
    unittest.main()
