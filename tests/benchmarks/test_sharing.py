"""How many workers share a device: the same trainings for every count of workers."""

import json
import time
from pathlib import Path

import pytest
from commands import write_space, write_tiny

from avq_core.config.data import DataConfig
from avq_core.data.store.store import prepare
from avq_core.run_command import run_command
from benchmarks import sharing
from benchmarks.sharing import main, random_tasks, table, time_tasks
from space.presets import named_space


def arguments(folder: Path, *more: str) -> list[str]:
    """Two trainings of an epoch, by two workers and by one, on the CPU."""
    data, space = str(write_tiny(folder)), str(write_space(folder))
    return [
        "--device", "cpu", "--workers", "2,1", "--data", data, "--space", space, "--trials", "2",
        "--epochs", "1", "--runs", str(folder / "runs"), *more,
    ]  # fmt: skip


def test_every_count_of_workers_has_its_turn_in_every_repeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a first turn that loads the device's kernels; the seconds are written as measured."""
    turns: list[int] = []

    def note_turn(tasks: list[object], *, workers: int, device: str) -> float:
        turns.append(workers)
        return float(len(turns))

    monkeypatch.setattr(sharing, "time_tasks", note_turn)
    results = tmp_path / "seconds.json"
    assert main(arguments(tmp_path, "--repeats", "2", "--json", str(results))) == 0
    assert turns == [2, 2, 1, 2, 1]
    assert capsys.readouterr().out.split()[:4] == ["workers", "seconds", "epochs/s", "speed-up"]
    assert json.loads(results.read_text())["seconds"] == {"2": [2.0, 4.0], "1": [3.0, 5.0]}


@pytest.mark.slow
def test_workers_train_all_tasks_in_processes_of_their_own(tmp_path: Path) -> None:
    """The clock starts when they have loaded the data."""
    store = prepare(str(write_tiny(tmp_path)), DataConfig(), root=tmp_path / "prepared")
    space = named_space(str(write_space(tmp_path)), store.schema.tasks)
    tasks = random_tasks(space, store, num=2, epochs=1)
    assert [task.config.training.epochs for task in tasks] == [1, 1]
    start = time.monotonic()
    seconds = time_tasks(tasks, workers=2, device="cpu")
    assert 0 < seconds < time.monotonic() - start


@pytest.mark.parametrize("option", [("--workers", "1,none"), ("--trials", "0")])
def test_a_mistake_gets_one_line(
    option: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is prepared."""
    assert run_command(main, list(option)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {option[0]} ")
    assert "expected" in line


def test_speed_ups_are_paired_by_repeat() -> None:
    """A machine that was slow in one repeat was slow for all counts of it."""
    text = table({1: [10.0, 30.0, 20.0], 4: [5.0, 15.0, 4.0]}, epochs=100)
    assert text.splitlines()[1].split() == ["1", "20.0", "5.00", "1.00"]
    assert text.splitlines()[2].split() == ["4", "5.0", "20.00", "2.00"]
