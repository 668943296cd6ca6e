"""A set quite unlike the user's: three streams, 17 tasks, 20 steps, one stream absent in half."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

NUM_TASKS = 17
TASKS = tuple(f"trait_{number:02d}" for number in range(NUM_TASKS))
LAYOUT = """\
splits: {val: validation}
keys: {features: inputs, labels: ratings, group: person}
streams: {gaze: eye_tracker}
ignore: [thumbnail]
label_min: 1
label_max: 5
missing_label: 0
missing_value: -999
"""
SIZES = {"train": 48, "validation": 24, "test": 24}


def make_clip(rng: np.random.Generator, index: int, *, ragged: bool) -> dict[str, Any]:
    """One clip: ratings from 1 to 5 that follow the streams, 0 where nobody rated."""
    steps = int(rng.integers(8, 21)) if ragged else 20
    gaze = rng.normal(size=(steps, 6)) + rng.normal()
    speech = rng.normal(size=(steps, 12)) + rng.normal()
    mood = rng.normal(size=3)
    gaze[0, 0] = -999
    inputs: dict[str, Any] = {"eye_tracker": gaze, "mood": mood, "thumbnail": b"jpeg"}
    if index % 2:
        inputs["speech"] = speech
    drives = (gaze[1:].mean(), speech.mean(), mood[0])
    ratings = {
        task: float(np.clip(3 + drives[k % 3] + 0.1 * k * rng.normal(), 1, 5))
        for k, task in enumerate(TASKS)
    }
    for task in rng.choice(TASKS, 4, replace=False):
        ratings[task] = 0.0
    return {"inputs": inputs, "ratings": ratings, "person": index // 2}


def write_other(folder: Path, *, ragged: bool = False) -> tuple[Path, Path]:
    """Writes the file and its layout, and gives their paths."""
    rng = np.random.default_rng(0)
    start, data = 0, {}
    for name, size in SIZES.items():
        clips = range(start, start + size)
        data[name] = [make_clip(rng, i, ragged=ragged) for i in clips]
        start += size
    path, layout = folder / "other.pkl", folder / "layout.yaml"
    path.write_bytes(pickle.dumps(data))
    layout.write_text(LAYOUT)
    return path, layout
