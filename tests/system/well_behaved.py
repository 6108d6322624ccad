"""One client that does nothing wrong, in a process of its own, and how long its slowest answer took.

Every few milliseconds it produces one record, fetches it back, and asks for metadata; every value is checked.
"""
import multiprocessing
import time

import kafka

PAUSE_S = 0.003


def work(port, topic, stop, out):
    slowest = {'produce': 0.0, 'fetch': 0.0, 'metadata': 0.0}
    rounds, failure = 0, None

    def timed(what, call):
        began = time.monotonic()
        answer = call()
        slowest[what] = max(slowest[what], time.monotonic() - began)
        return answer
    try:
        with kafka.Client(port, timeout_s=120) as client:
            while not stop.is_set():
                value = b'well-behaved %d' % rounds
                base = timed('produce', lambda: client.produce(topic, 0, [value]))
                _, data = timed('fetch', lambda: client.fetch(topic, 0, base))
                if list(kafka.read_batches(data)) != [(base, value)]:
                    raise ValueError(f'record {rounds} came back from {base} as {data!r}')
                if topic not in timed('metadata', lambda: client.metadata([topic]))[1]:
                    raise ValueError(f'the metadata has no {topic}')
                rounds += 1
                time.sleep(PAUSE_S)
    except Exception as problem:
        failure = f'{type(problem).__name__}: {problem}'
    out.put((rounds, slowest, failure))


class WellBehaved:
    """`with WellBehaved(port, topic) as client: ...`; then client.rounds, client.slowest_ms by request."""

    def __init__(self, port, topic):
        context = multiprocessing.get_context('fork')
        self.stop, self.out = context.Event(), context.Queue()
        self.process = context.Process(target=work, args=(port, topic, self.stop, self.out), daemon=True)

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.rounds, slowest, self.failure = self.out.get(timeout=180)
        self.process.join()
        self.slowest_ms = {what: round(seconds * 1000, 1) for what, seconds in slowest.items()}
