"""`avq_core.explain` as a process: tables, JSON, CSV and plot."""

import csv
import json
import pickle
from pathlib import Path

import pytest
import yaml
from commands import make_samples, run, write_tiny

from avq_core.explain import main
from avq_core.run_command import run_command

CONFIG = {
    "model": {
        "hidden_dim": 16,
        "num_layers": 1,
        "num_heads": 2,
        "embedder_scale": 0.125,
        "dropout": 0.0,
        "statistics_width": 8,
    },
    "optim": {"lr": 0.02, "cycle_epochs": 25},
    "training": {
        "epochs": 25,
        "precision": "fp32",
        "task_weights": {"lip_sync": 1.0, "cross_modal": 1.0, "overall": 1.0},
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny file, in which audio decides two tasks and sync one, and an ensemble of two models."""
    folder = tmp_path_factory.mktemp("explain")
    write_tiny(folder)
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    done = run(
        "avq_core.train", "--config", folder / "config.yaml", "--data", folder / "tiny.pkl",
        "--runs", folder / "runs", "--device", "cpu", "--threads", 1, "--members", 2,
        "--out", folder / "model",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def explain(folder: Path, *options: object):  # type: ignore[no-untyped-def] # noqa: ANN201
    return run(
        "avq_core.explain", "--model", folder / "model", "--data", folder / "tiny.pkl",
        "--device", "cpu", *options,
    )  # fmt: skip


def test_the_streams_that_decide_the_labels_lose_most(folder: Path, tmp_path: Path) -> None:
    """On val by default; JSON and CSV have the same values, and a plot is written."""
    table, plot = tmp_path / "streams.csv", tmp_path / "streams.png"
    done = explain(folder, "--json", "--out", table, "--plot", plot, "--repeats", 3)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["split"], result["clips"]) == ("val", 16)
    assert (result["repeats"], result["seed"]) == (3, 0)
    assert set(result["streams"]) == {"audio", "visual", "sync"}
    lost = {name: entry["r2_lost"] for name, entry in result["streams"].items()}
    for task, stream in (("overall", "audio"), ("lip_sync", "sync")):
        by_stream = {name: r2[task]["value"] for name, r2 in lost.items()}
        assert max(by_stream, key=lambda name: by_stream[name]) == stream
        assert by_stream[stream] > 0.2
    with table.open() as file:
        rows = {(row["stream"], row["task"]): row for row in csv.DictReader(file)}
    assert len(rows) == 4 * 3
    row = rows["audio", "overall"]
    assert float(row["r2_lost"]) == lost["audio"]["overall"]["value"]
    assert float(row["r2"]) == result["r2"]["overall"]
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert "test split" not in done.stderr


def test_the_table_says_what_the_values_do_not(folder: Path) -> None:
    """A row a stream, all of them together, and what correlated streams do to it."""
    done = explain(folder, "--repeats", 1)
    assert done.returncode == 0, done.stderr
    for words in ("R² lost [95 %]", "all streams", "R² unshuffled", "a small value does not mean"):
        assert words in done.stdout


def test_looking_at_the_test_split_is_noted(folder: Path) -> None:
    """On stderr, so that stdout is only JSON."""
    done = explain(folder, "--split", "test", "--repeats", 1, "--json")
    assert json.loads(done.stdout)["split"] == "test"
    assert "note: this looks at the test split" in done.stderr


def test_a_plain_list_of_labelled_clips_is_enough(folder: Path, tmp_path: Path) -> None:
    """The only split of a file is used, whatever its name."""
    path = tmp_path / "list.pkl"
    path.write_bytes(pickle.dumps(make_samples(9, seed=5)))
    done = explain(folder, "--data", path, "--repeats", 1, "--json")
    assert json.loads(done.stdout)["split"] == "samples"


def test_mistakes_are_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line each, with status 2, and before anything is written."""
    unlabelled, lone = tmp_path / "unlabelled.pkl", tmp_path / "lone.pkl"
    samples = [{"features": sample["features"]} for sample in make_samples(4, seed=5)]
    unlabelled.write_bytes(pickle.dumps(samples))
    lone.write_bytes(pickle.dumps(make_samples(1, seed=5)))
    usual = ["--model", folder / "model", "--data", folder / "tiny.pkl", "--device", "cpu"]
    for options, words in (
        (("--repeats", 0), "--repeats is 0, expected an integer >= 1"),
        (("--seed", -1), "--seed is -1, expected an integer >= 0"),
        (("--plot", tmp_path / "a.gif"), "expected a name that ends in .png, .svg, .pdf"),
        (("--split", "dev"), "has no split 'dev', only train, val, test"),
        (("--data", unlabelled), "samples has no label, expected labelled clips"),
        (("--data", lone), "samples has 1 clip, expected several"),
        (("--data", tmp_path / "nix.pkl"), "no such file"),
        (("--model", tmp_path), "holds no model.yaml"),
        (("--out", tmp_path), "is a folder, expected the name of a file"),
    ):
        assert run_command(main, [str(part) for part in (*usual, *options)]) == 2
        error = capsys.readouterr().err
        assert words in error
        assert error.startswith("error: ")
        assert error.count("\n") == 1
