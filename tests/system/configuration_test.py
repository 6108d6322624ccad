#!/usr/bin/env python3
"""Where settings come from: server.properties, a container's variables, --override, and who wins; and that those which
may change while the broker runs do."""
import subprocess
import unittest

from broker import BIN, Broker, free_port

# As articles show it, with keys of clients and of brokers long gone among those that count.
ARTICLE = """\
# Licensed to nobody in particular
############################# Server Basics #############################
broker.id=0
listeners=PLAINTEXT://127.0.0.1:{port}
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
############################# Log Basics #############################
log.dirs={data}
num.partitions=5
num.recovery.threads.per.data.dir=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
group.initial.rebalance.delay.ms=0
acks=all
retries=3
key.serializer=org.apache.kafka.common.serialization.StringSerializer
"""
STRAY = ('acks', 'retries', 'key.serializer')


def partitions_of(broker, topic):
    """How many a new topic gets."""
    with broker.client() as client:
        client.metadata([topic], create=True)
        while not (found := client.metadata([topic])[1][topic][1]):
            pass
        return len(found)


class Configuration(unittest.TestCase):
    def article(self, extra='', **more):
        port = free_port()
        broker = Broker(properties=ARTICLE.format(port=port, data='./kafka-logs') + extra, port=port, **more)
        self.addCleanup(broker.__exit__)
        return broker

    def test_the_properties_of_an_article_start_a_broker(self):
        broker = self.article().start()
        with broker.client() as client:
            self.assertEqual(list(client.metadata()[0]), [0], 'broker.id is the node id')
        self.assertEqual(partitions_of(broker, 'fresh'), 5)
        self.assertTrue((broker.folder / 'kafka-logs' / 'meta.properties').exists())

    def test_each_stray_key_is_warned_of_once(self):
        output = self.article().start().output()
        for key in STRAY:
            lines = [line for line in output.splitlines() if f'{key}' in line.replace(f'{key}.', '')]
            self.assertEqual(len(lines), 1, f'{key}: {lines}')

    def test_an_unknown_key_is_warned_of_with_file_line_and_nearest_key(self):
        output = self.article('log.retention.huors=1\n').start().output()
        for part in ('server.properties', str(ARTICLE.count('\n') + 1), 'log.retention.huors', 'log.retention.hours?'):
            self.assertIn(part, output)

    def test_an_unknown_key_is_refused_with_file_line_and_key_when_strictness_is_wanted(self):
        for strict in ({'overrides': ['jackdaw.config.strict=true']}, {'environment': {'KAFKA_JACKDAW_CONFIG_STRICT': 'true'}},
                       {'extra': 'jackdaw.config.strict=true\n'}):
            extra = 'log.retention.huors=1\n' + strict.pop('extra', '')
            status, output = self.article(extra, **strict).refusal()
            self.assertNotEqual(status, 0)
            self.assertIn('server.properties', output)
            self.assertIn(str(ARTICLE.count('\n') + 1), output)
            self.assertIn('log.retention.huors', output)

    def test_an_unknown_override_is_refused(self):
        status, output = self.article(overrides=['log.retention.huors=1']).refusal()
        self.assertNotEqual(status, 0)
        self.assertIn('log.retention.huors', output)

    def test_a_comment_behind_a_number_is_warned_of_and_left_out(self):
        broker = self.article('num.partitions=3  # a few\n').start()
        self.assertIn('num.partitions=3  # a few is taken as 3', broker.output())
        self.assertEqual(partitions_of(broker, 'fresh'), 3)

    def test_a_bad_value_is_refused_with_what_is_allowed(self):
        status, output = self.article('message.max.bytes=-5\n').refusal()
        self.assertNotEqual(status, 0)
        for part in ('server.properties', str(ARTICLE.count('\n') + 1), 'message.max.bytes', '-5', '0'):
            self.assertIn(part, output)

    def test_an_override_beats_a_variable_and_that_beats_the_file(self):
        self.assertEqual(partitions_of(self.article(environment={'KAFKA_NUM_PARTITIONS': '4'}).start(), 'a'), 4)
        both = self.article(environment={'KAFKA_NUM_PARTITIONS': '4'}, overrides=['num.partitions=2']).start()
        self.assertEqual(partitions_of(both, 'a'), 2)

    def test_the_variables_of_a_container_are_enough(self):
        port = free_port()
        broker = Broker(properties='', port=port, environment={
            'CLUSTER_ID': '5L6g3nShT-eMCtK--X86sw',
            'KAFKA_NODE_ID': '7',
            'KAFKA_PROCESS_ROLES': 'broker,controller',
            'KAFKA_LISTENERS': f'PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{free_port()}',
            'KAFKA_ADVERTISED_LISTENERS': f'PLAINTEXT://127.0.0.1:{port}',
            'KAFKA_CONTROLLER_LISTENER_NAMES': 'CONTROLLER',
            'KAFKA_LISTENER_SECURITY_PROTOCOL_MAP': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
            'KAFKA_CONTROLLER_QUORUM_VOTERS': '7@127.0.0.1:9093',
            'KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR': '1',
            'KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS': '0',
            'KAFKA_LOG_DIRS': './container-data',
            'KAFKA_NUM_PARTITIONS': '4',
            'KAFKA_HEAP_OPTS': '-Xmx1G',
        })
        broker.arguments = []
        self.addCleanup(broker.__exit__)
        broker.start()
        with broker.client() as client:
            brokers, _ = client.metadata()
            self.assertEqual(brokers, {7: ('127.0.0.1', port)})
            self.assertEqual(client.cluster_id, '5L6g3nShT-eMCtK--X86sw')
        self.assertEqual(partitions_of(broker, 'a'), 4)
        self.assertIn('cluster.id=5L6g3nShT-eMCtK--X86sw', (broker.folder / 'container-data' / 'meta.properties').read_text())

    def test_limits_of_connections_change_at_once_and_outlive_a_restart(self):
        broker = Broker()
        self.addCleanup(broker.__exit__)
        broker.start()

        def change(verb, setting):
            """Again, as long as connections that have just ended count."""
            command = [BIN / 'jackdaw', '--bootstrap', f'127.0.0.1:{broker.port}', 'config', verb, 'broker', 'default', setting]
            while subprocess.run(command, capture_output=True).returncode != 0:
                pass

        def served():
            """A client that was answered, or nothing."""
            client = broker.client()
            try:
                client.metadata()
                return client
            except OSError:
                client.__exit__()

        def connect(count):
            clients = []
            while len(clients) < count:
                if client := served():
                    self.addCleanup(client.__exit__)
                    clients.append(client)
            return clients

        before = connect(4)
        change('set', 'max.connections.per.ip=3')
        self.assertIsNone(served(), 'those who are connected count')
        for client in before:
            self.assertTrue(client.metadata()[0], 'and stay connected')
        self.assertEqual(broker.stop(), 0)
        broker.start()
        clients = connect(3)
        self.assertIsNone(served(), 'the limit was forgotten')
        for client in clients:
            client.__exit__()
        change('unset', 'max.connections.per.ip')
        connect(6)


if __name__ == '__main__':
    unittest.main()
