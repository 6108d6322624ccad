"""Clients that a broker meets on a bad day: each is a function of the port and the seconds it has, and returns how much
it did. None of them waits for anything but its own sockets; what a broker does to them (close, refuse, ignore) is up
to the broker.
"""
import contextlib
import errno
import json
import pathlib
import random
import resource
import select
import socket
import struct
import time

VECTORS = pathlib.Path(__file__).resolve().parents[1] / 'golden/vectors'
MIB = 1 << 20
INTERESTING = (0, 1, -1, -2, 0x7f, 0x80, 0x7fff, 0x10000, 0xff_ffff, 0x7fff_ffff, -0x8000_0000)


def allow_many_files():
    """As many as the system lets this process open; how many that is."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def connect(port):
    peer = socket.create_connection(('127.0.0.1', port), 10)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    peer.setblocking(False)
    return peer


def push(peer, data):
    """Sends what the socket takes now. False when the broker has closed it."""
    try:
        return peer.send(data) == len(data)
    except BlockingIOError:
        return True
    except OSError:
        return False


def drop_answers(peer):
    """False when the broker has closed the connection."""
    try:
        while True:
            if not peer.recv(256 * 1024):
                return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def request_frames():
    """[(api key, version, frame without its size)] of every request that the golden vectors hold."""
    header_versions, frames = {}, []
    with open(VECTORS / 'frames-a.jsonl', encoding='utf-8') as file:
        for row in map(json.loads, file):
            if row['kind'] == 'request':
                header_versions[row['key'], row['version']] = row['headerVersion']
                frames.append((row['key'], row['version'], bytes.fromhex(row['hex'])[4:]))
    with open(VECTORS / 'golden-a.jsonl', encoding='utf-8') as file:
        for row in map(json.loads, file):
            key = row['key'], row['version']
            if row['kind'] == 'request':
                tags = b'\0' if header_versions.get(key, 2) == 2 else b''
                frames.append((*key, struct.pack('>hhih', *key, 7, 2) + b'me' + tags + bytes.fromhex(row['hex'])))
    return frames


def sized(frame):
    return struct.pack('>i', len(frame)) + frame


# ---- bytes that are no request

def random_bytes(port, seconds, seed=1):
    """Noise of all lengths, half of it behind a plausible size."""
    rng, end, sent = random.Random(seed), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        with connect(port) as peer:
            noise = rng.randbytes(rng.choice((1, 3, 4, 5, 40, 400, 4000, 40_000)))
            push(peer, sized(noise) if rng.random() < 0.5 else noise)
            drop_answers(peer)
            sent += 1
    return sent


def mutated(rng, frame):
    frame = bytearray(frame)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at, kind = rng.randrange(8, max(len(frame), 9)), rng.randrange(7)
        if kind == 0:
            del frame[at:]
        elif kind == 1:
            frame[at:at + 4] = struct.pack('>i', rng.choice(INTERESTING))
        elif kind == 2:
            frame[at:at + 2] = struct.pack('>h', rng.choice((0, 1, -1, 0x7fff, -0x8000)))
        elif kind == 3:
            frame[at:at + 5] = b'\xff\xff\xff\xff' + bytes([rng.choice((0x07, 0x0f, 0x7f))])   # a varint of 2^31 and more
        elif kind == 4:
            frame[at:at + 1] = bytes([rng.randrange(256)])
        elif kind == 5:
            to = rng.randrange(at, min(at + 64, len(frame)) + 1)
            frame[at:at] = frame[at:to] * rng.choice((1, 2, 50))
        else:
            del frame[at:at + rng.randrange(1, 9)]
    return bytes(frame)


def mutated_frames(port, seconds, seed=1, rounds=None):
    """Requests of every API and version, cut, changed and grown; whole ones among them. Ends early after `rounds`."""
    frames = request_frames()
    rng, end, sent, done = random.Random(seed), time.monotonic() + seconds, 0, 0
    while time.monotonic() < end and (rounds is None or done < rounds):
        rng.shuffle(frames)
        done += 1
        for first in range(0, len(frames), 8):
            if time.monotonic() >= end:
                break
            with connect(port) as peer:
                for _, _, frame in frames[first:first + 8]:
                    changed = mutated(rng, frame) if rng.random() < 0.9 else frame
                    data = sized(changed)
                    if rng.random() < 0.05:
                        data = data[:rng.randrange(len(data))]   # the end never comes
                    sent += 1
                    if not push(peer, data):
                        break
                drop_answers(peer)
    return sent


def impossible_sizes(port, seconds):
    """Sizes from -2 GiB to 2 GiB, with a little of the request behind them."""
    end, sent = time.monotonic() + seconds, 0
    sizes = (-0x8000_0000, -1, 0, 1, 3, 100 * MIB, 100 * MIB + 1, 0x7fff_ffff, 0x4745_5420, 0x1603_0100)
    while time.monotonic() < end:
        with contextlib.ExitStack() as stack:
            for size in sizes:
                peer = stack.enter_context(connect(port))
                push(peer, struct.pack('>i', size) + struct.pack('>hhih', 3, 1, 7, -1))
                sent += 1
            time.sleep(0.01)
    return sent


def crowded_arrays(port, seconds, frame_bytes=8 * MIB):
    """Arrays that claim two thousand million elements, and arrays that really have as many as the bytes allow."""
    apis = sorted({(key, version) for key, version, _ in request_frames()})
    end, sent = time.monotonic() + seconds, 0
    bodies = [struct.pack('>i', 0x7fff_ffff), b'\xff\xff\xff\xff\x07', struct.pack('>i', frame_bytes // 4) + bytes(frame_bytes),
              b'\x80\x80\x80\x04' + b'\x01' * frame_bytes]
    while time.monotonic() < end:
        for key, version in apis:
            for body in bodies:
                for tags in (b'', b'\0'):
                    if time.monotonic() >= end:
                        return sent
                    frame = struct.pack('>hhih', key, version, 7, 2) + b'me' + tags + body
                    with connect(port) as peer:
                        deliver(peer, sized(frame), min(end, time.monotonic() + 2))
                        sent += 1
    return sent


def repeated_questions(port, seconds, topic, rows=60_000):
    """Well-formed requests that name one thing a great many times: what they cost must not multiply."""
    name = struct.pack('>h', len(topic)) + topic.encode()
    group = struct.pack('>h', 1) + b'g'

    def many(element):
        return struct.pack('>i', rows) + element * rows
    one_topic = struct.pack('>i', 1) + name
    bodies = [
        (3, 4, many(name) + b'\0'), (3, 4, many(b'\0\1x') + b'\1'), (15, 0, many(group)), (42, 0, many(group)),
        (10, 4, b'\0' + varint(rows + 1) + b'\x02g' * rows + b'\0'),
        (32, 1, many(b'\x02' + name + struct.pack('>i', -1)) + b'\0'),
        (2, 1, struct.pack('>i', -1) + one_topic + many(struct.pack('>iq', 0, -1))),
        (2, 1, struct.pack('>i', -1) + one_topic + struct.pack('>i', rows) +
         b''.join(struct.pack('>iq', n, 0) for n in range(rows))),
        (1, 4, struct.pack('>iiiib', -1, 0, 0, MIB, 0) + one_topic + many(struct.pack('>iqi', 0, 0, MIB))),
        (0, 7, struct.pack('>hhi', -1, 1, 1000) + one_topic + many(struct.pack('>ii', 0, -1))),
        (23, 2, one_topic + many(struct.pack('>iii', 0, -1, 0))),
        (35, 1, one_topic + many(struct.pack('>i', 0))),
        (61, 0, b'\0\x02' + varint(len(topic) + 1) + topic.encode() + varint(rows + 1) + bytes(4 * rows) + b'\0\0'),
        (8, 2, group + struct.pack('>i', -1) + b'\0\0' + struct.pack('>q', -1) + one_topic +
         many(struct.pack('>iq', 0, 1) + b'\0\0')),
        (9, 1, group + one_topic + many(struct.pack('>i', 0))),
        (11, 0, group + struct.pack('>i', 10_000) + b'\0\0' + struct.pack('>h', 8) + b'consumer' +
         many(struct.pack('>h', 1) + b'p' + struct.pack('>i', 0))),
    ]
    end, sent = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for key, version, body in bodies:
            with connect(port) as peer:
                deliver(peer, sized(struct.pack('>hhih', key, version, 7, 2) + b'me' + body), end)
                sent += 1
    return sent


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def deliver(peer, data, end):
    """All of it, or until the broker closes the connection or the time is up."""
    view = memoryview(data)
    while view and time.monotonic() < end:
        if not select.select([], [peer], [], 0.2)[1]:
            continue
        try:
            view = view[peer.send(view[:MIB]):]
        except BlockingIOError:
            continue
        except OSError:
            return
    wait_for_answer(peer, end)


def wait_for_answer(peer, end):
    while time.monotonic() < end:
        if select.select([peer], [], [], 0.05)[0]:
            drop_answers(peer)
            return


# ---- clients that hold on

def one_byte_writers(port, seconds, connections=50):
    """Metadata requests, one byte with each system call."""
    frame = sized(struct.pack('>hhih', 3, 1, 7, 2) + b'me' + struct.pack('>i', 0))
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(connect(port)) for _ in range(connections)]
        end, sent = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            for at in range(len(frame)):
                for peer in peers:
                    push(peer, frame[at:at + 1])
            for peer in peers:
                drop_answers(peer)
            sent += len(frame) * connections
    return sent


def announcers(port, seconds, connections=100, size=90 * MIB):
    """Each announces a produce request of 90 MiB and sends it as fast as it can, but never its last bytes."""
    sent = 0
    start = sized(bytes(size))[:4] + struct.pack('>hhih', 0, 7, 7, 2) + b'me' + struct.pack('>hhi', -1, 1, 1000)
    chunk = memoryview(bytes(256 * 1024))
    with contextlib.ExitStack() as stack:
        left = {}
        poll = select.epoll()
        stack.callback(poll.close)
        for _ in range(connections):
            peer = stack.enter_context(connect(port))
            peer.send(start)
            left[peer.fileno()] = [peer, size - len(start) - 64]
            poll.register(peer, select.EPOLLOUT)
        end = time.monotonic() + seconds   # a busy machine takes its time for the connections
        while time.monotonic() < end:
            for fd, _ in poll.poll(0.05):
                entry = left[fd]
                try:
                    n = entry[0].send(chunk[:entry[1]]) if entry[1] else 0
                except BlockingIOError:
                    continue
                except OSError:
                    n = 0
                entry[1] -= n
                sent += n
                if n == 0:
                    poll.unregister(fd)
    return sent


def idle_connections(port, seconds, connections=5000):
    """Nothing is sent on most; some have asked once, some stop inside a request, some closed their half."""
    end = time.monotonic() + seconds
    ask = sized(struct.pack('>hhih', 3, 1, 7, 2) + b'me' + struct.pack('>i', 0))
    with contextlib.ExitStack() as stack:
        for number in range(connections):
            peer = stack.enter_context(connect(port))
            if number % 4 == 1:
                push(peer, ask)
            elif number % 4 == 2:
                push(peer, ask[:number % len(ask)])
            elif number % 40 == 3:
                push(peer, ask)
                peer.shutdown(socket.SHUT_WR)
        time.sleep(max(end - time.monotonic(), 0))
    return connections


def resets(port, seconds):
    """Connects, asks, and resets before the answer."""
    end, done = time.monotonic() + seconds, 0
    ask = sized(struct.pack('>hhih', 3, 1, 7, 2) + b'me' + struct.pack('>i', -1))
    while time.monotonic() < end:
        try:
            peer = connect(port)
        except OSError as refused:
            if refused.errno != errno.EADDRNOTAVAIL:
                raise
            time.sleep(0.01)
            continue
        with peer:
            push(peer, ask * 20)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        done += 1
    return done


def slow_readers(port, seconds, topic, connections=50):
    """Ask again and again for all that a topic's partition 0 has, and for all metadata, and never read an answer."""
    end, asked = time.monotonic() + seconds, 0
    name = struct.pack('>h', len(topic)) + topic.encode()
    rows = struct.pack('>i', 1) + name + struct.pack('>iiqi', 1, 0, 0, 50 * MIB)
    fetch = sized(struct.pack('>hhih', 1, 4, 7, 2) + b'me' + struct.pack('>iiiib', -1, 0, 0, 50 * MIB, 0) + rows)
    everything = sized(struct.pack('>hhih', 3, 1, 7, 2) + b'me' + struct.pack('>i', -1))
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(connect(port)) for _ in range(connections)]
        while time.monotonic() < end:
            for number, peer in enumerate(peers):
                if push(peer, everything if number % 2 else fetch):
                    asked += 1
            time.sleep(0.001)
    return asked
