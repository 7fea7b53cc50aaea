"""Answers what gfn asks, however the questions arrive."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ._outcomes import CountError, Scores, readable, score
from ._parameters import ParameterError
from ._reward import Context, Reward, Scorer

PROTOCOL = 1
"""The version of the messages."""

Message = Mapping[str, Any]


class ProtocolError(Exception):
    """gfn sent something that cannot be understood."""


class Transport(Protocol):
    """How messages and batches arrive and leave: `_frames.Frames` or `_lines.Lines`."""

    def receive(self) -> Message | None:
        """The next message, or none where gfn is gone."""

    def send(self, message: Message) -> None:
        """Sends an answer."""

    def batch(self, message: Message, can_be_zero: bool) -> tuple[Sequence[Any], Scores]:
        """The objects that a "score" message is about, and where their outcomes go."""

    def scored(self, message: Message, scores: Scores) -> Message:
        """The answer to a "score" message."""


def serve(reward: Reward, transport: Transport) -> None:
    """Answers until gfn says that it is done, or is gone."""
    worker = Worker(reward, transport)
    try:
        while worker.answer_next():
            pass
    except (BrokenPipeError, ConnectionResetError):
        pass


class Worker:
    """One reward at work."""

    def __init__(self, reward: Reward, transport: Transport) -> None:
        self._reward = reward
        self._transport = transport
        self._scorer: Scorer | None = None

    def answer_next(self) -> bool:
        """Waits for a message and answers it; false where there is none to come."""
        try:
            message = self._transport.receive()
        except (ProtocolError, ValueError) as error:
            self._transport.send(_error("protocol", str(error)))
            return True
        if message is None or message.get("type") == "close":
            return False
        self._transport.send(self.answer(message))
        return True

    def answer(self, message: Message) -> Message:
        """What to answer. Whatever the reward's code raises becomes an answer too."""
        try:
            return self._answer(message)
        except ParameterError as error:
            return _error("parameters", str(error))
        except ProtocolError as error:
            return _error("protocol", str(error))
        except CountError as error:
            return _error("count", str(error))
        except Exception as error:
            traceback.print_exc()
            return _error("failed", _told(error))

    def _answer(self, message: Message) -> Message:
        if message.get("type") == "hello":
            return self._hello(message)
        if message.get("type") == "score":
            return self._score(message)
        raise ProtocolError(f"a message of an unknown type, {message.get('type')!r}")

    def _hello(self, message: Message) -> Message:
        if message.get("protocol") != PROTOCOL:
            raise ProtocolError(f"gfn speaks protocol {message.get('protocol')}, this gfn_plugin {PROTOCOL}")
        if message.get("kind", "reward") != "reward":
            raise ProtocolError(f"this plugin is a reward, not {message['kind']!r}")
        parameters = message.get("parameters")
        if parameters is not None:
            context = Context(int(message.get("seed") or 0), message.get("objects") or {})
            self._scorer = self._reward.create(parameters, context)
        return {"type": "ready", "protocol": PROTOCOL, "description": self._reward.description()}

    def _score(self, message: Message) -> Message:
        if self._scorer is None:
            raise ProtocolError("objects to score before parameters")
        can_be_zero = bool(self._reward.facts.get("can_be_zero"))
        objects, scores = self._transport.batch(message, can_be_zero)
        score(self._scorer, objects, scores)
        return self._transport.scored(message, scores)


def _error(kind: str, message: str) -> Message:
    return {"type": "error", "kind": kind, "message": readable(message[:4000])}


def _told(error: Exception) -> str:
    """An exception on one line, with the place that raised it."""
    what = " ".join(traceback.format_exception_only(type(error), error)[-1].split())[:1000]
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_ours(frame.filename)]
    if not frames:
        return what
    return f"{what} ({Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name})"


def _is_ours(filename: str) -> bool:
    return Path(filename).parent == Path(__file__).parent
