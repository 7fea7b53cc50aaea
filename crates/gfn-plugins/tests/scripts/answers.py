"""A reward by the package whose objects name what is answered for them: the same over both protocols."""
import sys

import gfn_plugin

ANSWERS = {
    "whole": lambda: 3,
    "decimal": lambda: 1.5,
    "large": lambda: 10**30,
    "huge": lambda: 10**400,
    "minus-huge": lambda: -(10**400),
    "exponent": lambda: float("1e999"),
    "nan": lambda: float("nan"),
    "infinity": lambda: float("inf"),
    "minus-infinity": lambda: float("-inf"),
    "true": lambda: True,
    "false": lambda: False,
    "null": lambda: None,
    "text": lambda: "1.5",
    "list": lambda: [1.0],
    "object": lambda: {},
    "failed": lambda: gfn_plugin.Failed("as it was told"),
    "zero": lambda: gfn_plugin.ZERO,
    "short": lambda: SHORT,
}
SHORT = object()


@gfn_plugin.reward(can_be_zero=bool(sys.argv[1:]))
def score(texts, parameters):
    """Answers what it is asked for."""
    answers = [ANSWERS[text]() for text in texts]
    return [answer for answer in answers if answer is not SHORT]


gfn_plugin.run()
