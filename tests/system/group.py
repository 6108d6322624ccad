"""A member of a consumer group that commits what it has read, and the ledger that all members of a group share.

The classic protocol with the range assignment, one connection. As every client does, a member goes on under its id and
generation when the connection was lost, and joins again when the coordinator says that there is a new generation.
"""
import struct
import threading
import time

import kafka
from kafka import array, string

OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR, JOIN_GROUP, HEARTBEAT, LEAVE_GROUP, SYNC_GROUP = 8, 9, 10, 11, 12, 13, 14
ILLEGAL_GENERATION, UNKNOWN_MEMBER, REBALANCE_IN_PROGRESS, MEMBER_ID_REQUIRED = 22, 25, 27, 79
NO_COORDINATOR = {kafka.COORDINATOR_LOADING, kafka.COORDINATOR_NOT_AVAILABLE, 16}
NOT_READABLE_YET = {3, kafka.LEADER_NOT_AVAILABLE, kafka.NOT_LEADER, 9}
SESSION_TIMEOUT_MS = 3_000   # less than Kafka's default for group.min.session.timeout.ms
HEARTBEAT_S = 0.1


def data(raw):
    return struct.pack('>i', len(raw)) + raw


def find_coordinator(client, group):
    """True if there is one; it makes a broker look for it."""
    return client.call(FIND_COORDINATOR, 0, string(group)).unpack('>h') == kafka.NONE


def committed_offsets(client, group, topic, partitions):
    """By partition, 0 where nothing was committed; None while the coordinator isn't ready."""
    asked = array([string(topic) + array([struct.pack('>i', partition) for partition in partitions])])
    answer = client.call(OFFSET_FETCH, 2, string(group) + asked)

    def row():
        partition, offset, _, error = answer.unpack('>i'), answer.unpack('>q'), answer.string(), answer.unpack('>h')
        return partition, offset, error
    rows = answer.array(lambda: (answer.string(), answer.array(row)))
    error = answer.unpack('>h')
    if error in NO_COORDINATOR:
        return None
    found = [each for _, partition_rows in rows for each in partition_rows]
    errors = {error, *(row_error for _, _, row_error in found)} - {kafka.NONE}
    if errors or len(found) != len(partitions):
        raise ValueError(f'OffsetFetch {group}: errors {errors}, {len(found)} of {len(partitions)} partitions')
    return {partition: max(offset, 0) for partition, offset, _ in found}


class Ledger:
    """What all members of a group have read and committed. Any thread; every method checks what it is told."""

    def __init__(self, partitions):
        self.lock = threading.Lock()
        self.read = [0] * partitions           # all offsets below were read by somebody
        self.sent = [0] * partitions           # the highest that any commit named
        self.acknowledged = [0] * partitions   # the highest of an acknowledged commit
        self.commits = self.joins = 0

    def promised(self):
        with self.lock:
            return list(self.acknowledged)

    def was_read(self, partition, offset, number):
        if number != offset:
            raise AssertionError(f'partition {partition}: offset {offset} holds number {number}')
        with self.lock:
            if offset > self.read[partition]:
                raise AssertionError(f'partition {partition}: offset {self.read[partition]} was skipped, {offset} is read')
            self.read[partition] = max(self.read[partition], offset + 1)

    def commits_next(self, offsets):
        with self.lock:
            for partition, offset in offsets.items():
                self.sent[partition] = max(self.sent[partition], offset)

    def was_acknowledged(self, offsets):
        with self.lock:
            for partition, offset in offsets.items():
                if offset < self.acknowledged[partition]:
                    raise AssertionError(f'partition {partition}: {offset} was committed after {self.acknowledged[partition]}')
                self.acknowledged[partition] = offset
            self.commits += 1

    def was_fetched(self, offsets, promised):
        """`promised` was acknowledged before the coordinator was asked for the committed `offsets`."""
        with self.lock:
            for partition, offset in offsets.items():
                if offset < promised[partition]:
                    raise AssertionError(f'partition {partition}: the committed offset went back from {promised[partition]} '
                                         f'to {offset}')
                if offset > self.sent[partition]:
                    raise AssertionError(f'partition {partition}: nobody committed {offset}, at most {self.sent[partition]}')

    def counted_join(self):
        with self.lock:
            self.joins += 1


