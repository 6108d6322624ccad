"""The servers that are compared, each on loopback with data of its own: start, stop, CPU time, memory."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/system'))

import broker   # noqa: E402  (tests/system: how to start jackdawd)
import kafka    # noqa: E402

BIN = broker.BIN
SCHEDULER_CLOCK = 2   # of clock_getcpuclockid(3), which Python doesn't offer


class Server:
    """`settings` are key=value, Kafka's keys for both. After start(): port, pid, startup_ms."""
    name = ''

    def start(self, settings):
        raise NotImplementedError

    def stop(self):
        raise NotImplementedError

    def cpu_s(self):
        """User and system time of all its threads so far: what /proc/PID/stat shows, but in ns instead of ticks of 10 ms."""
        return time.clock_gettime((~self.pid << 3) | SCHEDULER_CLOCK)

    def rss_mib(self):
        status = pathlib.Path(f'/proc/{self.pid}/status').read_text()
        return int(re.search(r'VmRSS:\s+(\d+) kB', status).group(1)) / 1024

    def client(self):
        return kafka.Client(self.port)


class Jackdaw(Server):
    name = 'jackdaw'
    program = broker.PROGRAM

    def start(self, settings):
        self.broker = broker.Broker([f'{key}={value}' for key, value in settings.items()], program=self.program)
        self.broker.start()
        self.port, self.pid = self.broker.port, self.broker.process.pid
        self.startup_ms = 1000 * self.broker.startup_s

    def stop(self):
        self.broker.stop()
        self.broker.__exit__()


class Before(Jackdaw):
    """Another jackdawd, of an earlier version: `program` has to be set."""
    name = 'before'


class Kafka(Server):
    """A folder with a script `kafka1 start|stop`; its README says how to set it up."""
    name = 'kafka'

    def __init__(self):
        self.peer = pathlib.Path(os.environ.get('JACKDAW_PEER', ROOT / '../shared/peer')).resolve()
        self.home = pathlib.Path(os.environ.get('PEER_HOME', '/tmp/peer'))
        if not (self.peer / 'kafka1').exists():
            sys.exit(f'side-by-side: no kafka1 in {self.peer}: set JACKDAW_PEER to the folder that has it, or --without kafka')
        if not (self.home / 'libs').exists():
            sys.exit(f'side-by-side: Kafka is not set up in {self.home}: run {self.peer}/setup')

    def kafka1(self, *arguments):
        return subprocess.run([self.peer / 'kafka1', *arguments], env={**os.environ, 'PEER_HOME': str(self.home)},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def start(self, settings):
        for _ in range(3):   # on a busy machine kafka1 may look for the JVM before it is there
            self.port = broker.free_port()
            done = self.kafka1('start', '--port', str(self.port), *(f'{key}={value}' for key, value in settings.items()))
            if started := re.search(r'pid (\d+).* start-up (\d+) ms', done.stdout):
                self.pid, self.startup_ms = int(started.group(1)), float(started.group(2))
                return
            self.kafka1('stop')
        sys.exit(f'side-by-side: Kafka did not start: {done.stdout}{done.stderr}')

    def stop(self):
        self.kafka1('stop')
        shutil.rmtree(self.home / 'data1', ignore_errors=True)


class Floor(Server):
    """bench/floor: the bare work, so no settings."""
    name = 'floor'

    def start(self, settings):
        self.folder = tempfile.mkdtemp(prefix='jackdaw-floor-')
        self.port = broker.free_port()
        self.process = subprocess.Popen([BIN / 'bench_floor', str(self.port), self.folder], stdin=subprocess.DEVNULL)
        self.pid = self.process.pid
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                self.client().socket.close()
                return
            except OSError:
                time.sleep(0.001)
        self.stop()
        sys.exit('side-by-side: the floor does not listen')

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Fleet:
    """Running servers by name; one is restarted only when a scenario wants other settings or a fresh one."""

    def __init__(self, names, warm_up):
        self.makers = {maker.name: maker for maker in (Kafka, Before, Jackdaw, Floor) if maker.name in names}
        self.running, self.warm_up = {}, warm_up

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in list(self.running):
            self.stop(name)

    def stop(self, name):
        if name in self.running:
            self.running.pop(name)[0].stop()

    def get(self, name, settings):
        """A warm server with these settings."""
        if name in self.running and self.running[name][1] != settings:
            self.stop(name)
        if name not in self.running:
            self.fresh(name, settings)
            self.warm_up(self.running[name][0])
        return self.running[name][0]

    def fresh(self, name, settings):
        """One that has just started, on empty data."""
        self.stop(name)
        server = self.makers[name]()
        server.start(settings)
        self.running[name] = (server, settings)
        return server
