"""`python -m avq_core.prepare`: what it says and where it puts it."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import write_tiny

from avq_core.data.store.store import open_store
from avq_core.prepare import main
from avq_core.run_command import run_command


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
    dims = {stream.name: stream.dim for stream in open_store(_store(tmp_path)).schema.streams}
    assert (dims["au"], dims["visual"], dims["syncnet"], dims["audio"]) == (4, 3, 1, 768)


def _store(runs: Path) -> Path:
    (path,) = (p for p in (runs / "prepared").iterdir() if p.is_dir())
    return path


def test_rebuild_writes_the_store_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Even where a whole one is there; what it holds is the same."""
    arguments = [str(write_tiny(tmp_path)), "--runs", str(tmp_path)]
    assert run_command(main, arguments) == 0
    meta = _store(tmp_path) / "meta.json"
    before, old = meta.stat().st_ino, meta.read_text()
    assert run_command(main, [*arguments, "--rebuild"]) == 0
    assert "already prepared" not in capsys.readouterr().out
    assert meta.stat().st_ino != before
    assert meta.read_text() == old


def test_the_room_that_is_taken_and_allowed_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Within the limit it is said; a store that is there already counts once."""
    arguments = ["demo", "--runs", str(tmp_path), "--store-limit", "0.1"]
    assert run_command(main, arguments) == 0
    assert "0.08 GB; --store-limit allows 0.1 GB" in capsys.readouterr().out
    assert run_command(main, [*arguments, "--rebuild"]) == 0


def test_a_store_over_the_limit_is_refused_before_it_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both figures, and what to do; nothing is left behind."""
    arguments = ["demo", "--runs", str(tmp_path), "--store-limit", "0.01"]
    assert run_command(main, arguments) == 2
    error = capsys.readouterr().err
    assert "takes 0.08 GB" in error
    assert "of the 0.01 GB that --store-limit allows; raise it, or remove stores" in error
    assert list((tmp_path / "prepared").iterdir()) == []


def test_a_disk_without_room_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rather than half-way."""
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    assert run_command(main, ["demo", "--runs", str(tmp_path)]) == 2
    assert (
        "has 0.00 GB free; make room, or name another folder with --runs" in capsys.readouterr().err
    )


def test_a_layout_and_pca_options_add_up(tmp_path: Path) -> None:
    """Widths of the command line stand beside those of the file."""
    layout = tmp_path / "layout.yaml"
    layout.write_text("pca: {audio: 2}\nstorage: float32\n")
    arguments = [str(write_tiny(tmp_path)), "--layout", str(layout), "--pca", "visual=2"]
    assert run_command(main, [*arguments, "--runs", str(tmp_path)]) == 0
    store = open_store(_store(tmp_path))
    dims = {stream.name: stream.dim for stream in store.schema.streams}
    assert (dims["audio"], dims["visual"], dims["sync"]) == (2, 2, 2)
    assert store.search_splits().train.streams["audio"].dtype == np.float32


def test_the_manuals_layout_is_written_on_request(tmp_path: Path) -> None:
    """A plain pickle with features, labels and masks of every split."""
    out = tmp_path / "processed.pkl"
    arguments = [str(write_tiny(tmp_path)), "--runs", str(tmp_path), "--legacy-pickle", str(out)]
    assert run_command(main, arguments) == 0
    data = pickle.loads(out.read_bytes())
    assert {name: set(split) for name, split in data.items()} == {
        name: {"features", "labels", "valid_masks"} for name in ("train", "val", "test")
    }
    train = data["train"]
    assert train["features"]["audio"].shape == (40, 5, 4)
    assert train["valid_masks"]["overall"].sum() < 40


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["demo", "--pca", "au"], "--pca is 'au', expected STREAM=WIDTH such as keypoint=64"),
        (["demo", "--pca", "au=x"], "--pca is 'au=x', expected STREAM=WIDTH"),
        (["demo", "--pca", "au=0"], "data.pca.au is 0, expected an integer >= 1"),
        (["demo", "--pca", "nix=1"], "data.pca names stream 'nix', expected one of ['visual'"),
        (["demo", "--store-limit", "-1"], "--store-limit is -1, expected a number >= 0"),
        (["demo", "--layout", "nix.yaml"], "cannot read nix.yaml: No such file"),
        (["demo", "--legacy-pickle", "."], "is a folder, expected the name of a file"),
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
