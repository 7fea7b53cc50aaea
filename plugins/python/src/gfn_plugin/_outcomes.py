"""What can come of an object: a log-reward, a reward of 0, or no reward and why."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Callable

ZERO = -math.inf
"""The logarithm of a reward of 0. A plugin that returns it says so: `can_be_zero=True`."""

SCORED, ZERO_REWARD, FAILED = 1, 2, 3
"""The status of an object, as the header has it; 0, "not scored", is what gfn writes before."""


@dataclass(frozen=True)
class Failed:
    """Stands for a log-reward where an object cannot be scored: `Failed("no atoms")`."""

    why: str


class ObjectError(Exception):
    """Raised where one object of a batch cannot be scored.

    The others are scored again without it. Where many objects fail, it is faster to return `Failed` in their places.
    """

    def __init__(self, index: int, why: str) -> None:
        """`index`: the object's place in the batch that was to be scored."""
        super().__init__(f"object {index}: {why}")
        self.index = index
        self.why = why


class CountError(Exception):
    """Another number of log-rewards was returned than there are objects: "15 for 16 objects"."""


class Scores:
    """Where the outcomes of one batch are written: the memory that gfn reads them from, or an `array`."""

    def __init__(self, log_reward: Any, status: Any, can_be_zero: bool) -> None:
        self.log_reward = log_reward
        self.status = status
        self.failures: list[tuple[int, str]] = []
        self._can_be_zero = can_be_zero

    def fail(self, index: int, why: str) -> None:
        """The object cannot be scored."""
        self.status[index] = FAILED
        self.failures.append((index, readable(why)))

    def take(self, start: int, count: int, values: Any) -> None:
        """The outcomes of `count` objects, the first of which is object `start`."""
        values = _as_array(values) if hasattr(values, "__array__") else _as_list(values)
        if len(values) != count:
            raise CountError(f"{len(values)} for {count} object{'s' * (count != 1)}")
        if isinstance(values, list) or not self._take_array(start, values):
            for index, value in enumerate(values, start):
                self._take_one(index, value)

    def _take_array(self, start: int, values: Any) -> bool:
        """Takes a whole array at once, if every object in it was scored."""
        if values.dtype.kind not in "fiu" or not (abs(values) < math.inf).all():
            return False
        end = start + len(values)
        self.log_reward[start:end] = memoryview(values.astype("float64"))
        self.status[start:end] = bytes([SCORED]) * len(values)
        return True

    def _take_one(self, index: int, value: Any) -> None:
        if value is None:
            return self.fail(index, "the plugin returned None for it")
        if isinstance(value, Failed):
            return self.fail(index, value.why)
        try:
            number = _as_number(value)
        except _NoNumber as error:
            return self.fail(index, str(error))
        if number == ZERO and self._can_be_zero:
            self.log_reward[index], self.status[index] = ZERO, ZERO_REWARD
        elif number == ZERO:
            self.fail(index, "its reward is 0, which the plugin does not declare: can_be_zero=True")
        elif math.isnan(number) or math.isinf(number):
            self.fail(index, f"its log-reward is {number}")
        else:
            self.log_reward[index], self.status[index] = number, SCORED
        return None


def score(scorer: Callable[[Sequence[Any]], Any], objects: Sequence[Any], scores: Scores) -> None:
    """Scores every object. One that `ObjectError` names is left out, and what is before and after it scored apart, so
    that a scorer that goes through its objects in order sees none of them more than twice."""
    waiting = [(0, len(objects))]
    while waiting:
        start, end = waiting.pop()
        if start == end:
            continue
        part = objects if end - start == len(objects) else objects[start:end]
        at = _try(scorer, part, start, scores)
        if at is not None:
            waiting += [(at + 1, end), (start, at)]


def _try(
    scorer: Callable[[Sequence[Any]], Any], part: Sequence[Any], start: int, scores: Scores
) -> int | None:
    """Scores a part of the objects, or returns which one of them it fails for."""
    try:
        scores.take(start, len(part), scorer(part))
        return None
    except ObjectError as error:
        if not 0 <= error.index < len(part):
            raise IndexError(f"ObjectError names object {error.index} of {len(part)}") from error
        scores.fail(start + error.index, error.why)
        return start + error.index


def readable(why: Any) -> str:
    """Text that every reader of JSON takes: of an exception its words, of the names of files no bytes that are no text."""
    return str(why).encode("utf-8", "replace").decode("utf-8")


def _as_list(values: Any) -> list[Any]:
    """Outcomes in the order of their objects, which a dict or a set need not have."""
    if values is None:
        raise TypeError("nothing was returned, not a log-reward for each object: is there a `return`?")
    if isinstance(values, (Mapping, Set, str, bytes)):
        raise TypeError(f"a {type(values).__name__} was returned, not a list with a log-reward for each object")
    return list(values)


def _as_array(values: Any) -> Any:
    """What another library calls an array or a tensor, as numpy's, which it needs for this."""
    numpy = sys.modules.get("numpy")
    array = values.__array__() if numpy is None else numpy.asarray(values)
    if array.ndim != 1:
        raise ValueError(
            f"log-rewards of the shape {tuple(array.shape)} were returned, not one for each object"
        )
    return array


class _NoNumber(Exception):
    """A value that is no log-reward, which concerns its object alone."""


def _as_number(value: Any) -> float:
    is_bool = isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", "") == "b"
    has_value = hasattr(value, "__float__") or hasattr(value, "__index__")
    if is_bool or not has_value or isinstance(value, (str, bytes, complex)):
        raise _NoNumber(f"its log-reward is {_shown(value)}: expected a number, None, ZERO or Failed")
    try:
        return float(value)
    except OverflowError:
        raise _NoNumber("its log-reward is beyond what a number of 64 bits holds") from None
    except Exception as error:
        raise _NoNumber(f"its log-reward is no number: {type(error).__name__}: {error}") from error


def _shown(value: Any) -> str:
    """A value and its type, on a short line."""
    text = repr(value)
    return f"{text if len(text) <= 40 else text[:37] + '...'} ({type(value).__name__})"
