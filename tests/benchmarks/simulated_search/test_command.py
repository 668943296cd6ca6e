"""The command: its table, its file and a user's mistakes."""

import json
from pathlib import Path

import pytest

from avq_core.errors import ConfigError
from benchmarks.simulated_search.__main__ import main


def test_each_method_stands_beside_the_reference(
    searchable_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each method, and every search in the file."""
    out = tmp_path / "searches.json"
    options = ["--pairs", "0,1", "--seeds", "2", "--trials", "20", "--workers", "1"]
    methods = ["--methods", "ours/cycle", "ours:num_startup=20,prior=false/none"]
    arguments = ["--curves", str(searchable_file), *options, *methods, "--json", str(out)]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 searches of 20 trials, 1 pairs of tasks, 16 epochs, rungs 1, 3, 7, 15"
    names = ["optuna/median:warmup=0", "ours/cycle", "ours:num_startup=20,prior=false/none"]
    assert [line.split()[0] for line in lines[3:6]] == names
    content = json.loads(out.read_text())
    assert [search["seed"] for search in content["searches"]] == [0, 1]
    assert content["searches"][0]["methods"]["ours/cycle"]["epochs"] > 0


@pytest.mark.parametrize("option", ["--seeds", "--trials", "--workers", "--gain"])
def test_a_number_too_small_is_refused(option: str, searchable_file: Path) -> None:
    """The message names the option."""
    with pytest.raises(ConfigError, match=f"{option} is 0"):
        main(["--curves", str(searchable_file), option, "0"])


@pytest.mark.slow
def test_processes_change_nothing(
    searchable_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two of them print what one prints."""
    options = ["--curves", str(searchable_file), "--pairs", "0,1", "--seeds", "2", "--trials", "9"]
    tables = []
    for workers in ("1", "2"):
        assert main([*options, "--methods", "ours/cycle", "--workers", workers]) == 0
        tables.append(capsys.readouterr().out)
    assert tables[0] == tables[1]
