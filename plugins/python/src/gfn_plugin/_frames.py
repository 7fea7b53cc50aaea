"""Messages over a socket, batches in memory that is shared with gfn.

One packet is one JSON object. A packet of the type "memory" comes with two file descriptors: what gfn writes (read-only
here) and what it reads.
"""

from __future__ import annotations

import json
import mmap
import os
import socket
from collections.abc import Sequence
from typing import Any, Union

from ._objects import Texts, states
from ._outcomes import Scores
from ._worker import Message, ProtocolError

_LONGEST = 1 << 20
_MAX_FAILURES = 100
_LONGEST_FAILURE = 300
_LONGEST_FAILURES = 32 << 10

Memory = Union[mmap.mmap, bytes]


class Frames:
    """The worker's end of the socket `descriptor`."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self._socket = socket.socket(fileno=descriptor)
        self._input: memoryview = memoryview(b"")
        self._output: memoryview = memoryview(b"")

    def receive(self) -> Message | None:
        """The next message that asks for an answer."""
        while True:
            packet, descriptors, flags, _ = socket.recv_fds(
                self._socket, _LONGEST, 2, socket.MSG_CMSG_CLOEXEC
            )
            if not packet:
                return None
            if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
                raise ProtocolError("a packet that is too long")
            message: Message = json.loads(packet)
            if not isinstance(message, dict):
                raise ProtocolError("a packet that is no JSON object")
            if message.get("type") != "memory":
                return message
            self._map(message, descriptors)

    def send(self, message: Message) -> None:
        """Sends one packet."""
        self._socket.sendall(json.dumps(message).encode())

    def batch(self, message: Message, can_be_zero: bool) -> tuple[Sequence[Any], Scores]:
        """Views of the shared memory; nothing is copied."""
        count = _whole(message, "count")
        log_reward = _part(self._output, _whole(message, "log_reward"), 8 * count).cast("d")
        status = _part(self._output, _whole(message, "status"), count)
        return self._objects(message, count), Scores(log_reward, status, can_be_zero)

    def scored(self, message: Message, scores: Scores) -> Message:
        """The answer; the outcomes are in the memory already."""
        return {"type": "scored", "batch": message["batch"], "failures": told(scores.failures)}

    def _objects(self, message: Message, count: int) -> Sequence[Any]:
        start = _whole(message, "data")
        if message.get("form") == "states":
            stride = _whole(message, "stride")
            return states(_part(self._input, start, 4 * stride * count).cast("i"), stride, count)
        if message.get("form") != "texts":
            raise ProtocolError(f"objects of an unknown form, {message.get('form')!r}")
        offsets = _part(self._input, _whole(message, "offsets"), 8 * (count + 1)).cast("Q")
        return Texts(_part(self._input, start, offsets[count]), offsets)

    def _map(self, message: Message, descriptors: list[int]) -> None:
        """Maps new memory. The old is unmapped when the last view of it is gone, which a plugin may hold."""
        if len(descriptors) != 2:
            raise ProtocolError(f"memory with {len(descriptors)} descriptors, not 2")
        sizes = (_whole(message, "input"), _whole(message, "output"))
        writable = mmap.PROT_READ | mmap.PROT_WRITE
        self._input = memoryview(_mapped(descriptors[0], sizes[0], mmap.PROT_READ))
        self._output = memoryview(_mapped(descriptors[1], sizes[1], writable))
        for descriptor in descriptors:
            os.close(descriptor)


def told(failures: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The failures that are told with their reasons: the first of them, so that they fit into a message. The statuses
    of all are in the memory."""
    chosen, length = [], 0
    for index, why in sorted(failures)[:_MAX_FAILURES]:
        why = why if len(why) <= _LONGEST_FAILURE else why[: _LONGEST_FAILURE - 3] + "..."
        length += len(json.dumps(why))
        if length > _LONGEST_FAILURES:
            break
        chosen.append((index, why))
    return chosen


def _mapped(descriptor: int, size: int, protection: int) -> Memory:
    # A length of 0 would map the whole file.
    return mmap.mmap(descriptor, size, flags=mmap.MAP_SHARED, prot=protection) if size else b""


def _part(memory: memoryview, start: int, size: int) -> memoryview:
    if start + size > len(memory):
        raise ProtocolError(f"bytes {start} to {start + size} of {len(memory)} bytes of memory")
    return memory[start : start + size]


def _whole(message: Message, key: str) -> int:
    value = message.get(key)
    if not isinstance(value, int) or value < 0:
        raise ProtocolError(f"`{key}` is {value!r}, not a whole number")
    return value
