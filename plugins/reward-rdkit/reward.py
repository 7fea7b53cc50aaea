"""Rewards of molecules through RDKit: drug-likeness, or lipophilicity within a window."""

import math
import sys
from pathlib import Path

# The package of this checkout, where none is installed.
sys.path.append(str(Path(__file__).resolve().parent.parent / "python" / "src"))

import gfn_plugin

try:
    from rdkit import Chem, RDLogger
    from rdkit.Chem import QED, Crippen
except ImportError as error:
    raise SystemExit(f"{error}; install it for this interpreter: python3 -m pip install rdkit") from error

# What RDKit writes about a SMILES that it cannot read is told as the object's failure instead.
RDLogger.DisableLog("rdApp.*")

PARAMETERS = {
    "property": gfn_plugin.text(
        "qed",
        choices=["qed", "logp"],
        help="What is rewarded: drug-likeness (QED, from 0 to 1), or a logP (Crippen's) near `target`.",
    ),
    "target": gfn_plugin.number(2.5, minimum=-20, maximum=20, help="The best logP."),
    "width": gfn_plugin.number(
        1.0,
        minimum=1e-3,
        help="How far from the best logP the reward has fallen to exp(-1/2), as a Gaussian does.",
    ),
    "least": gfn_plugin.number(1e-4, minimum=1e-300, maximum=1, help="The reward of the worst molecules."),
}


def qed(molecule, _parameters):
    """Drug-likeness, from 0 to 1."""
    return QED.qed(molecule)


def logp_window(molecule, parameters):
    """1 at the target, less the further away."""
    distance = (Crippen.MolLogP(molecule) - parameters["target"]) / parameters["width"]
    return math.exp(-(distance**2) / 2)


PROPERTIES = {"qed": qed, "logp": logp_window}


@gfn_plugin.reward(
    name="rdkit",
    version="0.1.0",
    objects=["molecule"],
    input="texts",
    parameters=PARAMETERS,
    greatest=1.0,
)
class Rdkit:
    """Drug-likeness or lipophilicity of molecules, computed by RDKit."""

    def __init__(self, parameters, _context):
        self._parameters = parameters
        self._property = PROPERTIES[parameters["property"]]

    def score(self, objects):
        """A log-reward for each SMILES."""
        return [self._log_reward(smiles) for smiles in objects]

    def _log_reward(self, smiles):
        molecule = Chem.MolFromSmiles(smiles)
        if molecule is None or molecule.GetNumAtoms() == 0:
            return gfn_plugin.Failed(f"RDKit cannot read the SMILES `{smiles}`")
        return math.log(max(self._property(molecule, self._parameters), self._parameters["least"]))


if __name__ == "__main__":
    gfn_plugin.run()
