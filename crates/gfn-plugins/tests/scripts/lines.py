"""A reward over lines of JSON; words in the objects make it misbehave."""
import json
import os
import signal
import sys
import time

DESCRIPTION = {
    "name": "lengths",
    "version": "1.0",
    "summary": "The longer, the better.",
    "objects": [],
    "input": os.environ.get("TEST_INPUT", "texts"),
    "parameters": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"weight": {"type": "number", "default": 2.0}},
    },
    "deterministic": True,
    "can_be_zero": True,
}


def reward(text, weight):
    match text:
        case "die":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exit":
            os._exit(3)
        case "hang":
            time.sleep(60)
        case "raise":
            raise ValueError("cannot be scored")
        case "print":
            print("progress:", end=" ")
        case "flood":
            for _ in range(100_000):
                print("x" * 50)
        case "zero":
            return "zero"
        case "null":
            return None
        case "nan":
            return float("nan")
        case "fork":
            return float(attempt(os.fork))
        case "program":
            import subprocess

            return float(attempt(lambda: subprocess.run(["true"])))
        case "become":
            return float(attempt(lambda: os.execv("/bin/sh", ["sh", "-c", "exit 4"])))
        case "become-itself":
            return float(attempt(lambda: os.execv(sys.executable, [sys.executable, "-c", "exit(5)"])))
        case "socket":
            import socket

            return float(attempt(socket.socket))
        case _ if text.startswith("write "):
            return float(attempt(lambda: open(text.split(" ", 1)[1], "w")))
        case _ if text.startswith("read "):
            return float(attempt(lambda: open(text.split(" ", 1)[1])))
        case "kill-parent":
            return float(attempt(lambda: os.kill(os.getppid(), 0)))
    return weight * len(text)


def attempt(what):
    """0 where it succeeds, the error's number where it is refused."""
    try:
        if what() == 0:
            os._exit(0)
    except OSError as error:
        return error.errno
    return 0


def answer(request, state):
    if request["type"] == "hello":
        if request["parameters"] is not None:
            state["weight"] = request["parameters"]["weight"]
            if state["weight"] == 13:
                return {"type": "error", "kind": "parameters", "message": "13 brings bad luck"}
        return {"type": "ready", "protocol": 1, "description": DESCRIPTION}
    values, failures = [], []
    for index, item in enumerate(request["objects"]):
        values.append(reward(item, state["weight"]) if isinstance(item, str) else float(sum(item)))
        if values[-1] is None:
            failures.append([index, "it is null"])
    return {"type": "scored", "batch": request["batch"], "log_reward": values, "failures": failures}


def main():
    state = {}
    for line in sys.stdin:
        request = json.loads(line)
        if request["type"] == "close":
            return
        try:
            reply = answer(request, state)
        except ValueError as error:
            reply = {"type": "error", "kind": "failed", "message": str(error)}
        print(json.dumps(reply), flush=True)


main()
