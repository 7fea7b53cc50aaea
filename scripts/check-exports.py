"""What scripts/check-exports calls: each check reads with the program that a file is for, and compares with the run's own files."""

import csv
import json
import math
import pathlib
import struct
import sys
import tomllib


def number(value):
    """A number of metrics.jsonl, where those that are none are text."""
    return float(value)


def same(one, two, single=False):
    """Equal, also where neither is a number; in single precision for TensorBoard."""
    if single:
        two = struct.unpack("f", struct.pack("f", two))[0]
    return one == two or (math.isnan(one) and math.isnan(two))


def events(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def curve(run, name):
    """The points of one metric of metrics.jsonl, such as `exact.l1`."""
    return [(event["step"], number(event[name])) for event in events(run) if name in event]


# Tags, and the metrics that they show.
CURVES = {
    "train/loss": "train.loss",
    "train/log_z": "train.log_z",
    "train/gradient_norm": "train.gradient_norm",
    "found/modes_visited": "found.modes_visited",
    "exact/l1": "exact.l1",
    "exact/log_z_error": "exact.log_z_error",
    "samples/mean_reward": "samples.mean_reward",
    "samples/top_10": "samples.top_10",
}


def check_curves(run, found, what, single=False):
    """`found` gives the points of a tag, or none."""
    compared = 0
    for tag, name in CURVES.items():
        expected = curve(run, name)
        points = found(tag) if expected else []
        assert len(points) == len(expected), f"{what}: {tag} has {len(points)} points, metrics.jsonl {len(expected)}"
        for (step, value), (wanted_step, wanted) in zip(points, expected):
            assert step == wanted_step and same(value, wanted, single), f"{what}: {tag} at {step}: {value}, {wanted}"
        compared += len(points)
    assert compared > 20, f"{what}: {compared} values"
    print(f"{what}: {compared} values are those of metrics.jsonl")


def tensorboard(run):
    from tensorboard.backend.event_processing.event_accumulator import IMAGES, SCALARS, EventAccumulator
    from tensorboard.plugins.hparams import metadata

    accumulator = EventAccumulator(str(run / "tensorboard"), size_guidance={SCALARS: 0, IMAGES: 0})
    accumulator.Reload()
    tags = accumulator.Tags()
    points = lambda tag: [(point.step, point.value) for point in accumulator.Scalars(tag)]
    check_curves(run, points, "tensorboard", single=True)

    start = plugin_data(accumulator, metadata.SESSION_START_INFO_TAG, metadata.parse_session_start_info_plugin_data)
    end = plugin_data(accumulator, metadata.SESSION_END_INFO_TAG, metadata.parse_session_end_info_plugin_data)
    settings = tomllib.loads((run / "resolved.toml").read_text())
    assert start.hparams["loss.kind"].string_value == settings["loss"]["kind"], start
    assert start.hparams["optimizer.learning_rate"].number_value == settings["optimizer"]["learning_rate"], start
    assert start.hparams["training.batch_size"].number_value == settings["training"]["batch_size"], start
    assert end.status == 1, end
    experiment = experiment_of(run)
    metrics = {info.name.tag for info in experiment.metric_infos}
    assert set(tags["scalars"]) <= metrics, metrics
    print(f"tensorboard: {len(start.hparams)} hyperparameters, {len(metrics)} metrics")

    assert tags["images"], "no picture"
    for tag in tags["images"]:
        for image in accumulator.Images(tag):
            check_png(image.encoded_image_string, image.width, image.height)
        print(f"tensorboard: {len(accumulator.Images(tag))} pictures {tag} of {image.width} × {image.height}")


def plugin_data(accumulator, tag, parse):
    return parse(accumulator.SummaryMetadata(tag).plugin_data.content)


def experiment_of(run):
    """What the page of hyperparameters makes of the run."""
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
    from tensorboard.context import RequestContext
    from tensorboard.plugins.base_plugin import TBContext
    from tensorboard.plugins.hparams.backend_context import Context

    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(run))
    multiplexer.Reload()
    context = Context(TBContext(data_provider=MultiplexerDataProvider(multiplexer, str(run))))
    request = RequestContext()
    found = context.hparams_metadata(request, "")
    return context.experiment_from_metadata(request, "", True, found, [])


def check_png(data, width, height):
    """Decodes a picture of 8-bit red, green and blue; it is neither empty nor of one color."""
    import zlib

    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0], "checksum"
        if kind == b"IHDR":
            assert struct.unpack(">IIBB", body[:10]) == (width, height, 8, 2), body
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    pixels = zlib.decompress(packed)
    assert len(pixels) == height * (1 + 3 * width) and len(set(pixels)) > 10


