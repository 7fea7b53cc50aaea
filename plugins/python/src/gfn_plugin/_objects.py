"""The objects of a batch, as a plugin sees them: nothing is copied before it is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload


class Texts(Sequence[str]):
    """The texts of a batch, decoded when they are asked for; `list(texts)` has them all.

    They are read from memory that gfn writes the next batch to: keep the `str`, never the `Texts`.
    """

    def __init__(self, data: memoryview, offsets: Sequence[int]) -> None:
        """`offsets`: where each text starts in `data`, in bytes, and where the last one ends."""
        self._data = data
        self._offsets = offsets

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        at = _within(index, len(self))
        return str(self._data[self._offsets[at] : self._offsets[at + 1]], "utf-8", "replace")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Texts, list, tuple)) and list(self) == list(other)

    def __repr__(self) -> str:
        return f"Texts({list(self)!r})"


class States(Sequence[memoryview]):
    """The states of a batch where there is no numpy: `states[i]` is a read-only view of `stride` whole numbers.

    They are read from memory that gfn writes the next batch to: copy what should last.
    """

    def __init__(self, words: memoryview, stride: int, count: int) -> None:
        """`words`: the int32 words of all states, one state after another."""
        self._words = words
        self.stride = stride
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            start, stop, step = index.indices(self._count)
            if step != 1:
                return [self[each] for each in range(start, stop, step)]
            count = max(0, stop - start)
            return States(
                self._words[start * self.stride : (start + count) * self.stride], self.stride, count
            )
        at = _within(index, self._count)
        return self._words[at * self.stride : (at + 1) * self.stride]

    def __iter__(self) -> Iterator[memoryview]:
        return (self[index] for index in range(self._count))

    def tolist(self) -> list[list[int]]:
        """All states as lists, which may be kept."""
        return [state.tolist() for state in self]

    def __repr__(self) -> str:
        return f"States({self.tolist()!r})"


def states(words: memoryview, stride: int, count: int) -> Sequence[Any]:
    """A read-only numpy array `[count, stride]` of int32 where there is numpy, else `States`."""
    try:
        import numpy
    except ImportError:
        return States(words.toreadonly(), stride, count)
    numbers: Any = numpy.frombuffer(words, dtype=numpy.int32, count=count * stride)
    numbers.flags.writeable = False
    array: Sequence[Any] = numbers.reshape(count, stride)
    return array


def _within(index: int, length: int) -> int:
    at = index + length if index < 0 else index
    if not 0 <= at < length:
        raise IndexError(f"object {index} of {length}")
    return at
