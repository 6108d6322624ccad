#!/usr/bin/env python3
"""A data directory belongs to one node of one cluster and to one process at a time; a refusal says what to do."""
import pathlib
import shutil
import tempfile
import unittest

from broker import Broker


class DataDirectory(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='jackdaw-test-'))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = self.folder / 'data'

    def broker(self, *overrides, **more):
        broker = Broker(overrides, data=self.data, **more)
        self.addCleanup(broker.__exit__)
        return broker

    def filled(self):
        broker = self.broker().start()
        with broker.client() as client:
            client.create_topic('kept', 1)
            client.produce('kept', 0, [b'one', b'two'])
        return broker

    def kept(self, broker):
        with broker.client() as client:
            return [value for _, value in client.read('kept', 0, 0, client.list_offset('kept', 0))]

    def assert_refused(self, broker, *parts):
        status, output = broker.refusal()
        self.assertNotEqual(status, 0, output)
        self.assertIn(str(self.data), output)
        for part in parts:
            self.assertIn(part, output)

    def test_an_empty_directory_is_formatted_as_kafka_would(self):
        self.filled().stop()
        meta = dict(line.split('=', 1) for line in (self.data / 'meta.properties').read_text().splitlines()
                    if not line.startswith('#'))
        self.assertEqual(meta['version'], '1')
        self.assertEqual(meta['node.id'], '1')
        self.assertEqual(len(meta['cluster.id']), 22)
        self.assertTrue((self.data / 'kept-0' / '00000000000000000000.log').exists())

    def test_records_survive_a_restart(self):
        self.assertEqual(self.filled().stop(), 0)
        self.assertEqual(self.kept(self.broker().start()), [b'one', b'two'])

    def test_the_cluster_id_survives_a_restart(self):
        ids = []
        for _ in range(2):
            with self.broker() as broker, broker.client() as client:
                client.metadata()
                ids.append(client.cluster_id)
                broker.stop()
        self.assertEqual(ids[0], ids[1])

    def test_the_directory_of_another_node_is_refused(self):
        self.filled().stop()
        self.assert_refused(self.broker('node.id=2'), 'node 1', 'node 2', 'log.dirs')
        self.assertEqual(self.kept(self.broker().start()), [b'one', b'two'])

    def test_the_directory_of_another_cluster_is_refused(self):
        self.filled().stop()
        self.assert_refused(self.broker(environment={'CLUSTER_ID': '5L6g3nShT-eMCtK--X86sw'}), '5L6g3nShT-eMCtK--X86sw')
        self.assertEqual(self.kept(self.broker().start()), [b'one', b'two'])

    def test_a_directory_that_another_process_holds_is_refused(self):
        first = self.filled()
        self.assert_refused(self.broker())
        self.assertEqual(self.kept(first), [b'one', b'two'])


if __name__ == '__main__':
    unittest.main()