def tables(run, comma, columnar):
    import pyarrow.parquet

    read = lambda name: pyarrow.parquet.read_table(f"{columnar}/{name}.parquet")
    for kind in ["training", "measurements"]:
        table = read(kind)
        is_of = lambda tag: tag.startswith("train/") == (kind == "training")
        known = [tag for tag in CURVES if is_of(tag) and tag in table.column_names]
        assert known, table.column_names
        for tag in known:
            points = zip(table["step"].to_pylist(), table[tag].to_pylist())
            points = [point for point in points if point[1] is not None]
            expected = curve(run, CURVES[tag])
            assert len(points) == len(expected) and all(
                one[0] == two[0] and same(one[1], two[1]) for one, two in zip(points, expected)
            ), tag
    with open(run / "samples.csv", newline="") as source:
        samples = list(csv.DictReader(source))
    table = read("samples")
    assert table["object"].to_pylist() == [row["object"] for row in samples]
    assert table["reward"].to_pylist() == [float(row["reward"]) for row in samples]
    row = read("runs").to_pylist()[0]
    settings = tomllib.loads((run / "resolved.toml").read_text())
    for section, key in [("training", "batch_size"), ("optimizer", "learning_rate"), ("loss", "kind")]:
        assert row[f"setting.{section}.{key}"] == settings[section][key], (section, key)
    # The same tables, value by value.
    for path in sorted(pathlib.Path(columnar).glob("*.parquet")):
        table = pyarrow.parquet.read_table(path)
        with open(f"{comma}/{path.stem}.csv", newline="") as source:
            head, *rows = csv.reader(source)
        assert head == table.column_names and len(rows) == table.num_rows, path
        for index, name in enumerate(head):
            for row, value in zip(rows, table[name].to_pylist()):
                text = row[index]
                shown = "" if value is None else str(value).lower() if isinstance(value, bool) else value
                agrees = same(float(text), value) if isinstance(shown, float) else text == str(shown)
                assert agrees, (path, name, text, value)
        print(f"{path.stem}: {table.num_rows} rows, {table.num_columns} columns, the same as CSV and Parquet")


def mlflow(run):
    import mlflow as mlflow_client
    from mlflow import MlflowClient

    client = MlflowClient()
    (experiment,) = [found for found in client.search_experiments() if found.name != "Default"]
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.status == "FINISHED" and found.data.params["loss.kind"], found.info
    points = lambda tag: [(point.step, point.value) for point in client.get_metric_history(found.info.run_id, tag)]
    check_curves(run, points, "mlflow")
    names = {file.path for file in client.list_artifacts(found.info.run_id)}
    assert {"samples.csv", "resolved.toml"} <= names, names
    check_settings(run, found, lambda file: mlflow_client.artifacts.load_text(f"{found.info.artifact_uri}/{file}"))


def check_settings(run, found, read):
    """No setting is cut: what is too long says which artifact has all of it."""
    settings, longer = flat(tomllib.loads((run / "resolved.toml").read_text())), 0
    assert set(settings) == set(found.data.params), settings.keys() ^ found.data.params.keys()
    for key, value in settings.items():
        shown = found.data.params[key]
        if isinstance(value, str) and shown != value:
            file = shown.rsplit(" … whole in ", 1)[1]
            assert read(file) == f"setting {key}\n\n{value}\n", key
            longer += 1
    print(f"mlflow: {len(settings)} settings, {longer} of them in artifacts")


def flat(table, prefix=""):
    values = {}
    for key, value in table.items():
        values |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return values


def offline_records(path):
    """The records of wandb's file: pieces of blocks of 32 KiB, each behind its checksum, length and kind."""
    data, record, at = path.read_bytes(), b"", 7
    while at + 7 <= len(data):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        length, kind = struct.unpack("<HB", data[at + 4 : at + 7])
        if kind == 0:
            break
        record += data[at + 7 : at + 7 + length]
        at += 7 + length
        # A whole record, or the last piece of one.
        if kind in (1, 4):
            yield record
            record = b""


def wandb(run, folder):
    from wandb.proto import wandb_internal_pb2

    (path,) = pathlib.Path(folder).glob("wandb/offline-run-*/run-*.wandb")
    rows, config = [], {}
    for data in offline_records(path):
        record = wandb_internal_pb2.Record.FromString(data)
        if record.HasField("history"):
            items = {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
            rows.append((record.history.step.num, items))
        if record.HasField("run"):
            config |= {item.key: json.loads(item.value_json) for item in record.run.config.update}
    assert config["loss"]["kind"] and config["gfn"]["device"], config
    settings = tomllib.loads((run / "resolved.toml").read_text())
    assert config.get("description", "") == settings.get("description", ""), config.get("description")
    number = lambda value: float(value) if not isinstance(value, str) else float(value.replace("Infinity", "inf"))
    points = lambda tag: [(step, number(items[tag])) for step, items in rows if tag in items]
    check_curves(run, points, "wandb")


if __name__ == "__main__":
    check, folder, *rest = sys.argv[1:]
    globals()[check](pathlib.Path(folder), *rest)
