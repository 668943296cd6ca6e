"""The demo set: synthetic and deterministic, in the user's schema, with a known attainable R².

Every clip has latent factors. Some shift a stream for the whole clip (visible in a mean over time),
some set how strongly it moves (visible only in second-order statistics), one is a trend (visible only
in the order of the frames), one couples mouth and loudness (visible only across streams). A label is a
mix of factors plus noise of known size. The noise cannot be predicted, so the R² of the noise-free mix
is the ceiling. Movement and coupling are measured in the finished frames, which makes the ceiling exact.

Shapes: N clips, T frames, D columns of a stream, K tasks.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from avq_core.data.dataset import Dataset, RawSplit
from avq_core.data.schema import DEFAULT_STREAM_SHAPES, Schema, Stream

DEMO_VERSION: Final = 1
"""Part of the set's fingerprint. To be raised whenever a value of the set changes, and only then, since
a study refuses to resume on another demo set. A test compares the values with a stored hash."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoSize:
    """The size of a demo set."""

    num_frames: int
    """Frames of every clip."""
    clips: Mapping[str, int]
    """Number of clips by split."""


SMALL: Final = DemoSize(num_frames=30, clips={"train": 320, "val": 120, "test": 160})
"""The size of the set called `demo`: small enough that a study on a CPU takes minutes."""
FULL: Final = DemoSize(num_frames=150, clips={"train": 953, "val": 239, "test": 410})
"""The size of the user's file, 2.3 GB with 29,829 NaN, for measurements."""
CLIPS_PER_GROUP: Final = 4
MISSING_SHARE: Final = 0.285
"""Share of the labels that are missing; 27 to 30 % in the user's file."""
NAN_SHARE: Final = 29_829 / (1_602 * 150 * 163)
"""Share of the visual values that are NaN, in runs of frames; as in the user's file."""
NOISE_SHARE: Final = 0.15
"""Share of a label's variance that is noise."""
LABEL_CENTRE, LABEL_SCALE = 0.1, 0.28

_TASKS: Final = ("lip_sync", "expression", "audio_quality", "cross_modal", "overall")
_MIX: Final[Mapping[str, Mapping[str, float]]] = {
    "lip_sync": {"coupling": 0.7, "mouth": 0.7},
    "expression": {"face": 0.7, "activity": 0.6, "trend": 0.4},
    "audio_quality": {"clarity": 0.8, "loudness": 0.6},
    "cross_modal": {"coupling": 0.6, "mouth": 0.4, "clarity": 0.5, "activity": 0.4},
    "overall": {"face": 0.5, "clarity": 0.5, "coupling": 0.4, "activity": 0.4, "loudness": 0.3},
}
_SHIFTS: Final[Mapping[str, tuple[str, ...]]] = {
    "clarity": ("audio", "syncnet"),
    "mouth": ("keypoint", "au", "syncnet"),
    "face": ("visual", "keypoint", "au"),
}
"""Factors that shift a stream for the whole clip, and the streams that they shift."""
_MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "activity": ("keypoint", "au"),
    "loudness": ("audio",),
    "trend": ("keypoint", "visual"),
    "voice": ("audio",),
    "lips": ("keypoint", "au"),
}
"""Movements over time with mean 0, and the streams that they move."""
_SHIFT_STRENGTH, _MOVE_STRENGTH, _NUISANCE_STRENGTH, _FRAME_NOISE = 0.45, 0.9, 0.5, 0.6
_NUISANCES: Final = 6

Array = npt.NDArray[np.float64]


def demo_fingerprint(seed: int = 0) -> str:
    """The fingerprint of a seed's demo set, without making the set."""
    return hashlib.sha256(f"demo set, version {DEMO_VERSION}, seed {seed}".encode()).hexdigest()


