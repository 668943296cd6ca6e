"""The random streams of a training run, each with a seed of its own that is derived from the run's."""

from enum import IntEnum

import numpy as np


class RunStream(IntEnum):
    """What a run draws random numbers for. A number is never changed or given to another stream.

    `search.seeds` derives a study's seeds in the same way; its streams have numbers below 100.
    """

    WEIGHTS = 100
    """Initial weights, and after them dropout: PyTorch's default generators."""
    ORDER = 101
    """Order of the samples."""
    WINDOWS = 102
    """Windows of frames (`frame_crop`)."""


def stream_seed(seed: int, stream: RunStream) -> int:
    """A seed of 64 bits for one stream of the run with this seed, independent of the others."""
    sequence = np.random.SeedSequence(seed, spawn_key=(int(stream),))
    return int(sequence.generate_state(1, np.uint64)[0])
