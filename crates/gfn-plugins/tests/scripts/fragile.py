"""A reward over lines of JSON that counts its starts in a file: the first dies of its first batch, and so many after it while they start."""
import json
import pathlib
import sys

COUNTER, FAILING = pathlib.Path(sys.argv[1]), int(sys.argv[2])
starts = int(COUNTER.read_text() or 0)
COUNTER.write_text(str(starts + 1))
if 0 < starts <= FAILING:
    print("no licence today", file=sys.stderr, flush=True)
    sys.exit(3)
for line in sys.stdin:
    request = json.loads(line)
    if request["type"] == "hello":
        description = {"name": "fragile", "version": "1.0", "objects": [], "input": "texts"}
        print(json.dumps({"type": "ready", "protocol": 1, "description": description}), flush=True)
    elif request["type"] == "score" and starts == 0:
        sys.exit(4)
    elif request["type"] == "score":
        values = [float(len(text)) for text in request["objects"]]
        print(json.dumps({"type": "scored", "batch": request["batch"], "log_reward": values, "failures": []}), flush=True)
