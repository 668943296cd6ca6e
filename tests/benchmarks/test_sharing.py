"""How many workers a device carries: the same trainings for every count of workers."""

import json
from pathlib import Path

import pytest
from commands import assert_one_line, run, write_space, write_tiny

from benchmarks.sharing import table


@pytest.mark.slow
def test_every_count_of_workers_has_its_turn(tmp_path: Path) -> None:
    """In every repeat, and the seconds are written as they were."""
    figures = tmp_path / "seconds.json"
    done = run(
        "benchmarks.sharing", "--device", "cpu", "--workers", "2,1", "--repeats", 2,
        "--data", write_tiny(tmp_path), "--space", write_space(tmp_path), "--trials", 2,
        "--epochs", 1, "--runs", tmp_path / "runs", "--json", figures,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seconds = json.loads(figures.read_text())["seconds"]
    assert {count: len(own) for count, own in seconds.items()} == {"2": 2, "1": 2}
    assert min(seconds["1"]) > 0
    assert done.stdout.splitlines()[0].split() == ["workers", "seconds", "epochs/s", "times"]


@pytest.mark.slow
@pytest.mark.parametrize("option", [("--workers", "1,none"), ("--trials", "0")])
def test_a_slip_gets_one_line(option: tuple[str, str]) -> None:
    """Before anything is prepared."""
    assert_one_line(run("benchmarks.sharing", *option), option[0], "expected")


def test_times_are_paired_by_repeat() -> None:
    """A machine that was slow for one repeat was so for all counts of it."""
    text = table({1: [10.0, 30.0, 20.0], 4: [5.0, 15.0, 4.0]}, epochs=100)
    assert text.splitlines()[1].split() == ["1", "20.0", "5.00", "1.00"]
    assert text.splitlines()[2].split() == ["4", "5.0", "20.00", "2.00"]
