"""`python -m avq_core.prepare`: what it says and where it puts it."""

from pathlib import Path

import pytest

from avq_core.cli import run_command
from avq_core.data.prepared import open_store
from avq_core.prepare import main


def test_the_default_is_named_prepared_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a file: the demo set, in runs/prepared, with what was filled."""
    monkeypatch.chdir(tmp_path)
    assert run_command(main, []) == 0
    first = capsys.readouterr().out
    assert "data: demo (none was named)" in first
    assert "note: visual: NaN values filled with train medians" in first
    assert run_command(main, []) == 0
    again = capsys.readouterr().out
    assert "already prepared: runs/prepared/" in again
    assert "reading" not in again


def test_pca_reduces_the_streams_that_it_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Several at once, or one option each."""
    arguments = ["demo", "--runs", str(tmp_path), "--pca", "au=4", "visual=3", "--pca", "syncnet=1"]
    assert run_command(main, arguments) == 0
    assert "au: (30, 4) (principal components)" in capsys.readouterr().out
    (path,) = (p for p in (tmp_path / "prepared").iterdir() if p.is_dir())
    dims = {stream.name: stream.dim for stream in open_store(path).schema.streams}
    assert (dims["au"], dims["visual"], dims["syncnet"], dims["audio"]) == (4, 3, 1, 768)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["demo", "--pca", "au"], "--pca got 'au', expected STREAM=WIDTH such as keypoint=64"),
        (["demo", "--pca", "au=x"], "--pca got 'au=x', expected STREAM=WIDTH"),
        (["demo", "--pca", "au=0"], "data.pca.au is 0, expected an integer >= 1"),
        (["demo", "--pca", "nix=1"], "data.pca names stream 'nix', expected one of ['visual'"),
        (["nix.pkl"], "no such file: nix.pkl; name a data file"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    """On stderr, with what was got and expected."""
    assert run_command(main, [*arguments, "--runs", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
