"""As much of a Kafka client as the system tests and the benchmarks need, with nothing but Python's own library.

Blocking, one connection, old versions of the messages that are easy to write by hand. Checks record batches as it reads
them: their checksum, and that offsets follow each other.
"""
import socket
import struct

PRODUCE, FETCH, LIST_OFFSETS, METADATA, API_VERSIONS, CREATE_TOPICS, INIT_PRODUCER_ID = 0, 1, 2, 3, 18, 19, 22
COORDINATOR_LOADING, COORDINATOR_NOT_AVAILABLE = 14, 15
NONE, LEADER_NOT_AVAILABLE, NOT_LEADER, OUT_OF_ORDER, DUPLICATE_SEQUENCE = 0, 5, 6, 45, 46


def crc32c_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82f63b78 if value & 1 else 0)
        table.append(value)
    return table


CRC_TABLE = crc32c_table()


def crc32c(data):
    crc, table = 0xffffffff, CRC_TABLE
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff


def string(text):
    raw = text.encode()
    return struct.pack('>h', len(raw)) + raw


def array(items):
    return struct.pack('>i', len(items)) + b''.join(items)


def varint(value):
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        if self.at + size > len(self.data):
            raise ValueError(f'{size} bytes at {self.at} of {len(self.data)}')
        self.at += size
        return self.data[self.at - size:self.at]

    def unpack(self, layout):
        values = struct.unpack(layout, self.take(struct.calcsize(layout)))
        return values[0] if len(values) == 1 else values

    def string(self):
        size = self.unpack('>h')
        return None if size < 0 else self.take(size).decode()

    def array(self, element):
        return [element() for _ in range(self.unpack('>i'))]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)


KEEP = [('retention.ms', '-1')]   # of a topic for batches of record_batch(), whose timestamps are of 2023


def record_batch(values, producer_id=-1, epoch=-1, sequence=-1, timestamp_ms=1_700_000_000_000):
    records = b''
    for delta, value in enumerate(values):
        body = b'\0' + varint(0) + varint(delta) + varint(-1) + varint(len(value)) + value + varint(0)
        records += varint(len(body)) + body
    checked = struct.pack('>hiqqqhii', 0, len(values) - 1, timestamp_ms, timestamp_ms, producer_id, epoch, sequence,
                          len(values)) + records
    return struct.pack('>qiibI', 0, len(checked) + 9, -1, 2, crc32c(checked)) + checked


def read_batches(data):
    """Yields (offset, value) of uncompressed batches; ends at one that is cut off."""
    while len(data) >= 61:
        base, length, _, magic, crc = struct.unpack('>qiibI', data[:21])
        if len(data) < 12 + length:
            return
        checked, data = data[21:12 + length], data[12 + length:]
        if magic != 2 or crc32c(checked) != crc:
            raise ValueError(f'the batch at offset {base} is damaged')
        attributes, _, _, _, _, _, _, count = struct.unpack('>hiqqqhii', checked[:40])
        if attributes & 0x27:
            continue   # compressed or control
        records = Reader(checked[40:])
        for _ in range(count):
            record = Reader(records.take(records.varint()))
            record.take(1), record.varint()
            offset = base + record.varint()
            key_size = record.varint()
            record.take(max(key_size, 0))
            yield offset, record.take(record.varint())


class Refused(ValueError):
    """The broker's answer is an error."""

    def __init__(self, what, code):
        super().__init__(f'{what}: error {code}')
        self.code = code


