"""Brings the runs beside this script into MLflow: python3 import_mlflow.py

Where to is MLflow's own business: the variable MLFLOW_TRACKING_URI, or its default. Needs mlflow or mlflow-skinny, 2.10 or later. A run
that is there already is left alone; one whose import broke off begins again. What is longer than MLflow takes is shortened there, said so,
and kept whole as an artifact in the folder `long`.
"""

import json
import pathlib

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.utils import validation

HERE = pathlib.Path(__file__).resolve().parent
STATES = {"finished": "FINISHED", "failed": "FAILED"}
# What MLflow takes in one call.
METRICS, PARAMETERS = 1000, 100
# The most letters of a key and of a value, by this version of MLflow; of a version that does not say, the least that any had.
MAX_KEY = getattr(validation, "MAX_ENTITY_KEY_LENGTH", 250)
MAX_PARAMETER = getattr(validation, "MAX_PARAM_VAL_LENGTH", 500)
MAX_TAG = getattr(validation, "MAX_TAG_VAL_LENGTH", 5000)


def chunks(values, size):
    return (values[start : start + size] for start in range(0, len(values), size))


class Fitted:
    """Keys and values as MLflow takes them; `whole` has the files with what had to be shortened."""

    def __init__(self):
        self.whole = {}

    def entries(self, kind, values, most):
        return [(self.key(kind, key), self.value(kind, key, str(value), most)) for key, value in values.items()]

    def key(self, kind, key):
        return key if len(key) <= MAX_KEY else self.short(f"{kind} name", key, MAX_KEY, "-{}")

    def value(self, kind, key, value, most):
        return value if len(value) <= most else self.short(f"{kind} {key}", value, most, " … whole in {}")

    def short(self, what, text, most, note):
        file = f"long/{len(self.whole):03}.txt"
        self.whole[file] = f"{what}\n\n{text}\n"
        note = note.format(file)
        print(f"{what[:80]}: {len(text)} letters are more than the {most} that MLflow takes; the whole is in the artifact {file}")
        return text[: most - len(note)] + note


def experiment_of(client, name):
    found = client.get_experiment_by_name(name)
    return found.experiment_id if found else client.create_experiment(name)


def is_there(client, experiment, run):
    """Whether the run is there as a whole; what is left of a broken import is removed."""
    for found in client.search_runs([experiment], f"tags.`gfn.id` = '{run['id']}'"):
        if found.data.tags.get("gfn.whole") == "yes":
            return True
        client.delete_run(found.info.run_id)
    return False


def curves(run, at):
    # The record has no times, so that all points have that of the start.
    for row in run["history"]:
        for key, value in row.items():
            if key != "step":
                yield Metric(key, float(value), at, row["step"])


def bring(client, experiment, run):
    at = 1000 * (run["started"] or 0)
    tags = {f"gfn.{key}": str(run[key]) for key in ("id", "folder", "state", "seed", "error") if run[key] is not None}
    tags |= {f"gfn.by.{key}": value for key, value in run["tags"].items()}
    label = run["name"] if run["seed"] is None else f"{run['name']}, seed {run['seed']}"
    fitted = Fitted()
    tags = [RunTag(key, value) for key, value in fitted.entries("tag", tags, MAX_TAG)]
    parameters = [Param(key, value) for key, value in fitted.entries("setting", run["settings"], MAX_PARAMETER)]
    made = client.create_run(experiment, start_time=at, run_name=label).info.run_id
    for chunk in chunks(tags, PARAMETERS):
        client.log_batch(made, tags=chunk)
    for chunk in chunks(parameters, PARAMETERS):
        client.log_batch(made, params=chunk)
    for file, text in fitted.whole.items():
        client.log_text(made, text, file)
    for chunk in chunks(list(curves(run, at)), METRICS):
        client.log_batch(made, metrics=chunk)
    for file in run["files"]:
        client.log_artifact(made, str(HERE / file))
    client.set_tag(made, "gfn.whole", "yes")
    client.set_terminated(made, STATES.get(run["state"], "KILLED"), end_time=at + int(1000 * (run["seconds"] or 0)))
    return made


def main():
    client = mlflow.MlflowClient()
    for run in json.loads((HERE / "runs.json").read_text())["runs"]:
        experiment = experiment_of(client, run["name"])
        if is_there(client, experiment, run):
            print(f"{run['folder']}: is there already")
        else:
            print(f"{run['folder']}: run {bring(client, experiment, run)}")


if __name__ == "__main__":
    main()
