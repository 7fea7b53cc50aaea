"""Brings the runs beside this script into Weights & Biases: python3 import_wandb.py

Where to is wandb's own business: the variables WANDB_PROJECT (here `gfn` where it is not set), WANDB_ENTITY, WANDB_MODE=offline and so
on. Needs wandb 0.17 or later. A run has the same id each time; to bring one in again, delete it there first.
"""

import csv
import json
import os
import pathlib

import wandb

HERE = pathlib.Path(__file__).resolve().parent
# The most letters of a name, which wandb refuses where it is longer; settings may have any length.
MAX_NAME = 128


def short(name):
    """A name as wandb takes it; the whole one is in the run's settings."""
    if len(name) <= MAX_NAME:
        return name
    print(f"{name[:80]}…: {len(name)} letters are more than the {MAX_NAME} that wandb takes; config.gfn.name has all")
    return name[: MAX_NAME - 1] + "…"


def nested(settings):
    """Settings as tables in one another, by the points in their names."""
    whole = {}
    for path, value in settings.items():
        *tables, key = path.split(".")
        inner = whole
        for table in tables:
            inner = inner.setdefault(table, {})
        inner[key] = value
    return whole


def samples(run):
    """The objects that were drawn, as a table; none where there are none."""
    for file in run["files"]:
        if file.endswith("/samples.csv"):
            with open(HERE / file, newline="", encoding="utf-8") as source:
                head, *rows = csv.reader(source)
            rows = [[row[0], *(float(value) if value else None for value in row[1:])] for row in rows]
            return wandb.Table(columns=head, data=rows)
    return None


def bring(run):
    label = run["name"] if run["seed"] is None else f"{run['name']}, seed {run['seed']}"
    tracked = wandb.init(
        project=os.environ.get("WANDB_PROJECT", "gfn"),
        id=run["id"],
        name=short(label),
        group=short(run["name"]),
        tags=[run["state"]],
        notes=run["error"],
        config=nested(run["settings"]) | {"gfn": run["tags"] | {"folder": run["folder"], "name": run["name"]}},
        settings=wandb.Settings(console="off"),
    )
    last = 0
    for row in run["history"]:
        last = row["step"]
        tracked.log({key: float(value) for key, value in row.items() if key != "step"}, step=last)
    table = samples(run)
    if table is not None:
        tracked.log({"samples/table": table}, step=last)
    for file in run["files"]:
        tracked.save(str(HERE / file), base_path=str(HERE / run["id"]), policy="now")
    tracked.finish(exit_code=0 if run["state"] == "finished" else 1)


def main():
    for run in json.loads((HERE / "runs.json").read_text())["runs"]:
        bring(run)
        print(f"{run['folder']}: run {run['id']}")


if __name__ == "__main__":
    main()