class Member(threading.Thread):
    """Reads and commits until told to stop, then leaves the group."""

    def __init__(self, port, group, topic, partitions, ledger):
        super().__init__(daemon=True)
        self.port, self.group, self.topic, self.partitions, self.ledger = port, group, topic, partitions, ledger
        self.member_id, self.generation = '', -1
        self.positions = {}
        self.stopping = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not (self.stopping.is_set() and self.member_id == ''):
                try:
                    with kafka.Client(self.port, timeout_s=60) as client:
                        self.serve(client)
                except OSError:
                    time.sleep(0.001)   # the broker is down, or knows no coordinator yet
        except Exception as failure:   # told by whoever owns this member, in the thread that cares
            self.failure = failure

    def serve(self, client):
        if not find_coordinator(client, self.group):
            raise ConnectionAbortedError
        due = 0
        while not self.stopping.is_set():
            if self.generation < 0:
                self.join_group(client)
                continue
            if time.monotonic() >= due:
                self.take(self.heartbeat(client))
                due = time.monotonic() + HEARTBEAT_S
            if self.generation >= 0:
                self.read_and_commit(client)
        if self.member_id:
            self.leave_group(client)

    def take(self, error):
        """What follows from an answer; True if it is none."""
        if error in NO_COORDINATOR:
            raise ConnectionAbortedError
        if error == UNKNOWN_MEMBER:
            self.member_id = ''
        if error in (UNKNOWN_MEMBER, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS):
            self.generation = -1
        elif error != kafka.NONE:
            raise ValueError(f'{self.group}: a member got error {error}')
        return error == kafka.NONE

    def claim(self):
        return string(self.group) + struct.pack('>i', self.generation) + string(self.member_id)

    def heartbeat(self, client):
        return client.call(HEARTBEAT, 1, self.claim()).unpack('>ih')[1]

    def leave_group(self, client):
        error = client.call(LEAVE_GROUP, 1, string(self.group) + string(self.member_id)).unpack('>ih')[1]
        if error in NO_COORDINATOR:
            raise ConnectionAbortedError
        if error not in (kafka.NONE, UNKNOWN_MEMBER):
            raise ValueError(f'LeaveGroup {self.group}: error {error}')
        self.member_id = ''

    def join_group(self, client):
        subscription = struct.pack('>h', 0) + array([string(self.topic)]) + struct.pack('>i', -1)
        times = struct.pack('>ii', SESSION_TIMEOUT_MS, SESSION_TIMEOUT_MS)
        body = string(self.group) + times + string(self.member_id) + string('consumer') + array([string('range') + data(subscription)])
        answer = client.call(JOIN_GROUP, 4, body)
        _, error, generation = answer.unpack('>ihi')
        _, leader, member_id = answer.string(), answer.string(), answer.string()
        members = answer.array(lambda: (answer.string(), answer.take(answer.unpack('>i')))[0])
        if error == MEMBER_ID_REQUIRED:
            self.member_id = member_id
            return
        if not self.take(error):
            return
        self.member_id, self.generation = member_id, generation
        try:
            self.sync_group(client, members if leader == member_id else [])
            if self.generation >= 0 and self.positions:
                self.fetch_positions(client)
        except OSError:
            self.generation = -1   # it doesn't know what it got
            raise
        self.ledger.counted_join()

    def sync_group(self, client, members):
        """`members` are all of the group for its leader, who shares the partitions out among them."""
        rows = []
        for place, member in enumerate(sorted(members)):
            mine = range(place * self.partitions // len(members), (place + 1) * self.partitions // len(members))
            assigned = array([string(self.topic) + array([struct.pack('>i', partition) for partition in mine])])
            rows.append(string(member) + data(struct.pack('>h', 0) + assigned + struct.pack('>i', -1)))
        answer = client.call(SYNC_GROUP, 1, self.claim() + array(rows))
        if not self.take(answer.unpack('>ih')[1]):
            return
        assignment = kafka.Reader(answer.take(answer.unpack('>i')))
        self.positions = {}
        if assignment.data:
            assignment.unpack('>h')
            topics = assignment.array(lambda: (assignment.string(), assignment.array(lambda: assignment.unpack('>i'))))
            self.positions = {partition: 0 for _, partitions in topics for partition in partitions}

    def fetch_positions(self, client):
        promised = self.ledger.promised()
        found = committed_offsets(client, self.group, self.topic, list(self.positions))
        if found is None:
            raise ConnectionAbortedError
        self.ledger.was_fetched(found, promised)
        self.positions = found

    def read_and_commit(self, client):
        moved = {}
        for partition, position in self.positions.items():
            for offset, value in self.fetch(client, partition, position):
                self.ledger.was_read(partition, offset, int(value[:12]))
                moved[partition] = offset + 1
        if not moved:
            return
        self.positions.update(moved)
        self.ledger.commits_next(moved)
        if self.take(self.commit(client, moved)):
            self.ledger.was_acknowledged(moved)

    def fetch(self, client, partition, position):
        try:
            batches = client.fetch(self.topic, partition, position, max_bytes=1 << 16, max_wait_ms=10)[1]
        except kafka.Refused as refused:
            if refused.code in NOT_READABLE_YET:
                return
            raise
        for offset, value in kafka.read_batches(batches):
            if offset >= position:
                yield offset, value

    def commit(self, client, offsets):
        """The first error of any partition."""
        rows = [struct.pack('>iq', partition, offset) + string('') for partition, offset in offsets.items()]
        answer = client.call(OFFSET_COMMIT, 5, self.claim() + array([string(self.topic) + array(rows)]))
        answer.unpack('>i')
        topics = answer.array(lambda: (answer.string(), answer.array(lambda: answer.unpack('>ih'))))
        errors = [error for _, partitions in topics for _, error in partitions]
        return next((error for error in errors if error), kafka.NONE)
