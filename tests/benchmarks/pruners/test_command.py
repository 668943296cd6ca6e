"""The command: both sources of curves, its files, and a user's mistakes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from commands import assert_one_line, run
from storages import new_study

from avq_core.run_command import run_command
from benchmarks.pruners.__main__ import main

PNG = b"\x89PNG"
SMALL = ("--studies", "6", "--trials", "30", "--workers", "1")


def strict(text: str) -> Any:
    """Reads JSON by the standard, which has neither NaN nor Infinity."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


@pytest.mark.slow
def test_a_file_of_curves_gives_table_json_and_plot(curves_file: Path, tmp_path: Path) -> None:
    """Everything printed is in the JSON, study by study."""
    results, plot = tmp_path / "results.json", tmp_path / "plot.png"
    done = run(
        "benchmarks.pruners", "--curves", curves_file, *SMALL, "--json", results, "--plot", plot
    )
    assert done.returncode == 0, done.stderr
    assert "6 studies of 30 trials, 3 pairs of tasks, 16 epochs, rungs 1, 3, 7, 15" in done.stdout
    assert plot.read_bytes().startswith(PNG)
    content = strict(results.read_text())
    assert content["settings"]["trials"] == 30
    rules = [row["rule"] for row in content["rules"]]
    assert rules[:3] == ["none", "median", "halving:eta=4"]
    assert all(f"\n{rule} " in done.stdout for rule in rules)
    assert content["rules"][0]["share"] == {"value": 1, "low": 1, "high": 1}
    assert len(content["studies"]) == 6
    assert set(content["studies"][0]["results"]) == set(rules)
    assert content["studies"][0]["results"]["cycle"]["epochs"] > 0


def test_the_rules_asked_for_stand_beside_none_and_the_median(
    curves_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of fewer configurations than a study has trials is drawn whole, and the output says so."""
    arguments = ["--curves", str(curves_file), "--studies", "3", "--workers", "1"]
    assert (
        run_command(main, [*arguments, "--rules", "cycle:keep_share=0.25", "--pairs", "0,2"]) == 0
    )
    output = capsys.readouterr().out
    assert "3 studies of 40 trials, 1 pairs of tasks" in output
    assert "the file holds 40 configurations, so no study can have more trials" in output
    rows = [line.split()[0] for line in output.splitlines() if " % [" in line]
    assert rows == ["none", "median", "cycle:keep_share=0.25"]


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
    output = capsys.readouterr().out
    assert "6 orders of 22 trials of the study stored, up to 6 epochs, judged at 2, 6" in output
    assert "left out: 2 pruned trials, whose curves end early, and 1 others" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--studies", "0"], "--studies is 0, expected at least 1"),
        (["--rules", "best"], "--rules: 'best' names 'best', expected one of none, median"),
        (["--pairs", "a,x"], "--pairs holds 'a,x', expected all or A,B"),
        (["--cycle", "20"], "--cycle is 20, but the curves have 16 epochs"),
    ],
)
def test_a_mistake_gets_one_line(
    arguments: list[str], message: str, curves_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit status 2."""
    assert run_command(main, ["--curves", str(curves_file), *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_without_a_file_or_a_study_the_options_are_named() -> None:
    """In one line of the process, as for any command."""
    assert_one_line(run("benchmarks.pruners"), "--curves --study is required")
