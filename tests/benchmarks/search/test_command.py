"""The benchmark as a command: what it says of slips, and that it goes on where it stood."""

import json
from pathlib import Path

import pytest
from commands import assert_one_line, run, write_space, write_tiny

from avq_core.errors import ConfigError
from benchmarks.search.__main__ import parse_methods

pytestmark = pytest.mark.slow


def arguments(folder: Path, *more: object) -> list[object]:
    """A search of three trials over tiny networks."""
    data, space = write_tiny(folder), write_space(folder)
    return ["--data", data, "--space", space, "--trials", 3, "--out", folder / "out", *more]


def test_an_unknown_method_is_told_in_one_line() -> None:
    """With those that there are."""
    assert_one_line(run("benchmarks.search", "--methods", "ours,theirs"), "theirs", "optuna-median")


def test_rays_trials_on_a_gpu_are_refused_in_one_line() -> None:
    """Its trials train on the cores, and would be compared with others' on a GPU."""
    with pytest.raises(ConfigError, match=r"ray-asha .* not on cuda:0; .* --device cpu"):
        parse_methods("ours,ray-asha", "cuda:0")


@pytest.mark.parametrize("device", ["gpu", "cuda:0,cuda:1", "cuda:99"])
def test_a_device_that_is_not_there_is_told_before_anything_is_prepared(device: str) -> None:
    """One device: peers have one process, so one device is what can be compared."""
    assert_one_line(run("benchmarks.search", "--device", device), "device", device)


def test_the_command_goes_on_where_it_stood(tmp_path: Path) -> None:
    """What is done stays, what was cut off starts anew, and other settings are refused."""
    figures, plot = tmp_path / "figures.json", tmp_path / "incumbents.png"
    command = arguments(tmp_path, "--seeds", 1, "--epochs", 1, "--json", figures)
    done = run("benchmarks.search", *command, "--methods", "ours")
    assert done.returncode == 0, done.stderr
    assert "ours, seed 0: 3 trials, 3 epochs" in done.stderr
    (first,) = json.loads(figures.read_text())["runs"]
    assert first["confirmed"] is not None
    assert 0 < first["incumbents"][-1][0] < first["seconds"]

    # As a kill in the middle of a search leaves it: going on there would shorten its time.
    left = tmp_path / "out" / "runs" / "random-0" / "trials.json"
    left.parent.mkdir()
    left.write_text("[")
    again = run("benchmarks.search", *command, "--methods", "ours,random", "--plot", plot)
    assert again.returncode == 0, again.stderr
    assert "ours, seed 0" not in again.stderr
    assert "random, seed 0: 3 trials, 3 epochs" in again.stderr
    ours, random = json.loads(figures.read_text())["runs"]
    assert ours == first
    assert random["confirmed"] is not None
    assert plot.exists()

    other = run("benchmarks.search", *command, "--methods", "ours", "--epochs", 2)
    assert_one_line(other, "holds other searches", "epochs")
