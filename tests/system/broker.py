"""Starts and stops jackdawd for a test: its own port, its own data, nothing left behind."""
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import kafka

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get('JACKDAW_BIN', ROOT / 'build/release/bin'))
PROGRAM = BIN / 'jackdawd'


def free_port():
    """A port that nobody listens on, below those that the system gives to outgoing connections."""
    pick = random.Random(os.getpid() * 1_000_003 + time.monotonic_ns())
    while True:
        port = pick.randrange(12_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(('127.0.0.1', port)) != 0:
                return port


class Broker:
    def __init__(self, overrides=(), properties=None, environment=None, data=None, port=None, program=PROGRAM):
        """`properties` is the text of a server.properties; without it and without `data` the broker gets a folder of
        its own. `overrides` are key=value. `program` is the jackdawd to run."""
        self.program = program
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='jackdaw-test-'))
        self.port = port or free_port()
        self.data = pathlib.Path(data or self.folder / 'data')
        self.environment = environment or {}
        self.arguments = []
        if properties is not None:
            path = self.folder / 'server.properties'
            path.write_text(properties)
            self.arguments.append(str(path))
        else:
            overrides = (f'listeners=PLAINTEXT://127.0.0.1:{self.port}', f'log.dirs={self.data}', *overrides)
        for override in overrides:
            self.arguments += ['--override', override]
        self.process = None
        self.output_path = self.folder / 'output'

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def launch(self):
        keep = {name: value for name, value in os.environ.items() if not name.startswith('KAFKA_') and name != 'CLUSTER_ID'}
        with open(self.output_path, 'ab') as output:
            self.process = subprocess.Popen([self.program, *self.arguments], cwd=self.folder, env={**keep, **self.environment},
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        return self

    def start(self, timeout_s=30):
        """Returns when a metadata answer names the broker; self.startup_s says how long after exec that was."""
        began = time.monotonic()
        self.launch()
        while True:
            try:
                with kafka.Client(self.port, timeout_s=timeout_s) as client:
                    brokers, _ = client.metadata()
                    if brokers:
                        self.startup_s = time.monotonic() - began
                        return self
            except OSError:
                pass
            if self.process.poll() is not None:
                raise AssertionError(f'jackdawd ended with {self.process.returncode}:\n{self.output()}')
            if time.monotonic() > began + timeout_s:
                self.kill()
                raise AssertionError(f'no answer on port {self.port} within {timeout_s} s:\n{self.output()}')
            time.sleep(0.0005)   # the kernel tells nobody when a port opens

    def output(self):
        return self.output_path.read_text(errors='replace')

    def client(self):
        return kafka.Client(self.port)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def stop(self, timeout_s=30):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)

    def refusal(self, timeout_s=20):
        """For a broker that must not start: (exit status, what it said)."""
        self.launch()
        try:
            return self.process.wait(timeout_s), self.output()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f'it runs, though it should have refused to:\n{self.output()}') from None
