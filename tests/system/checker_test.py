#!/usr/bin/env python3
"""The checks of kill_nine and the small client notice what they are there for."""
import unittest

import kafka
import kill_nine


class Log:
    """What a broker could answer: numbers by offset."""

    def __init__(self, numbers, first=0, end=None):
        self.rows = [(first + index, f'{number:012}'.encode()) for index, number in enumerate(numbers)]
        self.end = first + len(self.rows) if end is None else end

    def list_offset(self, topic, partition):
        return self.end

    def read(self, topic, partition, start, end):
        return (row for row in self.rows if start <= row[0] < end)


class Checker(unittest.TestCase):
    def verify(self, log, start=0, at_least=0):
        return kill_nine.verify(log, 0, start, at_least)

    def test_a_whole_log_passes(self):
        self.assertEqual(self.verify(Log(range(5)), at_least=5), 5)
        self.assertEqual(self.verify(Log(range(3, 5), first=3), start=3), 5)

    def test_losing_an_acknowledged_record_is_noticed(self):
        with self.assertRaisesRegex(AssertionError, 'numbers below 6 were acknowledged, but the log ends at 5'):
            self.verify(Log(range(5)), at_least=6)

    def test_a_gap_a_repetition_and_a_swap_are_noticed(self):
        for numbers in ([0, 1, 3], [0, 1, 1, 2], [1, 0]):
            with self.subTest(numbers), self.assertRaisesRegex(AssertionError, 'holds number'):
                self.verify(Log(numbers))

    def test_an_end_beyond_the_last_record_is_noticed(self):
        with self.assertRaisesRegex(AssertionError, 'read up to 3, but the log ends at 4'):
            self.verify(Log(range(3), end=4))

    def test_an_acknowledgement_at_the_wrong_offset_is_noticed(self):
        producer = kill_nine.Producer(0, 0, 'seed')
        producer.in_flight.append((10, 5, b''))
        with self.assertRaisesRegex(ValueError, 'number 10 was put at offset 11'):
            producer.accept(kafka.NONE, 11)
        with self.assertRaisesRegex(ValueError, 'error 45'):
            producer.accept(kafka.OUT_OF_ORDER, -1)
        producer.accept(kafka.DUPLICATE_SEQUENCE, -1)
        self.assertEqual(producer.acknowledged, 15)


class Batches(unittest.TestCase):
    def test_what_is_written_is_read(self):
        values = [b'', b'a', b'x' * 300]
        self.assertEqual(list(kafka.read_batches(kafka.record_batch(values))), list(enumerate(values)))

    def test_the_checksum_is_castagnoli(self):
        self.assertEqual(kafka.crc32c(b'123456789'), 0xe3069283)

    def test_damage_is_noticed_and_a_cut_is_the_end(self):
        whole = kafka.record_batch([b'value'])
        self.assertEqual(list(kafka.read_batches(whole + whole[:-1])), [(0, b'value')])
        with self.assertRaisesRegex(ValueError, 'damaged'):
            list(kafka.read_batches(whole[:-2] + b'\xff' + whole[-1:]))


if __name__ == '__main__':
    unittest.main()
