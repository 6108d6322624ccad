#!/usr/bin/env python3
"""Bytes and clients that no broker wants, a moment of each, beside a client that does nothing wrong: the process lives,
nothing that was stored changes, memory comes back. beating.py runs the same for longer and asserts the answers' times,
which a busy machine would not let a test do; here they are printed.
"""
import functools
import os
import unittest

import beating
import kafka
import troublemakers
from broker import Broker

SECONDS = float(os.environ.get('JACKDAW_BEATING_SECONDS', '1'))


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(overrides=('auto.create.topics.enable=false',)).start()
        cls.addClassCleanup(cls.broker.__exit__)
        cls.store = beating.Store(cls.broker)
        cls.store.warm_up()

    def torment(self, *kinds, seconds=SECONDS):
        """Returns how much was done, once all that must hold afterwards has been seen to hold."""
        topic = self.id().rsplit('.', 1)[-1]
        with self.broker.client() as client:
            client.create_topic(topic, 1, kafka.KEEP)
        row, problems = beating.beat(self.broker, kinds, seconds, topic)
        if row:
            beating.show(topic, row)
        self.assertEqual(problems, [])
        self.assertEqual(self.store.problems(), [])
        self.assertGreater(row['rounds'], 0)
        for kind, amount in row['amounts'].items():
            self.assertGreater(amount, 0, kind)
        return row['amounts']

    def test_random_bytes(self):
        self.torment('random_bytes')

    def test_mutated_frames_of_every_api_and_version(self):
        beating.KINDS['each_frame_once'] = functools.partial(troublemakers.mutated_frames, rounds=1)
        sent = self.torment('each_frame_once', seconds=60)['each_frame_once']
        self.assertGreaterEqual(sent, len(troublemakers.request_frames()) // 2)

    def test_sizes_from_minus_to_plus_two_gibibytes(self):
        self.torment('impossible_sizes')

    def test_arrays_that_claim_or_have_too_many_elements(self):
        self.torment('crowded_arrays')

    def test_questions_about_the_same_things_a_hundred_thousand_times(self):
        self.torment('repeated_questions')

    def test_writers_of_one_byte_at_a_time(self):
        self.torment('one_byte_writers')

    def test_a_hundred_connections_that_announce_90_mebibytes_each(self):
        self.torment('announcers')

    def test_thousands_of_idle_and_half_open_connections(self):
        count = min(5000, troublemakers.allow_many_files() // 2 - 200)   # the broker has as many
        beating.KINDS['crowd'] = functools.partial(troublemakers.idle_connections, connections=count)
        self.torment('crowd', seconds=max(SECONDS, 2))

    def test_connections_that_are_reset_before_the_answer(self):
        self.torment('resets')

    def test_readers_that_never_read(self):
        self.torment('slow_readers')


if __name__ == '__main__':
    unittest.main()
