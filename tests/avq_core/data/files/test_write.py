"""Writing a data set: the same in every format, and complete or not at all."""

import json
import pickle
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from avq_core.config.data import DataConfig
from avq_core.data.dataset import Dataset
from avq_core.data.files.read import load_dataset
from avq_core.data.files.write import files, write
from avq_core.data.schema import Schema
from avq_core.data.synthetic import DemoSize, make_demo
from avq_core.errors import ConfigError


def _dataset(folder: Path) -> tuple[Path, Schema]:
    rng = np.random.default_rng(0)

    def sample(index: int) -> dict[str, Any]:
        features: dict[str, Any] = {
            "audio": rng.normal(size=(3 + index % 3, 2)).astype(np.float32),
            "sync": rng.normal(size=2).astype(np.float32),
        }
        features["audio"][0, 0] = np.nan
        if index % 2:
            del features["sync"]
        labels = {"overall_score": 0.1 * index if index else -1.0}
        group = {} if index == 2 else {"group": f"g{index}"}
        return {"features": features, "labels": labels, **group}

    raw = {name: [sample(i) for i in range(5)] for name in ("train", "val", "test")}
    path = folder / "source.pkl"
    path.write_bytes(pickle.dumps(raw))
    return path, load_dataset(str(path), DataConfig()).schema


def _demo() -> Dataset:
    size = DemoSize(num_frames=5, clips={"train": 8, "val": 6, "test": 6})
    return make_demo(size=size)


@pytest.mark.parametrize("suffix", [".pkl", ".npz", ".safetensors"])
def test_a_data_set_is_the_same_in_every_format(tmp_path: Path, suffix: str) -> None:
    """Lengths, absent streams, NaN, missing labels and groups are kept."""
    source, schema = _dataset(tmp_path)
    before = load_dataset(str(source), DataConfig())
    write(before, tmp_path / f"copy{suffix}")
    after = load_dataset(str(tmp_path / f"copy{suffix}"), DataConfig())
    assert after.schema == schema
    for name, split in before.splits.items():
        assert after.splits[name].groups == split.groups
        np.testing.assert_array_equal(after.splits[name].labels, split.labels)
        for stream, samples in split.features.items():
            for old, new in zip(samples, after.splits[name].features[stream], strict=True):
                np.testing.assert_array_equal(np.array(new), np.array(old))
    assert not list(tmp_path.glob("*.part"))


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    """An error is raised before anything is written."""
    source, _ = _dataset(tmp_path)
    with pytest.raises(ConfigError, match=r"ends in '\.csv', expected one of \.pkl, \.npz, "):
        write(load_dataset(str(source), DataConfig()), tmp_path / "copy.csv")


def test_the_safetensors_library_reads_what_is_written(tmp_path: Path) -> None:
    """Our own writer writes header and arrays, so the library must agree with it."""
    source, _ = _dataset(tmp_path)
    dataset = load_dataset(str(source), DataConfig())
    write(dataset, tmp_path / "copy.safetensors")
    arrays = load_file(tmp_path / "copy.safetensors")
    present = [sample is not None for sample in dataset.splits["val"].features["sync"]]
    np.testing.assert_array_equal(arrays["val/present/sync"], present)
    np.testing.assert_array_equal(arrays["val/frames"], [3, 4, 5, 3, 4])
    assert arrays["val/features/audio"].shape == (5, 5, 2)
    np.testing.assert_array_equal(
        arrays["val/features/audio"][1, :4], dataset.splits["val"].features["audio"][1]
    )
    groups = json.loads((tmp_path / "copy.json").read_text())["val"]["group"]
    assert groups == ["g0", "g1", "", "g3", "g4"]


@pytest.mark.parametrize("suffix", [".pkl", ".npz", ".safetensors"])
def test_writing_needs_memory_for_one_stream_only(tmp_path: Path, suffix: str) -> None:
    """The whole set is never copied, so that a large one can be written."""
    dataset = make_demo(size=DemoSize(num_frames=20, clips={"train": 40, "val": 40, "test": 40}))
    widest = 40 * 20 * 1404 * 4
    tracemalloc.start()
    try:
        write(dataset, tmp_path / f"copy{suffix}")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # NumPy writes an array in pieces of 16 MB, here the whole of it.
    assert peak < (2.3 if suffix == ".npz" else 1.3) * widest


def test_a_failure_keeps_both_old_files(tmp_path: Path) -> None:
    """Tensors and the groups beside them always belong to the same data set."""
    path = tmp_path / "copy.safetensors"
    write(_demo(), path)
    before = [file.read_bytes() for file in files(path)]
    broken = make_demo(size=DemoSize(num_frames=5, clips={"train": 8, "val": 6, "test": 9}), seed=1)
    broken.splits["test"].features["audio"][0] = np.zeros((99, 1), np.float32)
    with pytest.raises(ValueError, match="broadcast"):
        write(broken, path)
    assert [file.read_bytes() for file in files(path)] == before
    assert sorted(tmp_path.iterdir()) == sorted(files(path))


def test_the_manuals_examples_write_what_is_read(
    tmp_path: Path,
) -> None:
    """The Python examples of docs/data.md, each run in its own process."""
    manual = Path(__file__).parents[4] / "docs" / "data.md"
    examples = re.findall(r"```python\n(.*?)```", manual.read_text(encoding="utf-8"), re.DOTALL)
    for code in examples:
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=60)
    for suffix in (".pkl", ".npz", ".safetensors"):
        read = load_dataset(str(tmp_path / f"clips{suffix}"), DataConfig())
        assert {name: len(split) for name, split in read.splits.items()} == {
            "train": 80,
            "val": 20,
            "test": 20,
        }
        assert set(read.schema.tasks) == {"overall", "cross_modal"}
        assert len(set(read.splits["train"].groups)) == 20
        assert np.isnan(read.splits["train"].labels).any()
