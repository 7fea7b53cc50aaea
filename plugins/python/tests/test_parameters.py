import sys
import unittest
from array import array as words
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from gfn_plugin import ParameterError, States, Texts, array, flag, integer, number, reward, text
from gfn_plugin._parameters import read, schema


class ParametersTest(unittest.TestCase):
    def test_the_schema_has_what_was_declared(self):
        declared = {
            "target": number(0.5, minimum=0, maximum=1, help="where to"),
            "model": text(help="a file"),
            "kinds": array(text(choices=["a", "b"]), ["a"]),
        }
        self.assertEqual(
            schema(declared),
            {
                "type": "object",
                "properties": {
                    "target": {
                        "type": "number",
                        "minimum": 0,
                        "maximum": 1,
                        "description": "where to",
                        "default": 0.5,
                    },
                    "model": {"type": "string", "description": "a file"},
                    "kinds": {
                        "type": "array",
                        "items": {"type": "string", "enum": ["a", "b"]},
                        "default": ["a"],
                    },
                },
                "additionalProperties": False,
                "required": ["model"],
            },
        )

    def test_defaults_are_filled_in_and_types_kept(self):
        values = read({"a": number(1), "b": integer(2), "c": flag(True)}, {"b": 3.0})
        self.assertEqual(values, {"a": 1.0, "b": 3, "c": True})
        self.assertEqual([type(value) for value in values.values()], [float, int, bool])

    def test_what_does_not_fit_is_refused(self):
        for parameter, value, expected in [
            (number(minimum=0), -1, "a number of at least 0, found -1"),
            (number(maximum=0), 1, "a number of at most 0, found 1"),
            (number(), True, "a number, found True"),
            (number(), float("inf"), "a number, found inf"),
            (integer(minimum=1, maximum=9), 1.5, "a whole number from 1 to 9, found 1.5"),
            (integer(), None, "a whole number, found None"),
            (text(), 1, "a text, found 1"),
            (text(choices=["a", "b"]), "c", 'one of "a", "b", found "c"'),
            (flag(), 1, "true or false, found 1"),
            (array(integer()), "x", 'a list, found "x"'),
            (array(integer()), [1, "x"], "a list, each of it a whole number, found [1, 'x']"),
        ]:
            with self.assertRaises(ParameterError) as caught:
                read({"p": parameter}, {"p": value})
            self.assertEqual(str(caught.exception), f"parameter `p`: expected {expected}")

    def test_what_is_missing_or_unknown_is_refused(self):
        with self.assertRaisesRegex(ParameterError, "parameter `p` is missing"):
            read({"p": text()}, {})
        with self.assertRaisesRegex(ParameterError, "unknown parameter `q`; known are: none"):
            read({}, {"q": 1})

    def test_mistakes_in_a_declaration_show_at_once(self):
        with self.assertRaisesRegex(ValueError, "the default 2 is not a number of at most 1"):
            number(2, maximum=1)
        with self.assertRaisesRegex(TypeError, r"write gfn_plugin.number\(1\)"):
            reward(parameters={"p": 1})
        with self.assertRaisesRegex(ValueError, '"texts" or "states"'):
            reward(input="graphs")


class ObjectsTest(unittest.TestCase):
    def test_texts_are_a_sequence(self):
        texts = Texts(memoryview("CCOé".encode()), [0, 2, 2, 5])
        self.assertEqual(list(texts), ["CC", "", "Oé"])
        self.assertEqual((len(texts), texts[-1], texts[1:]), (3, "Oé", ["", "Oé"]))
        self.assertEqual(texts, ["CC", "", "Oé"])
        with self.assertRaises(IndexError):
            texts[3]

    def test_states_are_a_sequence(self):
        states = States(memoryview(words("i", range(6))).toreadonly(), 2, 3)
        self.assertEqual(states.tolist(), [[0, 1], [2, 3], [4, 5]])
        self.assertEqual((len(states[1:]), states[1:][0].tolist(), states[-1][1]), (2, [2, 3], 5))
        self.assertEqual([state.tolist() for state in states[::2]], [[0, 1], [4, 5]])
        with self.assertRaises(TypeError):
            states[0][0] = 1


if __name__ == "__main__":
    unittest.main()
