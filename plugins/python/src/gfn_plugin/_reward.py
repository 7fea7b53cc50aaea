"""The decorator that makes a reward of a function or a class."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

from . import _parameters
from ._parameters import Parameter

Scorer = Callable[[Sequence[Any]], Any]
"""Objects in, one outcome per object out."""


@dataclass(frozen=True)
class Context:
    """What a class is told besides its parameters."""

    seed: int
    """The seed of a reward that draws random numbers. All workers of a run get the same."""

    objects: Mapping[str, Any]
    """What will be scored: `objects["kind"]` is "molecule", "grid" or another kind; its environment may add more."""


@dataclass(frozen=True)
class Reward:
    """A reward as it was declared."""

    definition: Any
    parameters: Mapping[str, Parameter]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def description(self) -> dict[str, Any]:
        """What gfn is told about the plugin before anything is scored."""
        return {**self.facts, "parameters": _parameters.schema(self.parameters)}

    def create(self, given: Mapping[str, Any], context: Context) -> Scorer:
        """The reward with its parameters set; `ParameterError` if they do not fit."""
        values = _parameters.read(self.parameters, given)
        if inspect.isclass(self.definition):
            made: Any = self.definition
            scorer: Scorer = made(values, context).score
            return scorer
        return lambda objects: self.definition(objects, values)


declared: list[Reward] = []
"""Every reward that was declared in this process."""


def reward(
    *,
    name: str | None = None,
    version: str = "0.1.0",
    summary: str | None = None,
    licence: str | None = None,
    objects: Sequence[str] = (),
    input: str = "texts",
    parameters: Mapping[str, Parameter] | None = None,
    deterministic: bool = True,
    can_be_zero: bool = False,
    max_batch: int = 0,
    greatest: float | None = None,
    mode_threshold: float | None = None,
    needs_gpu: bool = False,
) -> Callable[[Any], Any]:
    """Declares a reward: a function `score(objects, parameters)`, or a class with `__init__(self, parameters, context)`
    and `score(self, objects)`, of which one is made and then scores every batch.

    Each returns one outcome per object, as a list or an array: the logarithm of the reward, `ZERO` for a reward of 0
    (with `can_be_zero`), `None` or `Failed(why)` for an object that cannot be scored.

    - `name`: what the plugin is called; without it, what the function or class is called.
    - `summary`: one line; without it, the first line of its docstring.
    - `objects`: the kinds of objects that it can score, such as `"molecule"`; none: any.
    - `input`: `"texts"` (SMILES for molecules, sequences; one `str` each) or `"states"` (int32 arrays `[n, stride]`).
    - `deterministic`: the same object always has the same reward, so that gfn may remember it and ask again.
    - `max_batch`: the most objects that it can take at once; 0: any number.
    - `greatest`: the greatest reward (not its logarithm) that there can be, if known.
    - `mode_threshold`: the reward from which on an object counts as a mode.
    - `needs_gpu`: it computes on a GPU, which the experiment must allow.
    """
    if input not in ("texts", "states"):
        raise ValueError(f'input is "texts" or "states", not {input!r}')
    for key, parameter in (parameters or {}).items():
        if not isinstance(parameter, Parameter):
            raise TypeError(f"parameter `{key}`: write gfn_plugin.number({parameter!r}) or the like")

    def declare(definition: Any) -> Any:
        facts = {
            "name": name or definition.__name__,
            "version": version,
            "summary": summary or (inspect.getdoc(definition) or "").partition("\n")[0],
            "licence": licence,
            "kinds": ["reward"],
            "objects": list(objects),
            "input": input,
            "deterministic": deterministic,
            "thread_safe": False,
            "max_batch": max_batch,
            "can_be_zero": can_be_zero,
            "greatest": greatest,
            "mode_threshold": mode_threshold,
            "needs_gpu": needs_gpu,
        }
        present = {key: value for key, value in facts.items() if value is not None}
        declared.append(Reward(definition, parameters or {}, present))
        return definition

    return declare


def find(definition: Any = None) -> Reward:
    """The reward that was made of `definition`; without it, the only one there is."""
    found = [each for each in declared if definition is None or each.definition is definition]
    if len(found) != 1:
        wanted = "one reward is declared" if definition is None else f"{definition!r} is declared as a reward"
        sys.exit(f"gfn_plugin.run() expects that {wanted} with @gfn_plugin.reward(...); found {len(found)}")
    return found[0]
