"""The reward {{name}}, for gfn. `README.md` says how to try, check and use it."""

import gfn_plugin


@gfn_plugin.reward(
    name="{{name}}",
    version="0.1.0",
    objects=["molecule"],
    input="texts",
    parameters={
        "target": gfn_plugin.integer(20, minimum=1, help="The best number of letters in a SMILES."),
        "width": gfn_plugin.number(5.0, minimum=0.001, help="How far from it the reward has fallen to exp(-1/2)."),
    },
    greatest=1.0,
)
def score(objects, parameters):
    """Rewards molecules whose SMILES is of a certain length: say here in one line what yours rewards."""
    return [log_reward(smiles, parameters) for smiles in objects]


def log_reward(smiles, parameters):
    """The natural logarithm of one object's reward."""
    if not smiles:
        return gfn_plugin.Failed("there is no molecule")
    distance = (len(smiles) - parameters["target"]) / parameters["width"]
    return -(distance**2) / 2


if __name__ == "__main__":
    gfn_plugin.run()