class Client:
    """One connection. Raises OSError when the broker is gone."""

    def __init__(self, port, host='127.0.0.1', timeout_s=30):
        self.socket = socket.create_connection((host, port), timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.correlation_id = 0
        self.cluster_id = None   # known after metadata()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, api, version, body):
        self.correlation_id += 1
        frame = struct.pack('>hhi', api, version, self.correlation_id) + string('system-test') + body
        self.socket.sendall(struct.pack('>i', len(frame)) + frame)
        return self.correlation_id

    def receive_exactly(self, size):
        parts = bytearray()
        while len(parts) < size:
            part = self.socket.recv(size - len(parts))
            if not part:
                raise ConnectionResetError('the broker closed the connection')
            parts += part
        return bytes(parts)

    def receive(self):
        """(correlation id, reader at the body) of the next answer."""
        size, = struct.unpack('>i', self.receive_exactly(4))
        answer = Reader(self.receive_exactly(size))
        return answer.unpack('>i'), answer

    def call(self, api, version, body):
        expected = self.send(api, version, body)
        answered, reader = self.receive()
        if answered != expected:
            raise ValueError(f'answer {answered} to request {expected}')
        return reader

    def api_versions(self):
        answer = self.call(API_VERSIONS, 0, b'')
        error = answer.unpack('>h')
        if error:
            raise ValueError(f'ApiVersions: error {error}')
        return {key: (low, high) for key, low, high in answer.array(lambda: answer.unpack('>hhh'))}

    def metadata(self, topics=(), create=False):
        """(brokers as {id: (host, port)}, {topic: (error, {partition: (error, leader)})}); topics=None asks for all."""
        wanted = struct.pack('>i', -1) if topics is None else array([string(topic) for topic in topics])
        answer = self.call(METADATA, 4, wanted + struct.pack('>b', create))
        answer.unpack('>i')
        brokers = {}

        def broker():
            node, host, port, _ = answer.unpack('>i'), answer.string(), answer.unpack('>i'), answer.string()
            brokers[node] = (host, port)
        answer.array(broker)
        self.cluster_id = answer.string()
        answer.unpack('>i')

        def partition():
            error, index, leader = answer.unpack('>hii')
            answer.array(lambda: answer.unpack('>i')), answer.array(lambda: answer.unpack('>i'))
            return index, (error, leader)

        def topic():
            error, name, _ = answer.unpack('>h'), answer.string(), answer.unpack('>b')
            return name, (error, dict(answer.array(partition)))
        return brokers, dict(answer.array(topic))

    def create_topic(self, name, partitions, configs=()):
        rows = array([string(key) + string(value) for key, value in configs])
        body = array([string(name) + struct.pack('>ih', partitions, 1) + array([]) + rows]) + struct.pack('>ib', 30_000, 0)
        answer = self.call(CREATE_TOPICS, 2, body)
        answer.unpack('>i')
        _, error, message = answer.array(lambda: (answer.string(), answer.unpack('>h'), answer.string()))[0]
        if error:
            raise ValueError(f'CreateTopics {name}: error {error}, {message}')

    def init_producer_id(self):
        answer = self.call(INIT_PRODUCER_ID, 0, struct.pack('>hi', -1, 60_000))
        _, error, producer_id, epoch = answer.unpack('>ihqh')
        if error in (COORDINATOR_LOADING, COORDINATOR_NOT_AVAILABLE):
            raise ConnectionAbortedError('no producer id yet')
        if error:
            raise ValueError(f'InitProducerId: error {error}')
        return producer_id, epoch

    def send_produce(self, topic, partition, batch, acks=-1):
        """The correlation id; produce_answer() reads what comes back."""
        data = array([string(topic) + array([struct.pack('>ii', partition, len(batch)) + batch])])
        return self.send(PRODUCE, 7, struct.pack('>hhi', -1, acks, 30_000) + data)

    def produce_answer(self):
        """(correlation id, error, base offset)."""
        answered, answer = self.receive()
        _, rows = answer.array(lambda: (answer.string(), answer.array(lambda: answer.unpack('>ihqqq'))))[0]
        return answered, rows[0][1], rows[0][2]

    def produce(self, topic, partition, values, acks=-1):
        """The base offset."""
        self.send_produce(topic, partition, record_batch(values), acks)
        _, error, base = self.produce_answer()
        if error:
            raise ValueError(f'Produce {topic}-{partition}: error {error}')
        return base

    def list_offset(self, topic, partition, timestamp=-1):
        """The end offset; with timestamp -2 the first."""
        rows = array([string(topic) + array([struct.pack('>iq', partition, timestamp)])])
        answer = self.call(LIST_OFFSETS, 1, struct.pack('>i', -1) + rows)
        _, found = answer.array(lambda: (answer.string(), answer.array(lambda: answer.unpack('>ihqq'))))[0]
        if found[0][1]:
            raise ValueError(f'ListOffsets {topic}-{partition}: error {found[0][1]}')
        return found[0][3]

    def fetch(self, topic, partition, offset, max_bytes=1 << 20, max_wait_ms=500):
        """(high watermark, the raw batches)."""
        rows = array([string(topic) + array([struct.pack('>iqi', partition, offset, max_bytes)])])
        answer = self.call(FETCH, 4, struct.pack('>iiiib', -1, max_wait_ms, 1, max_bytes, 0) + rows)
        answer.unpack('>i')

        def row():
            index, error, high_watermark, _ = answer.unpack('>ihqq')
            answer.array(lambda: answer.unpack('>qq'))
            return error, high_watermark, answer.take(max(answer.unpack('>i'), 0))
        _, found = answer.array(lambda: (answer.string(), answer.array(row)))[0]
        error, high_watermark, data = found[0]
        if error:
            raise Refused(f'Fetch {topic}-{partition} at {offset}', error)
        return high_watermark, data

    def read(self, topic, partition, offset, end):
        """Yields (offset, value) of every record from offset up to end."""
        while offset < end:
            found = False
            for at, value in read_batches(self.fetch(topic, partition, offset)[1]):
                if offset <= at < end:
                    yield at, value
                    offset, found = at + 1, True
            if not found:
                raise ValueError(f'nothing to read in {topic}-{partition} at {offset}, though the end is {end}')
