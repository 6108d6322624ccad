#!/usr/bin/env python3
"""The command line against a running broker: groups, members of groups, data directories, top, completion."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from broker import BIN, Broker

OK, FAILED, NOT_FOUND = 0, 1, 4


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(['group.initial.rebalance.delay.ms=0', 'num.partitions=4', 'log.initial.task.delay.ms=0',
                             'log.retention.check.interval.ms=100']).start()
        cls.addClassCleanup(cls.broker.__exit__)
        cls.environment = {**os.environ, 'JACKDAW_BOOTSTRAP': f'127.0.0.1:{cls.broker.port}'}

    def setUp(self):
        self.name = self.id().rsplit('.', 1)[-1].replace('_', '-')

    def jackdaw(self, *arguments, text='', status=OK):
        """What it printed, and what it said on standard error."""
        done = subprocess.run([BIN / 'jackdaw', *arguments], input=text, capture_output=True, text=True, timeout=60,
                              check=False, env=self.environment)
        self.assertEqual(done.returncode, status, f'{arguments}: {done.stdout}{done.stderr}')
        return done.stdout, done.stderr

    def rows(self, *arguments):
        return json.loads(self.jackdaw('-o', 'json', *arguments)[0])

    def start(self, *arguments):
        """A jackdaw that goes on, with its output in a file."""
        output = tempfile.TemporaryFile('w+')
        self.addCleanup(output.close)
        process = subprocess.Popen([BIN / 'jackdaw', *arguments], stdout=output, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, env=self.environment)

        def end():
            process.kill()
            process.wait()
        self.addCleanup(end)
        return process, output

    def wait_for(self, what, holds, seconds=30):
        until = time.monotonic() + seconds
        while not (found := holds()):
            self.assertLess(time.monotonic(), until, what)
            time.sleep(0.02)
        return found

    def topic_with(self, lines):
        self.jackdaw('topic', 'create', self.name)
        self.jackdaw('produce', self.name, text=''.join(f'{line}\n' for line in lines))

    def offsets(self, group):
        return {row['partition']: row['current'] for row in self.rows('group', 'offsets', group)}

    def lag(self, group):
        return sum(row['lag'] for row in self.rows('group', 'offsets', group))

    def test_a_member_goes_on_where_the_group_was(self):
        self.topic_with(range(100))
        group = ['consume', self.name, '--group', self.name, '--from-beginning']
        first = self.jackdaw(*group, '-c', '60')[0].split()
        self.assertEqual(self.lag(self.name), 40)
        rest = self.jackdaw(*group, '-c', '40')[0].split()
        self.assertEqual(sorted(map(int, first + rest)), list(range(100)))
        self.assertEqual(self.lag(self.name), 0)

    def test_a_member_goes_on_when_retention_took_its_place(self):
        self.jackdaw('topic', 'create', self.name, '-p', '1')
        reader, output = self.start('consume', self.name, '-g', self.name, '--from-beginning')
        self.jackdaw('produce', self.name, text='seen\n')
        self.wait_for('a record that is read', lambda: output.seek(0) == 0 and 'seen' in output.read())
        reader.send_signal(signal.SIGSTOP)
        self.jackdaw('produce', self.name, text='on its way\n')  # that fetch was sent before
        self.jackdaw('produce', self.name, text='deleted\n')
        self.jackdaw('config', 'set', 'topic', self.name, 'retention.ms=1')
        self.wait_for('deleted records', lambda: self.log_starts() == [3])
        self.jackdaw('config', 'unset', 'topic', self.name, 'retention.ms')
        self.jackdaw('produce', self.name, text='last\n')
        reader.send_signal(signal.SIGCONT)
        self.wait_for('the record behind the gap', lambda: output.seek(0) == 0 and 'last\n' in output.read())
        output.seek(0)
        told = output.read()
        self.assertNotIn('deleted\n', told)
        self.assertIn('any more, where the group was; it goes on at 3', told)
        reader.send_signal(signal.SIGINT)
        self.assertEqual(reader.wait(20), OK)
        self.assertEqual(self.lag(self.name), 0)

    def log_starts(self):
        return [row['first'] for row in self.rows('topic', 'describe', self.name, '--offsets')[0]['partitions']]

    def members(self, group):
        return {member['member']: member['assigned'].get(self.name, [])
                for member in self.rows('group', 'describe', group)[0]['members']}

    def test_members_share_partitions_and_take_over(self):
        self.topic_with([])
        command = ['consume', self.name, '-g', self.name, '--from-beginning', '-F', '%p:%v\n']
        one, out_one = self.start(*command)
        self.wait_for('one member with all partitions',
                      lambda: NOT_FOUND != subprocess.run([BIN / 'jackdaw', 'group', 'describe', self.name],
                                                          capture_output=True, env=self.environment).returncode
                      and [0, 1, 2, 3] in self.members(self.name).values())
        two, out_two = self.start(*command)
        shared = self.wait_for('two members with two each',
                               lambda: sorted(self.members(self.name).values()) == [[0, 1], [2, 3]]
                               and self.members(self.name))
        self.assertEqual(len(shared), 2)
        _, error = self.jackdaw('group', 'reset', self.name, '--to-earliest', '-t', self.name, '--execute', status=FAILED)
        self.assertIn('only a group without members can be reset', error)
        self.assertIn('NON_EMPTY_GROUP', self.jackdaw('group', 'delete', self.name, status=FAILED)[1])
        for partition in range(4):
            self.jackdaw('produce', self.name, '-p', str(partition), text=f'{partition}\n' * 10)
        two.send_signal(signal.SIGINT)
        self.assertEqual(two.wait(20), OK)
        self.wait_for('all partitions with the one that stayed', lambda: [0, 1, 2, 3] in self.members(self.name).values())
        self.wait_for('everything read', lambda: out_one.seek(0) + out_two.seek(0) == 0
                      and len(out_one.read().split() + out_two.read().split()) == 40)
        one.send_signal(signal.SIGTERM)
        self.assertEqual(one.wait(20), OK)
        out_one.seek(0), out_two.seek(0)
        read = out_one.read().split() + out_two.read().split()
        self.assertEqual(sorted(read), sorted(f'{p}:{p}' for p in range(4) for _ in range(10)), 'each once')
        self.assertEqual(self.lag(self.name), 0)
        told = self.jackdaw('group', 'explain', self.name, '-n', '20')[0]
        self.assertIn('joined: the consumer starts', told)
        self.assertIn('left: the consumer ends', told)
        self.assertIn('nobody is in the group any more', told)

    def test_offsets_are_reset_in_every_way(self):
        self.topic_with([])
        for partition in range(4):
            self.jackdaw('produce', self.name, '-p', str(partition), text='x\n' * 10)
        reset = ['group', 'reset', self.name]
        self.assertIn('name what it shall read', self.jackdaw(*reset, '--to-latest', status=NOT_FOUND)[1])
        out, note = self.jackdaw(*reset, '--to-latest', '-t', self.name)
        self.assertIn('nothing is changed yet', note)
        self.jackdaw('group', 'offsets', self.name, status=NOT_FOUND)
        self.jackdaw(*reset, '--to-latest', '-t', self.name, '--execute')
        self.assertEqual(self.offsets(self.name), {0: 10, 1: 10, 2: 10, 3: 10})
        for arguments, expected in (
                (['--shift-by', '-3'], {0: 7, 1: 7, 2: 7, 3: 7}),
                (['--to-offset', '5', '-t', f'{self.name}:1,2'], {0: 7, 1: 5, 2: 5, 3: 7}),
                (['--to-earliest', '-t', f'{self.name}:3'], {0: 7, 1: 5, 2: 5, 3: 0}),
                (['--to-datetime', '2001-01-01', '-t', f'{self.name}:0'], {0: 0, 1: 5, 2: 5, 3: 0}),
                (['--to-current'], {0: 0, 1: 5, 2: 5, 3: 0}),
                (['--shift-by', '100'], {0: 10, 1: 10, 2: 10, 3: 10}),
                (['--by-duration', 'PT1H'], {0: 0, 1: 0, 2: 0, 3: 0})):
            self.jackdaw(*reset, *arguments, '--execute')
            self.assertEqual(self.offsets(self.name), expected, arguments)
        self.jackdaw(*reset, '--to-offset', '4', '-t', f'{self.name}:0', '--execute')
        exported = self.jackdaw(*reset, '--to-current', '--export')[0]
        self.jackdaw('group', 'reset', f'{self.name}-copy', '--from-file', '-', '--execute', text=exported)
        self.assertEqual(self.offsets(f'{self.name}-copy'), {0: 4, 1: 0, 2: 0, 3: 0})

    def test_groups_are_listed_and_deleted(self):
        self.topic_with(range(10))
        self.jackdaw('group', 'reset', self.name, '--to-earliest', '-t', self.name, '--execute')
        self.assertIn(self.name, [row['group'] for row in self.rows('group', 'list', '--state', 'empty')])
        self.assertNotIn(self.name, [row['group'] for row in self.rows('group', 'list', '--state', 'stable')])
        self.assertIn(self.name, [row['group'] for row in self.rows('group', 'list', '--type', 'classic')])
        self.jackdaw('group', 'delete', self.name, '-t', f'{self.name}:0,2')
        self.assertEqual(set(self.offsets(self.name)), {1, 3})
        self.jackdaw('group', 'delete', self.name, '-t', f'{self.name}:0', status=NOT_FOUND)
        self.jackdaw('group', 'delete', self.name)
        for verb in ('describe', 'offsets', 'explain', 'delete'):
            self.assertIn("doesn't exist", self.jackdaw('group', verb, self.name, status=NOT_FOUND)[1])
        self.jackdaw('group', 'delete', '--if-exists', self.name)

    def test_directories_and_what_topics_take(self):
        self.topic_with(range(100))
        told = self.rows('cluster', 'log-dirs', '-t', self.name)
        self.assertEqual(told['directories'][0]['directory'], str(self.broker.data))
        self.assertEqual(told['topics'][0]['partitions'], 4)
        self.assertGreater(told['topics'][0]['size'], 100)
        self.assertEqual([row['partition'] for row in self.rows('cluster', 'log-dirs', '-p', '-t', self.name)['partitions']],
                         [0, 1, 2, 3])

    def test_top_sees_rates_and_lags(self):
        self.topic_with(range(10))
        self.jackdaw('group', 'reset', self.name, '--to-earliest', '-t', self.name, '--execute')
        bench, _ = self.start('bench', 'produce', '-t', self.name, '-n', '100000000', '--rate', '5000')

        def seen():
            view = json.loads(self.jackdaw('-o', 'json', 'top', '--once', '-i', '300ms')[0])
            topic = next(row for row in view['topics'] if row['topic'] == self.name)
            group = next(row for row in view['groups'] if row['group'] == self.name)
            return view if topic['produced_per_s'] > 0 and group['lag'] > 10 and group['lag_change_per_s'] > 0 else None
        view = self.wait_for('a topic that grows', seen)
        broker = view['brokers'][0]
        self.assertTrue(broker['is_controller'])
        self.assertGreaterEqual(broker['connections'], 1)
        self.assertGreaterEqual(broker['accepted'], broker['connections'])
        for of_bench in ('requests_per_s', 'received_bytes_per_s', 'sent_bytes_per_s'):
            self.assertGreater(broker[of_bench], 0)
        self.assertIn('Produce', [row['api'] for row in view['apis'] if row['requests_per_s'] > 0])
        self.assertEqual([row['kind'] for row in view['memory']], ['connections', 'fetch_sessions', 'groups'])
        self.assertTrue(all(row['ms'] >= 1 and row['broker'] == broker['id'] for row in view['slowest_requests']))
        screen = self.jackdaw('top', '--once', '-i', '200ms')[0]
        for word in ('BROKER', 'CONNS', 'REQ/S', 'TOPIC', 'GROUP', 'LARGEST LAGS OF', self.name):
            self.assertIn(word, screen)
        bench.kill()

    @unittest.skipUnless(shutil.which('bash'), 'bash is not installed')
    def test_bash_completes_names_of_the_cluster(self):
        self.topic_with([])
        script = '''
            source <("$1" completion bash)
            complete_line() { COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=($1) COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _jackdaw; }
            complete_line "$1 topic describe $2"; echo "${COMPREPLY[*]}"
            complete_line "$1 group del"; echo "${COMPREPLY[*]}"
        '''
        done = subprocess.run(['bash', '-c', script, 'bash', BIN / 'jackdaw', self.name[:-3]], capture_output=True, text=True,
                              timeout=30, check=True, env=self.environment)
        self.assertEqual(done.stdout.split('\n')[:2], [self.name, 'delete'], done.stderr)


if __name__ == '__main__':
    unittest.main()
