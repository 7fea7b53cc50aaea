import importlib.util
import unittest

from host import Frames, Script

HAS_NUMPY = importlib.util.find_spec("numpy") is not None
SCORED, ZERO, FAILED = 1, 2, 3

LENGTHS = """
    @gfn_plugin.reward(name="lengths", parameters={"weight": gfn_plugin.number(1.0, minimum=0)})
    def score(texts, parameters):
        'Longer is better.'
        print("scoring", len(texts))
        return [parameters["weight"] * len(text) for text in texts]
"""


class FramesTest(unittest.TestCase):
    def start(self, text, numpy=True, **options):
        script = Script(text, numpy)
        self.addCleanup(script.close)
        host = Frames(script, **options)
        self.addCleanup(host.stop)
        return host

    def started(self, text, parameters=None, **options):
        host = self.start(text, **options)
        self.assertEqual(host.hello(parameters or {})["type"], "ready")
        host.share()
        return host

    def test_a_plugin_describes_itself_without_parameters(self):
        host = self.start(LENGTHS)
        ready = host.hello(None)
        self.assertEqual((ready["type"], ready["protocol"]), ("ready", 1))
        description = ready["description"]
        self.assertEqual((description["name"], description["summary"]), ("lengths", "Longer is better."))
        self.assertEqual(description["parameters"]["properties"]["weight"]["default"], 1.0)
        self.assertEqual(host.end({"type": "close"})[0], 0)

    def test_texts_are_scored_batch_after_batch(self):
        host = self.started(LENGTHS, {"weight": 2})
        answer, log_reward, status = host.texts(["CCO", "", "é"], batch=5)
        self.assertEqual(answer, {"type": "scored", "batch": 5, "failures": []})
        self.assertEqual((log_reward, status), ([6.0, 0.0, 2.0], [SCORED] * 3))
        self.assertEqual(host.texts([])[1:], ([], []))
        self.assertEqual(host.texts(["C"])[1], [2.0])

    def test_what_a_plugin_prints_is_no_answer(self):
        host = self.started(LENGTHS)
        host.texts(["C"])
        status, out, error = host.end()
        self.assertEqual((status, out), (0, ""))
        self.assertEqual(error.splitlines(), ["scoring 1"])

    def test_memory_can_grow(self):
        host = self.started(LENGTHS)
        self.assertEqual(host.texts(["CC"])[1], [2.0])
        host.size = 1 << 20
        host.share()
        self.assertEqual(host.texts(["C" * 500_000, "C"])[1], [500_000.0, 1.0])

    def test_states_are_views_with_and_without_numpy(self):
        text = """
            @gfn_plugin.reward(input="states")
            def score(states, parameters):
                print(type(states).__name__)
                assert len(states) == len(states[0:]) == 3
                try:
                    states[0][1] = 9
                    return None
                except (TypeError, ValueError):
                    return [float(state[0]) / int(state[1]) for state in states]
        """
        for numpy in [False, True][: 1 + HAS_NUMPY]:
            with self.subTest(numpy=numpy):
                host = self.started(text, numpy=numpy)
                self.assertEqual(host.states([[1, 2], [3, 4], [-5, 5]])[1], [0.5, 0.75, -1.0])
                self.assertIn("ndarray" if numpy else "States", host.end()[2])

    @unittest.skipUnless(HAS_NUMPY, "numpy is not installed")
    def test_arrays_are_taken_whole_and_object_by_object(self):
        host = self.started("""
            import numpy
            @gfn_plugin.reward(input="states", can_be_zero=True)
            def score(states, parameters):
                with numpy.errstate(divide="ignore"):
                    values = numpy.log(states.sum(axis=1), dtype=numpy.float32)
                return values if len(states) < 3 else values.reshape(-1, 1)
        """)
        self.assertEqual(host.states([[1, 0], [0, 1]])[1:], ([0.0, 0.0], [SCORED, SCORED]))
        answer, _, status = host.states([[1, 0], [0, 0]])
        self.assertEqual((answer["failures"], status), ([], [SCORED, ZERO]))
        self.assertIn("of the shape (3, 1)", host.states([[1, 0]] * 3)[0]["message"])

    def test_every_outcome_has_its_status(self):
        host = self.started("""
            @gfn_plugin.reward(can_be_zero=True)
            def score(texts, parameters):
                table = {"one": 1, "zero": gfn_plugin.ZERO, "none": None, "why": gfn_plugin.Failed("no atoms")}
                return [table.get(text, float("nan")) for text in texts]
        """)
        answer, log_reward, status = host.texts(["one", "zero", "none", "why", "other"])
        self.assertEqual(status, [SCORED, ZERO, FAILED, FAILED, FAILED])
        self.assertEqual(log_reward[0], 1.0)
        told = [[2, "the plugin returned None for it"], [3, "no atoms"], [4, "its log-reward is nan"]]
        self.assertEqual(answer["failures"], told)

    def test_what_is_no_number_is_the_failure_of_its_object(self):
        host = self.started("""
            WRONG = [True, "1.5", [1.0], 1j, 10**400, float("inf"), object]
            @gfn_plugin.reward()
            def score(texts, parameters):
                return [1.0, *WRONG, 2]
        """)
        answer, log_reward, status = host.texts(["C"] * 9)
        self.assertEqual(status, [SCORED, *[FAILED] * 7, SCORED])
        self.assertEqual((log_reward[0], log_reward[8]), (1.0, 2.0))
        parts = ["True (bool)", "'1.5' (str)", "[1.0] (list)", "1j (complex)", "64 bits", "inf", "(type)"]
        for (index, why), (expected, part) in zip(answer["failures"], enumerate(parts, 1)):
            self.assertEqual(index, expected)
            self.assertIn(part, why)

    def test_reasons_may_be_anything(self):
        host = self.started("""
            @gfn_plugin.reward()
            def score(texts, parameters):
                return [gfn_plugin.Failed(why) for why in (ValueError("no atoms"), 7, "file \\udcff")]
        """)
        told = host.texts(["C"] * 3)[0]["failures"]
        self.assertEqual(told, [[0, "no atoms"], [1, "7"], [2, "file ?"]])

    def test_packets_that_make_no_sense_are_answered(self):
        host = self.start("""
            @gfn_plugin.reward()
            def score(texts, parameters):
                return [0.0 for _ in texts]
        """)
        for rubbish in ([], None, 7, {}, {"type": 3}):
            with self.subTest(rubbish):
                self.assertEqual(host.ask(rubbish)["kind"], "protocol")

    def test_a_zero_must_be_declared(self):
        host = self.started("""
            @gfn_plugin.reward()
            def score(texts, parameters):
                return [gfn_plugin.ZERO for text in texts]
        """)
        answer, _, status = host.texts(["C"])
        self.assertEqual(status, [FAILED])
        self.assertIn("can_be_zero=True", answer["failures"][0][1])

    def test_an_object_that_raises_leaves_the_others_scored(self):
        host = self.started("""
            seen = []
            @gfn_plugin.reward()
            def score(texts, parameters):
                values = []
                for index, text in enumerate(texts):
                    seen.append(text)
                    if text == "bad":
                        raise gfn_plugin.ObjectError(index, "bad to the bone")
                    values.append(len(seen) and float(text))
                print(max(map(seen.count, seen)))
                return values
        """)
        answer, log_reward, status = host.texts(["1", "bad", "2", "3", "bad", "bad"])
        self.assertEqual(answer["failures"], [[index, "bad to the bone"] for index in (1, 4, 5)])
        self.assertEqual(status, [SCORED, FAILED, SCORED, SCORED, FAILED, FAILED])
        self.assertEqual([log_reward[index] for index in (0, 2, 3)], [1.0, 2.0, 3.0])

    def test_an_exception_is_an_answer_with_its_place(self):
        host = self.started("""
            def deeper(text):
                return 1 / len(text)
            @gfn_plugin.reward()
            def score(texts, parameters):
                return [deeper(text) for text in texts]
        """)
        answer = host.texts(["C", ""])[0]
        self.assertEqual((answer["type"], answer["kind"]), ("error", "failed"))
        self.assertEqual(answer["message"], "ZeroDivisionError: division by zero (reward.py:4 in deeper)")
        self.assertEqual(host.texts(["CC"])[1], [0.5], "it goes on")
        self.assertIn("Traceback", host.end()[2])

    def test_wrong_returns_are_errors(self):
        returns = {
            "[1.0]": "1 for 2 objects",
            "None": "nothing was returned",
            "{0: 1.0, 1: 2.0}": "a dict was returned",
            "{1.0, 2.0}": "a set was returned",
            "'ab'": "a str was returned",
            "raise_(OSError('no file \\udcff.txt'))": "no file ?.txt",
            "1 / 0": "ZeroDivisionError",
            "raise_(gfn_plugin.ObjectError(2, 'x'))": "ObjectError names object 2 of 2",
        }
        for value, expected in returns.items():
            with self.subTest(value):
                host = self.started(f"""
            def raise_(error):
                raise error
            @gfn_plugin.reward()
            def score(texts, parameters):
                return {value}
                """)
                self.assertIn(expected, host.texts(["C", "CC"])[0]["message"])

    def test_a_class_is_made_once_and_told_what_it_needs(self):
        host = self.start("""
            @gfn_plugin.reward(parameters={"target": gfn_plugin.integer(3)})
            class Counter:
                'Counts. And more.'
                def __init__(self, parameters, context):
                    self.calls = 0
                    self.start = parameters["target"] + context.seed + len(context.objects["kind"])
                def score(self, texts):
                    self.calls += 1
                    return [self.start + self.calls for _ in texts]
        """)
        ready = host.hello({}, objects={"kind": "grid"})
        self.assertEqual(ready["description"]["name"], "Counter")
        host.share()
        self.assertEqual([host.texts(["C"])[1] for _ in range(2)], [[15.0], [16.0]])

    def test_refused_parameters_are_told(self):
        host = self.start("""
            @gfn_plugin.reward(parameters={"low": gfn_plugin.number(0), "high": gfn_plugin.number(1)})
            class Window:
                def __init__(self, parameters, context):
                    if parameters["low"] >= parameters["high"]:
                        raise gfn_plugin.ParameterError("`low` must be below `high`")
                def score(self, texts):
                    return [0.0 for _ in texts]
        """)
        for given, expected in [
            ({"low": 2}, "`low` must be below `high`"),
            ({"lwo": 2}, "unknown parameter `lwo`; known are: `low`, `high`"),
            ({"low": "x"}, 'parameter `low`: expected a number, found "x"'),
            ({"low": float("nan")}, "parameter `low`: expected a number, found nan"),
        ]:
            answer = host.hello(given)
            self.assertEqual(
                (answer["type"], answer["kind"], answer["message"]), ("error", "parameters", expected)
            )
        self.assertEqual(host.hello({})["type"], "ready", "it goes on")

    def test_messages_that_make_no_sense_are_answered(self):
        host = self.start(LENGTHS)
        self.assertIn("protocol 2", host.ask({"type": "hello", "protocol": 2})["message"])
        self.assertIn("before parameters", host.ask({"type": "score"})["message"])
        host.hello({})
        host.share()
        for message, expected in [
            ({"type": "dance"}, "unknown type, 'dance'"),
            ({"type": "score", "count": -1}, "`count` is -1"),
            (
                {"type": "score", "count": 1, "log_reward": 1 << 16, "status": 0},
                "bytes 65536 to 65544 of 65536",
            ),
            (
                {"type": "score", "count": 0, "log_reward": 0, "status": 0, "data": 0, "form": "x"},
                "form, 'x'",
            ),
        ]:
            answer = host.ask(message)
            self.assertEqual((answer["type"], answer["kind"]), ("error", "protocol"))
            self.assertIn(expected, answer["message"])
        self.assertEqual(host.texts(["C"])[1], [1.0], "it goes on")

    def test_reasons_fit_into_a_message(self):
        host = self.started("""
            @gfn_plugin.reward()
            def score(texts, parameters):
                return [gfn_plugin.Failed("é" * 1000)] * len(texts)
        """)
        answer, _, status = host.texts(["C"] * 500)
        self.assertEqual(status, [FAILED] * 500)
        self.assertTrue(0 < len(answer["failures"]) <= 100)
        self.assertTrue(answer["failures"][0][1].endswith("..."))

    def test_a_view_that_is_kept_does_no_harm(self):
        host = self.started("""
            kept = []
            @gfn_plugin.reward()
            def score(texts, parameters):
                kept.append(texts)
                return [len(text) for text in texts]
        """)
        for _ in range(3):
            self.assertEqual(host.texts(["CC"])[1], [2.0])
            host.share()

    def test_it_exits_when_gfn_is_gone(self):
        self.assertEqual(self.start(LENGTHS).end()[0], 0)
        self.assertEqual(self.started(LENGTHS).end({"type": "close"})[0], 0)

    def test_a_script_without_a_reward_says_so(self):
        status, _, error = self.start("pass").end()
        self.assertEqual(status, 1)
        self.assertIn("expects that one reward is declared with @gfn_plugin.reward(...); found 0", error)


if __name__ == "__main__":
    unittest.main()
