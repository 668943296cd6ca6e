"""The whole road on a set quite unlike the user's: other names, ranges, streams, lengths, tasks."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from commands import assert_one_line, run
from other_data import NUM_TASKS, TASKS, write_other

SPACE = """\
epochs: 2
fixed: {model.num_layers: 1, model.num_heads: 2, model.embedder_scale: 0.125, optim.cycle_epochs: 1}
parameters:
  model.hidden_dim: {type: int, low: 8, high: 16, step: 8, reason: tiny}
  optim.lr: {type: float, low: 1e-3, high: 3e-2, log: true, reason: tiny networks}
"""


def searched(folder: Path, data: Path, layout: Path, *options: object) -> dict[str, Any]:
    """What `show` has of a study of three trials on the file."""
    space, runs = folder / "space.yaml", folder / "runs"
    space.write_text(SPACE)
    done = run(
        "search.run", "--data", data, "--layout", layout, "--space", space, "--runs", runs,
        "--study", "other", "--trials", 3, "--watch", "trait_00,trait_02", "--baseline-epochs", 1,
        *options,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    study: dict[str, Any] = json.loads(
        run("studies.show", "other", "--json", "--runs", runs).stdout
    )
    assert study["counts"]["complete"] + study["counts"]["pruned"] == 3
    assert study["baseline"]["cross_modal"] == study["baseline"]["r2"]["trait_00"]
    return study


@pytest.mark.slow
def test_clips_of_one_length_are_searched_on(tmp_path: Path) -> None:
    """20 steps each; what comes after the search sees the same as with clips of many lengths."""
    data, layout = write_other(tmp_path, ragged=False)
    searched(tmp_path, data, layout, "--confirm", 0)


@pytest.mark.slow
def test_the_whole_road(tmp_path: Path) -> None:
    """Audit, prepare, search, confirm, show, export, train and predict, with a layout and no code."""
    data, layout = write_other(tmp_path, ragged=True)
    runs = tmp_path / "runs"
    audited = run("avq_core.audit", data, "--layout", layout, "--json")
    assert audited.returncode in (0, 1), audited.stderr
    assert {task["task"] for task in json.loads(audited.stdout)["tasks"]} == set(TASKS)
    study = searched(tmp_path, data, layout, "--confirm", 1)
    assert set(study["confirmation"]["test"]["num_labels"]) == set(TASKS)
    assert not (runs / "other" / "folds").exists()
    best = tmp_path / "best.yaml"
    exported = run("studies.export", "other", "--out", best, "--runs", runs)
    assert exported.returncode == 0, exported.stderr
    assert yaml.safe_load(best.read_text())["config"]["data"]["streams"] == {"gaze": "eye_tracker"}
    trained = run(
        "avq_core.train", "--config", best, "--data", data, "--out", tmp_path / "model",
        "--runs", runs, "--device", "cpu", "--epochs", 1,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    scores = tmp_path / "scores.csv"
    predicted = run(
        "avq_core.predict", "--model", tmp_path / "model", "--data", data, "--out", scores
    )
    assert predicted.returncode == 0, predicted.stderr
    with scores.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 96
    values = np.array([[float(row[task]) for task in TASKS] for row in rows])
    assert values.shape == (96, NUM_TASKS)
    assert ((values >= 1) & (values <= 5)).all()


def test_two_tasks_must_be_named_where_there_are_no_usual_ones(tmp_path: Path) -> None:
    """The line lists the data's tasks and names the option."""
    data, layout = write_other(tmp_path)
    done = run("search.run", "--data", data, "--layout", layout, "--runs", tmp_path / "runs")
    assert_one_line(done, "trait_00", "trait_16", "--watch")


def test_without_its_layout_the_file_is_told_how_to_be_read(tmp_path: Path) -> None:
    """The names that were expected, those that were found, and the way out."""
    data, _ = write_other(tmp_path)
    done = run("search.run", "--data", data, "--runs", tmp_path / "runs")
    assert_one_line(done, "'inputs'", "expected a dict with 'features'", "`keys` of --layout")
