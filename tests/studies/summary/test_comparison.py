"""Two studies side by side: what differs, the results of both, and whether that can be compared."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import optuna
from commands import assert_one_line, run

from studies.identity import Identity
from studies.records.provenance import SearchedSpace
from studies.records.read import read_study
from studies.records.study import StudyRecord
from studies.score import Watch
from studies.summary.comparison import as_json, differences, render

SPACE = {
    "name": "small",
    "epochs": 14,
    "fixed": {"model.embedder_scale": 0.125},
    "parameters": {
        "optim.lr": {"type": "float", "low": 1e-4, "high": 1e-2, "log": True},
        "model.hidden_dim": {"type": "int", "low": 32, "high": 128, "step": 32},
        "model.max_lag": {"type": "categorical", "choices": [0, 15]},
    },
}


def with_space(study: StudyRecord) -> StudyRecord:
    return dataclasses.replace(study, space=SearchedSpace.decode(SPACE))


def other(study: StudyRecord) -> StudyRecord:
    """The same study with a narrower space, another pruner and other epochs."""
    parameters = {
        **SPACE["parameters"],  # type: ignore[dict-item]
        "optim.lr": {"type": "float", "low": 1e-3, "high": 1e-2, "log": True},
    }
    del parameters["model.hidden_dim"]
    return dataclasses.replace(
        study,
        name="other",
        space=SearchedSpace.decode({**SPACE, "parameters": parameters}),
        identity=identity(study, settings={"epochs": 30, "watch": {"a": 1}}),
    )


def identity(study: StudyRecord, **changes: Any) -> Identity:
    assert study.identity is not None
    return dataclasses.replace(study.identity, **changes)


def rows(text: str) -> dict[str, list[str]]:
    """Lines of the tables by their first cell, the first of equal ones."""
    by_name: dict[str, list[str]] = {}
    for line in text.splitlines():
        cells = [cell for cell in line.split("  ") if cell.strip()]
        if len(cells) == 3:
            by_name.setdefault(cells[0].strip(), [cell.strip() for cell in cells[1:]])
    return by_name


def test_what_differs_is_named_setting_by_setting(study: optuna.Study) -> None:
    """Bounds of the space as text, and the settings that a study must not change."""
    first = with_space(read_study(study))
    values = {(d.kind, d.name): d.values for d in differences(first, other(first))}
    assert values == {
        ("space", "optim.lr"): ("0.0001 to 0.01 (log)", "0.001 to 0.01 (log)"),
        ("space", "model.hidden_dim"): ("32 to 128 in steps of 32", "the manual's"),
        ("settings", "epochs"): ("14", "30"),
        ("settings", "watch.a"): ("nothing", "1"),
    }
    assert differences(first, first) == []


def test_metrics_stand_side_by_side(confirmed: optuna.Study, empty: optuna.Study) -> None:
    """Counts, cost, best and baseline on val, what was confirmed, and test with intervals."""
    first, second = read_study(confirmed), read_study(empty)
    table = rows(render(first, second))
    assert table["trials finished"] == ["4", "0"]
    assert table["epochs spent"] == ["50", "0"]
    assert table["best, val"] == ["#1", "none"]
    assert table["chosen, confirmed"] == ["#2", "none"]
    assert table["ensemble, test [95 %]"] == ["#2 #1", "none"]
    assert table["test opened"] == ["once", "0 times"]
    text = render(first, first)
    assert text.count("0.310 [0.210, 0.410]") == 4
    assert "±" not in text  # a deviation is stored, which is no error of the mean
    assert "Both studies have the same data (demo, dddddddddddd)." in text


def test_other_data_is_told_plainly(study: optuna.Study, empty: optuna.Study) -> None:
    """Metrics on other clips cannot be compared; nor where a study names no data."""
    first = read_study(study)
    second = dataclasses.replace(
        read_study(empty), identity=identity(first, data="e" * 32), data_source="my.pkl"
    )
    sentence = "metrics of one study cannot be compared with those of the other"
    text = render(first, second)
    assert sentence in text
    assert "demo (dddddddddddd)  my.pkl (eeeeeeeeeeee)" in text
    assert as_json(first, second)["comparable"] is False
    assert sentence in render(first, dataclasses.replace(first, identity=None))
    assert sentence not in render(first, first)


def test_scores_of_other_weights_are_told(study: optuna.Study) -> None:
    """R² by task can still be compared."""
    first = read_study(study)
    second = dataclasses.replace(first, watch=Watch(cross_modal="lip_sync"))
    text = render(first, second)
    assert "Their scores weight the tasks differently" in text
    assert "lip_sync" in rows(text)


def test_the_command_takes_two_names(
    confirmed: optuna.Study, empty: optuna.Study, runs: Path
) -> None:
    """As text, and as JSON with both summaries as of one study; options may stand in between."""
    done = run("studies.show", "tiny", "empty", "--runs", runs)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("tiny compared with empty\n")
    done = run("studies.show", "tiny", "--runs", runs, "empty", "--json")
    summaries = json.loads(done.stdout)
    assert [summary["study"] for summary in summaries["studies"]] == ["tiny", "empty"]
    assert summaries["studies"][0]["best"]["trial"] == 1
    assert summaries["same"] == {"data": True, "space": True, "settings": True}
    assert summaries["comparable"] is True
    assert summaries["differences"] == []
    assert_one_line(run("studies.show", "tiny", "nix", "--runs", runs), "no study 'nix'")
