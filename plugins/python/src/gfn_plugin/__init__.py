"""Rewards for gfn, written in Python.

A plugin is a script that declares one reward and then serves it::

    import gfn_plugin

    @gfn_plugin.reward(
        name="short",
        objects=["molecule"],
        parameters={"weight": gfn_plugin.number(0.5, minimum=0, help="how much a letter costs")},
    )
    def score(objects, parameters):
        return [-parameters["weight"] * len(smiles) for smiles in objects]

    gfn_plugin.run()

gfn starts the script in a confined process of its own and sends it batches of finished objects; what it returns is one
log-reward per object. `README.md` tells the rest.
"""

from ._objects import States, Texts
from ._outcomes import ZERO, Failed, ObjectError
from ._parameters import Parameter, ParameterError, array, flag, integer, number, text
from ._reward import Context, Reward, reward
from ._run import run

__version__ = "0.1.0"

__all__ = [
    "ZERO",
    "Context",
    "Failed",
    "ObjectError",
    "Parameter",
    "ParameterError",
    "Reward",
    "States",
    "Texts",
    "array",
    "flag",
    "integer",
    "number",
    "reward",
    "run",
    "text",
]
