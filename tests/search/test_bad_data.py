"""The main job on files that break the contract: each one line, exit 2, nothing left behind."""

import os
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import assert_one_line, make_samples, run, write_space

Data = dict[str, list[dict[str, Any]]]


class Bomb:
    """Runs a command when a naive reader opens it."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.canary}",)


def drop_split(data: Data) -> None:
    del data["val"]


def empty_split(data: Data) -> None:
    data["val"] = []


def drop_stream(data: Data) -> None:
    del data["val"][2]["features"]["audio"]


def misname_task(data: Data) -> None:
    labels = data["val"][2]["labels"]
    labels["overal_score"] = labels.pop("overall_score")


def bend_shape(data: Data) -> None:
    data["test"][1]["features"]["visual"] = np.zeros((5, 9), np.float32)


def raise_label(data: Data) -> None:
    data["train"][7]["labels"]["overall_score"] = 1.5


def hide_task(data: Data) -> None:
    for sample in data["train"]:
        sample["labels"]["lip_sync_score"] = -1.0


CASES: list[tuple[Callable[[Data], None], tuple[str, ...]]] = [
    (drop_split, ("val",)),
    (empty_split, ("val", "empty")),
    (drop_stream, ("val", "2", "audio")),
    (misname_task, ("val", "2", "overal'")),
    (bend_shape, ("test", "1", "visual", "(5, 9)")),
    (raise_label, ("train", "7", "1.5")),
    (hide_task, ("lip_sync", "train")),
]


def search(folder: Path, data: Path) -> subprocess.CompletedProcess[str]:
    return run(
        "search.run", "--data", data, "--space", write_space(folder), "--runs", folder / "runs",
        "--study", "bad", "--trials", 2,
    )  # fmt: skip


@pytest.mark.parametrize(("damage", "parts"), CASES, ids=lambda v: getattr(v, "__name__", ""))
def test_a_file_that_breaks_the_contract(
    tmp_path: Path, damage: Callable[[Data], None], parts: tuple[str, ...]
) -> None:
    """The line names the split, the sample and the stream or task."""
    data: Data = {
        "train": make_samples(8, 0),
        "val": make_samples(6, 1),
        "test": make_samples(6, 2),
    }
    damage(data)
    path = tmp_path / "bad.pkl"
    path.write_bytes(pickle.dumps(data))
    assert_one_line(search(tmp_path, path), *parts)
    assert not (tmp_path / "runs" / "bad").exists()


def test_a_file_that_is_no_pickle(tmp_path: Path) -> None:
    """A video, say."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\x00\x00\x00 ftypisom" + bytes(range(256)))
    assert_one_line(search(tmp_path, path), str(path), "pickle")


def test_a_pickle_that_calls_a_function(tmp_path: Path) -> None:
    """It is named and it is not called."""
    canary = tmp_path / "canary"
    path = tmp_path / "bomb.pkl"
    path.write_bytes(pickle.dumps({"train": [Bomb(canary)], "val": [], "test": []}))
    assert_one_line(search(tmp_path, path), "system")
    assert not canary.exists()
