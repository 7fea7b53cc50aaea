import importlib.util
import math
import os
import sys
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "python" / "src")]

HAS_RDKIT = importlib.util.find_spec("rdkit") is not None
if not HAS_RDKIT and os.environ.get("CI") == "true":
    raise RuntimeError("RDKit is not installed")

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
# As RDKit 2026.9.1 computes them: QED with mean weights, and the logP of Crippen.
ASPIRIN_QED = 0.5501
ASPIRIN_LOGP = 1.3101


@unittest.skipUnless(HAS_RDKIT, "RDKit is not installed")
class RdkitTest(unittest.TestCase):
    def scorer(self, **parameters):
        import gfn_plugin
        import reward
        from gfn_plugin._reward import find

        return find(reward.Rdkit).create(parameters, gfn_plugin.Context(0, {"kind": "molecule"}))

    def test_drug_likeness_is_rdkits(self):
        self.assertAlmostEqual(math.exp(self.scorer()([ASPIRIN])[0]), ASPIRIN_QED, places=3)

    def test_a_logp_within_the_window_is_better(self):
        at_target = self.scorer(property="logp", target=ASPIRIN_LOGP)([ASPIRIN])[0]
        self.assertAlmostEqual(at_target, 0, places=5)
        one_width_off = self.scorer(property="logp", target=ASPIRIN_LOGP + 2, width=2)([ASPIRIN])[0]
        self.assertAlmostEqual(one_width_off, -0.5, places=3)

    def test_no_reward_is_zero(self):
        far_off = self.scorer(property="logp", target=20, width=0.001, least=0.01)([ASPIRIN])[0]
        self.assertAlmostEqual(far_off, math.log(0.01))

    def test_what_is_no_molecule_fails_alone(self):
        import gfn_plugin

        good, *bad = self.scorer()([ASPIRIN, "C(", "", "C1CC"])
        self.assertIsInstance(good, float)
        for outcome in bad:
            self.assertIsInstance(outcome, gfn_plugin.Failed)
        self.assertIn("`C(`", bad[0].why)

    def test_a_property_that_is_unknown_is_refused(self):
        import gfn_plugin

        with self.assertRaisesRegex(gfn_plugin.ParameterError, 'one of "qed", "logp"'):
            self.scorer(property="weight")


if __name__ == "__main__":
    unittest.main()
