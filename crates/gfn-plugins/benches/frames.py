"""The same in Python over packets and shared memory; with NumPy where it is there."""
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[3] / "plugins" / "python" / "src"))

import gfn_plugin


@gfn_plugin.reward(input="states")
def total(objects, parameters):
    if hasattr(objects, "sum"):
        return objects.sum(axis=1)
    return [sum(words) for words in objects]


gfn_plugin.run()
