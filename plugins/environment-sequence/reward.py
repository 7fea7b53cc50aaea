"""A reward of words in plain Python, without any package: it reads a line of JSON and answers with one."""

import json
import sys

PARAMETERS = {
    "type": "object",
    "properties": {
        "motif": {"type": "string", "minLength": 1, "default": "GC", "description": "What a word should hold often."},
        "weight": {"type": "number", "default": 1.0, "description": "How much each time adds to the log-reward."},
    },
    "additionalProperties": False,
}

DESCRIPTION = {
    "name": "motif",
    "version": "1.0.0",
    "summary": "Rewards words by how often they hold a motif: log R = weight · times.",
    "objects": ["words"],
    "input": "texts",
    "parameters": PARAMETERS,
    "deterministic": True,
}


def times(word, motif):
    """How often `motif` begins somewhere in `word`."""
    return sum(word.startswith(motif, place) for place in range(len(word)))


def answer(question, parameters):
    if question["type"] == "hello":
        parameters.update(question["parameters"] or {})
        return {"type": "ready", "protocol": 1, "description": DESCRIPTION}
    scores = [parameters["weight"] * times(word, parameters["motif"]) for word in question["objects"]]
    return {"type": "scored", "batch": question["batch"], "log_reward": scores, "failures": []}


if __name__ == "__main__":
    given = {}
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "close":
            break
        print(json.dumps(answer(message, given)), flush=True)
