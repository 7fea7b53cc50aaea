"""Messages as lines of JSON, objects and log-rewards in them: the protocol that any language can speak."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Sequence
from typing import Any, BinaryIO

from ._objects import states
from ._outcomes import FAILED, ZERO_REWARD, Scores
from ._worker import Message, ProtocolError


class Lines:
    """One JSON object per line, in and out."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source = source
        self._sink = sink

    @classmethod
    def of_this_process(cls) -> Lines:
        """Standard input and output, which the plugin itself can no longer read."""
        source, sink = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        return cls(open(source, "rb"), open(sink, "wb"))

    def receive(self) -> Message | None:
        """The next line."""
        line = self._source.readline()
        if not line:
            return None
        message = json.loads(line)
        if not isinstance(message, dict):
            raise ProtocolError("a line that is no JSON object")
        return message

    def send(self, message: Message) -> None:
        """Sends one line."""
        self._sink.write(json.dumps(message).encode() + b"\n")
        self._sink.flush()

    def batch(self, message: Message, can_be_zero: bool) -> tuple[Sequence[Any], Scores]:
        """Texts as they are, states as an array."""
        objects = message.get("objects")
        if not isinstance(objects, list):
            raise ProtocolError("objects to score are missing")
        log_reward = memoryview(array("d", bytes(8 * len(objects))))
        return _objects(objects), Scores(log_reward, bytearray(len(objects)), can_be_zero)

    def scored(self, message: Message, scores: Scores) -> Message:
        """The answer, with `None` for what failed and "zero" for a reward of 0."""
        instead = {FAILED: None, ZERO_REWARD: "zero"}
        log_reward = [
            instead.get(status, value) for status, value in zip(scores.status, scores.log_reward.tolist())
        ]
        failures = sorted(scores.failures)
        return {
            "type": "scored",
            "batch": message.get("batch"),
            "log_reward": log_reward,
            "failures": failures,
        }


def _objects(objects: list[Any]) -> Sequence[Any]:
    if not objects or isinstance(objects[0], str):
        return objects
    stride = len(objects[0])
    words = array("i", [word for state in objects for word in state])
    if len(words) != stride * len(objects):
        raise ProtocolError("states of different lengths")
    return states(memoryview(words), stride, len(objects))
