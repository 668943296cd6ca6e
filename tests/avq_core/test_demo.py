"""`python -m avq_core.demo`: writes the demo set to a file."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from avq_core.config.data import DataConfig
from avq_core.data import synthetic
from avq_core.data.files.read import load_dataset
from avq_core.data.schema import DEFAULT_STREAM_SHAPES
from avq_core.data.synthetic import FULL, NAN_SHARE, DemoSize, make_demo
from avq_core.demo import main
from avq_core.run_command import run_command


@pytest.mark.parametrize("suffix", [".pkl", ".npz", ".safetensors"])
def test_the_file_holds_the_demo_set(
    tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read again, it equals the set called `demo`, and the attainable R² is printed."""
    size = DemoSize(num_frames=5, clips={"train": 8, "val": 6, "test": 6})
    monkeypatch.setattr(synthetic, "SMALL", size)
    path = tmp_path / f"demo{suffix}"
    assert run_command(main, ["--out", str(path), "--seed", "3"]) == 0
    output = capsys.readouterr().out
    assert "making 20 clips of 5 frames" in output
    assert f"next: python -m avq_core.audit {path}" in output
    assert "attainable R² on test: lip_sync" in output
    read, made = load_dataset(str(path), DataConfig()), make_demo(size=size, seed=3)
    assert read.schema.streams == made.schema.streams
    for name, split in made.splits.items():
        columns = [read.schema.tasks.index(task) for task in made.schema.tasks]
        np.testing.assert_array_equal(read.splits[name].labels[:, columns], split.labels)
        for stream, values in split.features.items():
            got = read.splits[name].features[stream]
            np.testing.assert_array_equal(np.stack(got), np.stack(values))  # type: ignore[arg-type]


def test_full_has_the_size_of_the_users_file() -> None:
    """1,602 clips of 150 frames with 29,829 NaN, 2.3 GB."""
    assert sum(FULL.clips.values()) == 1602
    frames, dim = DEFAULT_STREAM_SHAPES["visual"]
    assert FULL.num_frames == frames
    holes = [round(clips * frames * dim * NAN_SHARE) for clips in FULL.clips.values()]
    assert sum(holes) == 29_829


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "demo.csv"], "demo.csv ends in '.csv', expected one of .pkl, .npz"),
        (["--out", "folder.pkl"], "folder.pkl is a folder, expected the name of a file"),
        (["--out", "beside.safetensors"], "beside.json is a folder, expected the name of a file"),
        (["--out", "demo.pkl", "--seed", "-1"], "--seed is -1, expected an integer >= 0"),
        ([], "the following arguments are required: --out"),
    ],
)
def test_a_mistake_is_an_error_before_the_work(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    """One line, exit status 2, and nothing is made."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.pkl").mkdir()
    (tmp_path / "beside.json").mkdir()
    assert run_command(main, arguments) == 2
    seen = capsys.readouterr()
    assert message in seen.err
    assert "making" not in seen.out


def test_a_full_disk_is_an_error_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message has the space that is needed and that is free."""
    usage = shutil.disk_usage(tmp_path)._replace(free=2_000_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    assert run_command(main, ["--full", "--out", str(tmp_path / "full.npz")]) == 2
    seen = capsys.readouterr()
    assert "full.npz takes 2.26 GB, but " in seen.err
    assert "has 2.00 GB free; make room" in seen.err
    assert "making" not in seen.out
    assert not list(tmp_path.iterdir())
