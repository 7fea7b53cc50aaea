"""Plays gfn: starts a plugin's script and talks to it, over a socket and shared memory or in lines."""

import array
import json
import mmap
import os
import socket
import struct
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

SOURCES = Path(__file__).parent.parent / "src"
WAIT = 30


class Script:
    """A plugin's script in a folder of its own; `numpy=False` hides numpy from it."""

    def __init__(self, text, numpy=True):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self.path = self.folder / "reward.py"
        self.path.write_text("import gfn_plugin\n" + textwrap.dedent(text) + "\ngfn_plugin.run()\n")
        if not numpy:
            (self.folder / "numpy.py").write_text("raise ImportError('hidden')")

    def start(self, arguments=(), environment=None, **options):
        environment = {**os.environ, "PYTHONPATH": str(SOURCES), **(environment or {})}
        command = [sys.executable, "-B", str(self.path), *arguments]
        return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, **options)

    def close(self):
        self._folder.cleanup()


class Frames:
    """gfn's end of the socket, with memory of `size` bytes each way."""

    def __init__(self, script, size=1 << 16):
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(WAIT)
        environment = {"GFN_PLUGIN_SOCKET": str(theirs.fileno()), "GFN_PLUGIN_PROTOCOL": "1"}
        self.process = script.start((), environment, stdout=subprocess.PIPE, pass_fds=[theirs.fileno()])
        theirs.close()
        self.size = size

    def ask(self, message):
        self.tell(message)
        packet = self._socket.recv(1 << 20)
        return json.loads(packet) if packet else None

    def tell(self, message, descriptors=()):
        socket.send_fds(self._socket, [json.dumps(message).encode()], list(descriptors))

    def hello(self, parameters, **rest):
        return self.ask({"type": "hello", "protocol": 1, "parameters": parameters, "seed": 7, **rest})

    def share(self):
        """New memory, as when a batch outgrows the old."""
        descriptors = [os.memfd_create(name) for name in ("input", "output")]
        for descriptor in descriptors:
            os.ftruncate(descriptor, self.size)
        self.input, self.output = (mmap.mmap(descriptor, self.size) for descriptor in descriptors)
        read_only = os.open(f"/proc/self/fd/{descriptors[0]}", os.O_RDONLY)
        self.tell({"type": "memory", "input": self.size, "output": self.size}, [read_only, descriptors[1]])
        for descriptor in [*descriptors, read_only]:
            os.close(descriptor)

    def texts(self, texts, batch=1):
        """Scores texts: the answer, the log-rewards, the statuses."""
        data = [text.encode() for text in texts]
        ends = [sum(map(len, data[:index])) for index in range(len(data) + 1)]
        offsets = _aligned(len(b"".join(data)))
        self.input[: ends[-1]] = b"".join(data)
        self.input[offsets : offsets + 8 * len(ends)] = array.array("Q", ends).tobytes()
        return self._score(len(data), batch, form="texts", stride=0, data=0, offsets=offsets)

    def states(self, states, batch=1):
        stride = len(states[0])
        words = array.array("i", [word for state in states for word in state]).tobytes()
        self.input[64 : 64 + len(words)] = words
        return self._score(len(states), batch, form="states", stride=stride, data=64, offsets=0)

    def _score(self, count, batch, **rest):
        self.output[: self.size] = b"\0" * self.size
        status = _aligned(8 * count)
        places = {"log_reward": 0, "status": status}
        answer = self.ask({"type": "score", "batch": batch, "count": count, **rest, **places})
        return (
            answer,
            list(struct.unpack_from(f"{count}d", self.output)),
            list(self.output[status : status + count]),
        )

    def end(self, message=None):
        """Closes the socket: the exit status and what was printed."""
        if message:
            self.tell(message)
        self._socket.close()
        out, error = self.process.communicate(timeout=WAIT)
        return self.process.returncode, out.decode(), error.decode()

    def stop(self):
        """Whatever it is at."""
        self._socket.close()
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()


def lines(script, questions):
    """Asks in lines: the answers, and what was printed besides."""
    process = script.start(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    asked = "".join(
        question if isinstance(question, str) else json.dumps(question) + "\n" for question in questions
    )
    out, error = process.communicate(asked.encode(), timeout=WAIT)
    return [json.loads(line) for line in out.splitlines()], error.decode()


def _aligned(size):
    return (size + 63) // 64 * 64
