"""The benchmark as a command: a user's mistakes, and resuming where it stopped."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import write_space, write_tiny

from avq_core.errors import ConfigError
from avq_core.run_command import run_command
from benchmarks.search.__main__ import main, parse_methods


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """The command takes over SIGTERM; a test process must not keep that."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def assert_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], *parts: str) -> None:
    """One line of error that contains the parts, and exit status 2."""
    capsys.readouterr()
    assert run_command(main, arguments) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    for part in parts:
        assert part in line


def test_an_unknown_method_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With the methods that exist."""
    assert_refused(capsys, ["--methods", "ours,theirs"], "theirs", "optuna-median")


def test_ray_on_a_gpu_is_refused() -> None:
    """Its trials train on the cores, and would be compared with others' on a GPU."""
    with pytest.raises(ConfigError, match=r"ray-asha .* not on cuda:0; .* --device cpu"):
        parse_methods("ours,ray-asha", "cuda:0")


@pytest.mark.parametrize("device", ["gpu", "cuda:0,cuda:1", "cuda:99"])
def test_a_device_that_does_not_exist_is_refused(
    device: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One device: peers have one process, so more cannot be compared."""
    assert_refused(capsys, ["--device", device], "device", device)


@pytest.fixture
def one_core() -> Iterator[None]:
    """One core, so one worker in each process: their number does not matter here, and each takes seconds."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    yield
    os.sched_setaffinity(0, cores)


@pytest.mark.slow
@pytest.mark.usefixtures("one_core")
def test_the_command_resumes_where_it_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Finished searches stay, an interrupted one starts anew, and other settings are refused."""
    results, plot = tmp_path / "results.json", tmp_path / "incumbents.png"
    data, space, out = write_tiny(tmp_path), write_space(tmp_path), tmp_path / "out"
    command = ["--data", str(data), "--space", str(space), "--trials", "3", "--out", str(out)]
    command += ["--seeds", "1", "--json", str(results), "--methods"]
    assert main([*command, "ours", "--epochs", "1"]) == 0
    assert "ours, seed 0: 3 trials, 3 epochs" in capsys.readouterr().err
    (first,) = json.loads(results.read_text())["runs"]
    assert first["confirmed"] is not None
    assert 0 < first["incumbents"][-1][0] < first["seconds"]

    # As a kill in the middle of a search leaves it: resuming there would shorten its time.
    left = out / "runs" / "random-0" / "trials.json"
    left.parent.mkdir()
    left.write_text("[")
    assert main([*command, "ours,random", "--epochs", "1", "--plot", str(plot)]) == 0
    errors = capsys.readouterr().err
    assert "ours, seed 0" not in errors
    assert "random, seed 0: 3 trials, 3 epochs" in errors
    ours, random = json.loads(results.read_text())["runs"]
    assert ours == first
    assert random["confirmed"] is not None
    assert plot.exists()

    assert_refused(capsys, [*command, "ours", "--epochs", "2"], "holds other searches", "epochs")
