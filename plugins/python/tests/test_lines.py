import subprocess
import sys
import unittest
from pathlib import Path

from host import WAIT, Script, lines

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

HELLO = {"type": "hello", "protocol": 1, "parameters": {}}

COUNTS = """
    @gfn_plugin.reward(can_be_zero=True)
    def score(texts, parameters):
        print("scoring")
        return [len(text) or gfn_plugin.ZERO if text != "bad" else gfn_plugin.Failed("it is bad") for text in texts]
"""


class LinesTest(unittest.TestCase):
    def script(self, text, numpy=True):
        script = Script(text, numpy)
        self.addCleanup(script.close)
        return script

    def test_texts_are_scored(self):
        asked = [HELLO, {"type": "score", "batch": 3, "objects": ["CCO", "", "bad"]}, {"type": "close"}]
        (ready, scored), printed = lines(self.script(COUNTS), asked)
        self.assertEqual(ready["type"], "ready")
        expected = {"log_reward": [3.0, "zero", None], "failures": [[2, "it is bad"]]}
        self.assertEqual(scored, {"type": "scored", "batch": 3, **expected})
        self.assertEqual(printed.splitlines(), ["scoring"])

    def test_states_are_scored(self):
        text = """
            @gfn_plugin.reward(input="states")
            def score(states, parameters):
                return [int(sum(state)) for state in states]
        """
        asked = [
            HELLO,
            *({"type": "score", "objects": each} for each in ([[1, 2], [3, 4]], [], [[1], [2, 3]])),
        ]
        for numpy in (True, False):
            answers, _ = lines(self.script(text, numpy), asked)
            self.assertEqual([answer.get("log_reward") for answer in answers[1:]], [[3.0, 7.0], [], None])
            self.assertEqual(answers[-1]["message"], "states of different lengths")

    def test_lines_that_make_no_sense_are_answered(self):
        answers, _ = lines(self.script(COUNTS), ["rubbish\n", "[]\n", HELLO, {"type": "score"}])
        kinds = [(answer["type"], answer.get("kind")) for answer in answers]
        self.assertEqual(kinds, [("error", "protocol")] * 2 + [("ready", None), ("error", "protocol")])

    def test_reasons_may_be_anything(self):
        text = """
            @gfn_plugin.reward()
            def score(texts, parameters):
                return [gfn_plugin.Failed(why) for why in (ValueError("no atoms"), "file \\udcff")]
        """
        (_, scored), _ = lines(self.script(text), [HELLO, {"type": "score", "objects": ["C", "C"]}])
        self.assertEqual(scored["failures"], [[0, "no atoms"], [1, "file ?"]])

    def test_the_example_without_the_package_speaks_the_same(self):
        script = self.script("")
        script.path.write_text(example())
        asked = [HELLO, {"type": "score", "batch": 3, "objects": ["CCO", ""]}, {"type": "close"}]
        (ready, scored), _ = lines(script, asked)
        self.assertEqual((ready["type"], ready["description"]["input"]), ("ready", "texts"))
        expected = {"log_reward": [-3.0, None], "failures": [[1, "nothing there"]]}
        self.assertEqual(scored, {"type": "scored", "batch": 3, **expected})


class ByHandTest(unittest.TestCase):
    def by_hand(self, *arguments):
        script = Script(COUNTS)
        self.addCleanup(script.close)
        process = script.start(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        out, error = process.communicate(timeout=WAIT)
        return process.returncode, out.decode(), error.decode()

    def test_an_author_can_see_the_description(self):
        self.assertIn('"name": "score"', self.by_hand("--describe")[1])

    def test_an_author_can_try_objects(self):
        _, out, _ = self.by_hand("--try", "{}", "CC", "bad", "")
        self.assertEqual(out.splitlines()[-3:], ["CC\t2.0", "bad\tit is bad", "\tzero"])
        status, _, error = self.by_hand("--try", '{"x": 1}', "CC")
        self.assertEqual((status, error.strip()), (1, "gfn_plugin: unknown parameter `x`; known are: none"))


def example():
    """The script in README.md that does without the package."""
    text = (Path(__file__).parent.parent / "README.md").read_text()
    section = text.partition("## Without the package")[2]
    return section.partition("```python\n")[2].partition("```")[0]


if __name__ == "__main__":
    unittest.main()
