"""Data without a test split: what people have while they search."""

import csv
import json
import pickle
from pathlib import Path

import pytest
from commands import assert_one_line, run, write_space, write_tiny

from avq_core.config.data import DataConfig
from avq_core.data.files.read import load_dataset
from search.main_job.plan import make_plan
from search.settings import Settings


def without_test(folder: Path) -> Path:
    """The tiny file, less its test split."""
    path = write_tiny(folder)
    data = pickle.loads(path.read_bytes())
    del data["test"]
    path.write_bytes(pickle.dumps(data))
    return path


def test_a_test_split_without_labels_counts_as_none(tmp_path: Path) -> None:
    """Whether samples have empty labels or none at all; a line says what will be missing."""
    path = write_tiny(tmp_path)
    data = pickle.loads(path.read_bytes())
    for index, sample in enumerate(data["test"]):
        if index % 2:
            del sample["labels"]
        else:
            sample["labels"] = {}
    path.write_bytes(pickle.dumps(data))
    dataset = load_dataset(str(path), DataConfig())
    assert set(dataset.splits) == {"train", "val"}
    assert dataset.notes == (
        "the data has no test split with labels, so metrics on test will be missing",
    )


def test_a_search_says_one_line_of_a_test_split_without_labels(tmp_path: Path) -> None:
    """It is true of both kinds, and the data's own note has the same words."""
    path = write_tiny(tmp_path)
    data = pickle.loads(path.read_bytes())
    for sample in data["test"]:
        del sample["labels"]
    path.write_bytes(pickle.dumps(data))
    said: list[str] = []
    settings = Settings(data=str(path), runs=tmp_path / "runs", devices=("cpu",), space="small")
    plan = make_plan(settings, say=said.append)
    line = "the data has no test split with labels, so metrics on test will be missing"
    assert [each for each in said if "on test" in each] == [line]
    assert line in plan.store.notes


@pytest.mark.slow
def test_commands_beside_the_search_take_it(tmp_path: Path) -> None:
    """The data audit notes it, training and its model go without, and R² on test is one clear line."""
    path = without_test(tmp_path)
    audited = run("avq_core.audit", path)
    assert (
        "note: the data has no test split with labels, so metrics on test will be missing"
        in audited.stdout
    )
    runs = ("--runs", tmp_path / "runs")
    prepared = run("avq_core.prepare", path, *runs, "--legacy-pickle", tmp_path / "legacy.pkl")
    assert prepared.returncode == 0, prepared.stderr
    assert "the data has no test split" in prepared.stdout
    assert set(pickle.loads((tmp_path / "legacy.pkl").read_bytes())) == {"train", "val"}
    assert_one_line(run("avq_core.baselines", path, *runs, "--test"), "has no test split")
    config, model = tmp_path / "config.yaml", tmp_path / "model"
    config.write_text(
        "model: {hidden_dim: 8, num_layers: 1, num_heads: 1, embedder_scale: 0.125}\n"
        "training: {epochs: 1, task_weights: {lip_sync: 1, cross_modal: 1, overall: 1}}\n"
    )
    trained = run(
        "avq_core.train", "--config", config, "--data", path, "--out", model, *runs,
        "--device", "cpu", "--members", 2,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    assert "the data has no test split" in trained.stderr
    assert "test R²" not in trained.stdout
    scores = tmp_path / "scores.csv"
    done = run("avq_core.predict", "--model", model, "--data", path, "--out", scores)
    assert done.returncode == 0, done.stderr
    with scores.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 56


@pytest.mark.slow
def test_the_whole_road(tmp_path: Path) -> None:
    """Search, confirmation, table, report and best.yaml; the same command again has nothing to do."""
    path, space = without_test(tmp_path), write_space(tmp_path)
    runs = ("--runs", tmp_path / "runs")
    command = (
        "search.run", "--data", path, "--space", space, *runs, "--study", "tiny", "--trials", 3,
        "--baseline-epochs", 1, "--confirm", 1,
    )  # fmt: skip
    for _ in range(2):
        done = run(*command)
        assert done.returncode == 0, done.stderr
        assert (
            "the data has no test split with labels, so metrics on test will be missing"
            in done.stderr
        )
        assert (
            "The data has no test split with labels, so there are no metrics on test."
            in done.stdout
        )
    shown = json.loads(run("studies.show", "tiny", "--json", *runs).stdout)
    assert shown["confirmation"]["chosen"] is not None
    assert shown["confirmation"]["test"] is None
    report = (tmp_path / "runs" / "tiny" / "report.html").read_text()
    assert "The data has no test split" in report
    assert "not confirmed yet" not in report
    best = tmp_path / "runs" / "tiny" / "best.yaml"
    trained = run(
        "avq_core.train", "--config", best, "--data", path, "--out", tmp_path / "model", *runs,
        "--device", "cpu", "--epochs", 1,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
