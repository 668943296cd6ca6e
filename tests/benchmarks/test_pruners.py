"""The command: both modes, its files, and what a user can get wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from commands import assert_one_line, run
from storages import new_study

from avq_core.cli import run_command
from benchmarks.pruners import main

PNG = b"\x89PNG"
SMALL = ("--studies", "6", "--trials", "30", "--workers", "1")


def strict(text: str) -> Any:
    """Reads JSON as the standard has it: NaN and Infinity are none."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


@pytest.mark.slow
def test_a_file_of_curves_gives_table_json_and_plot(curves_file: Path, tmp_path: Path) -> None:
    """Everything printed is in the JSON, with a row a study."""
    told, plot = tmp_path / "told.json", tmp_path / "plot.png"
    done = run(
        "benchmarks.pruners", "--curves", curves_file, *SMALL, "--json", told, "--plot", plot
    )
    assert done.returncode == 0, done.stderr
    assert "6 studies of 30 trials, 3 pairs of tasks, 16 epochs, rungs 1, 3, 7, 15" in done.stdout
    assert plot.read_bytes().startswith(PNG)
    found = strict(told.read_text())
    assert found["settings"]["trials"] == 30
    rules = [row["rule"] for row in found["rules"]]
    assert rules[:3] == ["none", "median-5-5", "halving-4"]
    assert all(f"\n{rule} " in done.stdout for rule in rules)
    assert found["rules"][0]["share"] == {"value": 1, "low": 1, "high": 1}
    assert len(found["studies"]) == 6
    assert set(found["studies"][0]["results"]) == set(rules)
    assert found["studies"][0]["results"]["cycle"]["epochs"] > 0


def test_the_rules_asked_for_stand_beside_none_and_the_median(
    curves_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of fewer configurations than a study has trials is drawn whole, and that is told."""
    arguments = ["--curves", str(curves_file), "--studies", "3", "--workers", "1"]
    assert run_command(main, [*arguments, "--rules", "cycle-0.25", "--pairs", "0,2"]) == 0
    told = capsys.readouterr().out
    assert "3 studies of 40 trials, 1 pairs of tasks" in told
    assert "the file holds 40 configurations, so no study can have more trials" in told
    rows = [line.split()[0] for line in told.splitlines() if " % [" in line]
    assert rows == ["none", "median-5-5", "cycle-0.25"]


def test_a_finished_study_is_replayed(
    tmp_path: Path,
    make_study: Callable[[int], optuna.Study],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is left out is counted."""
    study, made = new_study(tmp_path, "stored"), make_study(22)
    for name, value in made.user_attrs.items():
        study.set_user_attr(name, value)
    study.add_trials(made.trials)
    arguments = ["--study", "stored", "--runs", str(tmp_path), *SMALL]
    assert run_command(main, arguments) == 0
    told = capsys.readouterr().out
    assert "6 orders of 22 trials of the study stored, up to 6 epochs, judged at 2, 6" in told
    assert "left out: 2 pruned trials, whose ends are not known, and 1 others" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--studies", "0"], "--studies is 0, expected at least 1"),
        (["--rules", "best"], "--rules holds 'best', expected none, median-STARTUP-WARMUP"),
        (["--pairs", "a,x"], "--pairs holds 'a,x', expected all or A,B"),
        (["--cycle", "20"], "--cycle is 20, but the curves have 16 epochs"),
    ],
)
def test_a_slip_is_told_in_one_line(
    arguments: list[str], told: str, curves_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit status 2."""
    assert run_command(main, ["--curves", str(curves_file), *arguments]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.slow
def test_neither_a_file_nor_a_study_is_told() -> None:
    """By the process, as by any command."""
    assert_one_line(run("benchmarks.pruners"), "--curves --study is required")
