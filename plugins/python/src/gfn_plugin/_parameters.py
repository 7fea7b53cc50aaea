"""What a user may set: declared once, from which come the JSON Schema, the help text and the checks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_REQUIRED: Any = object()


class ParameterError(ValueError):
    """A value that the user set is refused. Raise it where values are only wrong together, or a file is missing."""


@dataclass(frozen=True)
class Parameter:
    """One parameter. Make it with `number`, `integer`, `text`, `flag` or `array`."""

    schema: Mapping[str, Any]

    @property
    def is_required(self) -> bool:
        """Whether the user must set it, because there is no default."""
        return "default" not in self.schema

    def read(self, name: str, value: Any) -> Any:
        """The value as the plugin gets it; `ParameterError` if it is not what was declared."""
        problem = _problem(self.schema, value)
        if problem:
            raise ParameterError(f"parameter `{name}`: expected {problem}, found {_shown(value)}")
        return _converted(self.schema, value)


def number(
    default: float = _REQUIRED,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    help: str = "",
) -> Parameter:
    """A finite number, given to the plugin as a `float`. Without a default the user must set it."""
    return _declare("number", default, help, minimum=minimum, maximum=maximum)


def integer(
    default: int = _REQUIRED,
    *,
    minimum: int | None = None,
    maximum: int | None = None,
    help: str = "",
) -> Parameter:
    """A whole number, given to the plugin as an `int`."""
    return _declare("integer", default, help, minimum=minimum, maximum=maximum)


def text(default: str = _REQUIRED, *, choices: Sequence[str] | None = None, help: str = "") -> Parameter:
    """A text; with `choices`, one of them. Paths of files are texts too: relative ones start at the plugin's folder."""
    return _declare("string", default, help, enum=list(choices) if choices else None)


def flag(default: bool = _REQUIRED, *, help: str = "") -> Parameter:
    """`True` or `False`."""
    return _declare("boolean", default, help)


def array(item: Parameter, default: Sequence[Any] = _REQUIRED, *, help: str = "") -> Parameter:
    """A list whose items are each what `item` declares: `array(number(), [0.5, 1.0])`."""
    items = {key: value for key, value in item.schema.items() if key != "default"}
    return _declare("array", default if default is _REQUIRED else list(default), help, items=items)


def schema(parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """The JSON Schema of all parameters of a plugin."""
    required = [name for name, parameter in parameters.items() if parameter.is_required]
    described: dict[str, Any] = {
        "type": "object",
        "properties": {name: dict(parameter.schema) for name, parameter in parameters.items()},
        "additionalProperties": False,
    }
    return {**described, "required": required} if required else described


def read(parameters: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter with the value that was given, or its default; `ParameterError` for what does not fit."""
    for name in given:
        if name not in parameters:
            known = ", ".join(f"`{known}`" for known in parameters) or "none"
            raise ParameterError(f"unknown parameter `{name}`; known are: {known}")
    return {name: _one(name, parameter, given) for name, parameter in parameters.items()}


def _one(name: str, parameter: Parameter, given: Mapping[str, Any]) -> Any:
    if name in given:
        return parameter.read(name, given[name])
    if parameter.is_required:
        raise ParameterError(f"parameter `{name}` is missing, and it has no default")
    return parameter.read(name, parameter.schema["default"])


def _declare(kind: str, default: Any, help: str, **rest: Any) -> Parameter:
    declared = {"type": kind, **{key: value for key, value in rest.items() if value is not None}}
    if help:
        declared["description"] = help
    if default is _REQUIRED:
        return Parameter(declared)
    problem = _problem(declared, default)
    if problem:
        raise ValueError(f"the default {_shown(default)} is not {problem}")
    return Parameter({**declared, "default": default})


def _problem(schema: Mapping[str, Any], value: Any) -> str | None:
    """What was expected, if the value is something else."""
    return _KINDS[schema["type"]](schema, value)


def _number_problem(schema: Mapping[str, Any], value: Any) -> str | None:
    least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    is_fit = is_number and (schema["type"] == "number" or value == int(value)) and least <= value <= most
    return None if is_fit else _range("a number" if schema["type"] == "number" else "a whole number", schema)


def _range(what: str, schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f"{what} from {least} to {most}"
    if least is not None:
        return f"{what} of at least {least}"
    return what if most is None else f"{what} of at most {most}"


def _text_problem(schema: Mapping[str, Any], value: Any) -> str | None:
    choices = schema.get("enum")
    if isinstance(value, str) and (choices is None or value in choices):
        return None
    return "a text" if choices is None else "one of " + ", ".join(map(_shown, choices))


def _flag_problem(_schema: Mapping[str, Any], value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _array_problem(schema: Mapping[str, Any], value: Any) -> str | None:
    if not isinstance(value, list):
        return "a list"
    problems = (_problem(schema["items"], item) for item in value)
    problem = next((problem for problem in problems if problem), None)
    return problem and f"a list, each of it {problem}"


_KINDS = {
    "number": _number_problem,
    "integer": _number_problem,
    "string": _text_problem,
    "boolean": _flag_problem,
    "array": _array_problem,
}


def _converted(schema: Mapping[str, Any], value: Any) -> Any:
    if schema["type"] == "array":
        return [_converted(schema["items"], item) for item in value]
    return {"number": float, "integer": int}.get(schema["type"], lambda same: same)(value)


def _shown(value: Any) -> str:
    shown = f'"{value}"' if isinstance(value, str) else repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
