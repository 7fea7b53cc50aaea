"""Where a plugin's script ends: it serves its reward, or shows it to its author."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from typing import Any

from ._frames import Frames
from ._lines import Lines
from ._reward import Reward, find
from ._worker import Transport, serve

_USAGE = """\
This is a plugin of gfn, which starts it by itself; name it in an experiment:

    [reward]
    command = ["python3", "{script}"]

By hand:

    {script} --describe                          what gfn is told about it
    {script} --try '{{"target": 1}}' CCO c1ccccc1    scores these objects with these parameters
"""


def run(definition: Any = None) -> None:
    """Serves the reward of this script until gfn has no more to ask. Call it last.

    `definition`: the function or class, where a script declares several.
    """
    reward = find(definition)
    arguments = sys.argv[1:]
    if "GFN_PLUGIN_SOCKET" in os.environ:
        # Taken out, because the programs that a plugin starts are no plugins.
        _serve(reward, Frames(int(os.environ.pop("GFN_PLUGIN_SOCKET"))))
    elif arguments[:1] == ["--describe"]:
        print(json.dumps(reward.description(), indent=2))
    elif arguments[:1] == ["--try"] and len(arguments) > 1:
        _try(reward, arguments[1], arguments[2:])
    elif sys.stdin.isatty():
        print(_USAGE.format(script=sys.argv[0]), file=sys.stderr)
    else:
        _serve(reward, Lines.of_this_process())


def _serve(reward: Reward, transport: Transport) -> None:
    """Serves with what the plugin prints on standard error, line by line."""
    # Ctrl-C reaches every process of a terminal: gfn stops its workers when it has saved.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(2, 1)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    serve(reward, transport)


def _try(reward: Reward, parameters: str, objects: list[str]) -> None:
    """Scores objects as gfn would, and prints a line for each."""
    given = [json.loads(each) for each in objects] if reward.facts["input"] == "states" else objects
    questions = [
        {"type": "hello", "protocol": 1, "parameters": json.loads(parameters), "seed": 0},
        {"type": "score", "batch": 0, "objects": given},
    ]
    answers = _answers(reward, questions)
    for answer in answers:
        if answer["type"] == "error":
            sys.exit(f"gfn_plugin: {answer['message']}")
    why = dict(answers[-1]["failures"])
    for index, log_reward in enumerate(answers[-1]["log_reward"]):
        print(objects[index], why.get(index, log_reward), sep="\t")


def _answers(reward: Reward, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    lines = [json.dumps(question).encode() + b"\n" for question in questions]
    sink = io.BytesIO()
    serve(reward, Lines(io.BytesIO(b"".join(lines)), sink))
    return [json.loads(line) for line in sink.getvalue().splitlines()]