def make_demo(*, size: DemoSize = SMALL, seed: int = 0) -> Dataset:
    """Makes the demo set.

    Args:
        size: Clips and frames; `FULL` takes about 3 GB of memory.
        seed: The same seed gives the same set, bit by bit, with the same NumPy.

    Returns:
        Three splits that share no group, and the attainable R² by split and task.
    """
    rng = np.random.default_rng(seed)
    directions = _directions(rng)
    splits: dict[str, RawSplit] = {}
    attainable: dict[str, dict[str, float]] = {}
    first_group = 0
    for name, num_clips in size.clips.items():
        split, ceilings = _make_split(rng, directions, (num_clips, size.num_frames), first_group)
        splits[name], attainable[name] = split, ceilings
        first_group += -(-num_clips // CLIPS_PER_GROUP)
    streams = tuple(
        Stream(name=stream, dim=shape[-1], temporal=len(shape) == 2)
        for stream, shape in DEFAULT_STREAM_SHAPES.items()
    )
    schema = Schema(streams=streams, num_frames=size.num_frames, tasks=_TASKS)
    return Dataset(schema=schema, splits=splits, attainable_r2=attainable)


def _directions(rng: np.random.Generator) -> dict[tuple[str, str], Array]:
    """(factor, stream) to the factor's pattern over the stream's columns (D,), standard normal."""
    factors = {**_SHIFTS, **_MOVES}
    keys = [(factor, stream) for factor, shown in factors.items() for stream in shown]
    for stream, shape in DEFAULT_STREAM_SHAPES.items():
        if len(shape) == 2:
            keys += [(f"nuisance {i}", stream) for i in range(_NUISANCES)]
    return {
        (factor, stream): rng.standard_normal(DEFAULT_STREAM_SHAPES[stream][-1])
        for factor, stream in keys
    }


def _make_split(
    rng: np.random.Generator,
    directions: Mapping[tuple[str, str], Array],
    shape: tuple[int, int],
    first_group: int,
) -> tuple[RawSplit, dict[str, float]]:
    """A split of N clips and T frames, and each task's attainable R²."""
    num_clips, _ = shape
    group = first_group + np.arange(num_clips) // CLIPS_PER_GROUP
    shifts = {name: rng.standard_normal(num_clips) for name in _SHIFTS}
    moves = _movements(rng, shape)
    features = {
        stream: _stream(rng, stream, directions=directions, shifts=shifts, moves=moves, group=group)
        for stream in DEFAULT_STREAM_SHAPES
    }
    _punch_holes(rng, features["visual"])
    factors = {**shifts, **_realised(moves)}
    labels, ceilings = _labels(rng, factors, num_clips)
    split = RawSplit(
        features={stream: list(values) for stream, values in features.items()},
        labels=labels,
        groups=[f"speaker{number:03d}" for number in group],
    )
    return split, ceilings


def _movements(rng: np.random.Generator, shape: tuple[int, int]) -> dict[str, Array]:
    """Movements by name, each (N, T) with mean 0 over time."""
    num_clips, num_frames = shape
    energy = {
        name: np.exp(0.5 * rng.standard_normal(num_clips)) for name in ("activity", "loudness")
    }
    moves = {name: energy[name][:, None] * _wave(rng, shape) for name in energy}
    ramp = np.linspace(-1.7, 1.7, num_frames)
    moves["trend"] = rng.standard_normal(num_clips)[:, None] * ramp
    moves["voice"] = _wave(rng, shape)
    rho = rng.uniform(-1, 1, num_clips)[:, None]
    moves["lips"] = rho * moves["voice"] + np.sqrt(1 - rho**2) * _wave(rng, shape)
    return moves


def _wave(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Smooth noise (N, T) with mean 0 and standard deviation 1 over time in every clip."""
    white = rng.standard_normal((shape[0], shape[1] + 2))
    smooth = white[:, :-2] + white[:, 1:-1] + white[:, 2:]
    smooth -= smooth.mean(axis=1, keepdims=True)
    return np.asarray(smooth / smooth.std(axis=1, keepdims=True))


def _realised(moves: Mapping[str, Array]) -> dict[str, Array]:
    """Each movement's factor (N,), measured in the frames."""
    ramp = np.linspace(-1.7, 1.7, moves["trend"].shape[1])
    return {
        "activity": np.log(moves["activity"].std(axis=1)),
        "loudness": np.log(moves["loudness"].std(axis=1)),
        "trend": moves["trend"] @ ramp,
        "coupling": (moves["voice"] * moves["lips"]).mean(axis=1) / moves["lips"].std(axis=1),
    }


def _stream(
    rng: np.random.Generator,
    stream: str,
    *,
    directions: Mapping[tuple[str, str], Array],
    shifts: Mapping[str, Array],
    moves: Mapping[str, Array],
    group: npt.NDArray[np.int64],
) -> npt.NDArray[np.float32]:
    """One stream of a split: (N, T, D), or (N, D) where clip-level."""
    dim, temporal = DEFAULT_STREAM_SHAPES[stream][-1], len(DEFAULT_STREAM_SHAPES[stream]) == 2
    clip = np.zeros((len(group), dim))
    for factor, shown in _SHIFTS.items():
        if stream in shown:
            clip += _SHIFT_STRENGTH * np.outer(shifts[factor], directions[factor, stream])
    if not temporal:
        clip += 0.2 * rng.standard_normal(clip.shape)
        return clip.astype(np.float32)
    for i in range(_NUISANCES):
        # Half of a nuisance belongs to the speaker and is the same in all clips of the group.
        speaker = rng.standard_normal(int(group.max()) + 1)[group]
        amount = (speaker + rng.standard_normal(len(group))) / np.sqrt(2)
        clip += _NUISANCE_STRENGTH * np.outer(amount, directions[f"nuisance {i}", stream])
    noise = rng.standard_normal((*moves["trend"].shape, dim), dtype=np.float32)
    values = noise * np.float32(_FRAME_NOISE) + clip[:, None].astype(np.float32)
    for move, shown in _MOVES.items():
        if stream in shown:
            pattern = (_MOVE_STRENGTH * directions[move, stream]).astype(np.float32)
            values += moves[move].astype(np.float32)[:, :, None] * pattern
    if stream == "visual":
        # As in the user's file, some columns have values of several hundred.
        values *= np.where(np.arange(dim) % 10 == 0, np.float32(100.0), np.float32(1.0))
    return values


def _punch_holes(rng: np.random.Generator, visual: npt.NDArray[np.float32]) -> None:
    """Sets runs of 3 to 8 frames of a column to NaN, at the rate of the user's file."""
    holes = round(visual.size * NAN_SHARE)
    while holes > 0:
        clip, column = rng.integers(len(visual)), rng.integers(visual.shape[2])
        length = min(int(rng.integers(3, 9)), holes)
        start = int(rng.integers(visual.shape[1] - length + 1))
        run = visual[clip, start : start + length, column]
        holes -= int(np.isfinite(run).sum())
        run[:] = np.nan


def _labels(
    rng: np.random.Generator, factors: Mapping[str, Array], num_clips: int
) -> tuple[npt.NDArray[np.float32], dict[str, float]]:
    """Labels (N, K) in the user's units, NaN where missing, and each task's attainable R²."""
    labels = np.empty((num_clips, len(_TASKS)))
    ceilings = {}
    for k, task in enumerate(_TASKS):
        mix = sum(weight * _standard(factors[name]) for name, weight in _MIX[task].items())
        signal = _standard(np.asarray(mix)) * np.sqrt(1 - NOISE_SHARE)
        noise = np.sqrt(NOISE_SHARE) * rng.standard_normal(num_clips)
        # Clipped at 3.2 standard deviations, so that every label is valid.
        unit = np.clip(signal + noise, -3.2, 3.2)
        label = np.round(LABEL_CENTRE + LABEL_SCALE * unit, 4)
        best = LABEL_CENTRE + LABEL_SCALE * signal
        label[rng.permutation(num_clips)[: round(num_clips * MISSING_SHARE)]] = np.nan
        valid = np.isfinite(label)
        error = np.square(label[valid] - best[valid]).sum()
        ceilings[task] = float(1 - error / np.square(label[valid] - label[valid].mean()).sum())
        labels[:, k] = label
    return labels.astype(np.float32), ceilings


def _standard(values: Array) -> Array:
    return np.asarray((values - values.mean()) / values.std())
