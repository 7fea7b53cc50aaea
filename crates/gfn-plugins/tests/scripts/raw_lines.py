"""A reward over lines of JSON without any package; its members are sorted, and objects name what is written for them."""
import json
import sys

ANSWERS = {
    "whole": "3",
    "decimal": "1.5",
    "large": "1" + "0" * 30,
    "huge": "1" + "0" * 400,
    "minus-huge": "-1" + "0" * 400,
    "exponent": "1e999",
    "nan": "NaN",
    "infinity": "Infinity",
    "minus-infinity": "-Infinity",
    "true": "true",
    "false": "false",
    "null": "null",
    "text": '"1.5"',
    "list": "[1.0]",
    "object": "{}",
    "failed": "null",
    "zero": '"zero"',
    "short": "",
}
DESCRIPTION = {"name": "raw", "input": "texts", "can_be_zero": bool(sys.argv[1:])}

for line in sys.stdin:
    request = json.loads(line)
    if request["type"] == "close":
        break
    if request["type"] == "hello":
        print(json.dumps({"protocol": 1, "description": DESCRIPTION, "type": "ready"}), flush=True)
        continue
    values = ", ".join(ANSWERS[text] for text in request["objects"] if ANSWERS[text])
    told = [[index, "as it was told \ud800"] for index, text in enumerate(request["objects"]) if text == "failed"]
    failures = json.dumps(told)
    batch = request["batch"]
    print(f'{{"batch": {batch}, "failures": {failures}, "log_reward": [{values}], "type": "scored"}}', flush=True)
