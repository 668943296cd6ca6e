"""Every seed of a study, derived from the study's own seed.

A study draws random numbers for several purposes. Each is a stream with its own number, so that seeds
of two streams differ, whatever further numbers (a trial's, a fold's) they are derived from.
"""

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a seed is for. A number is never changed or given to another stream."""

    TRIAL = 0
    """Training a trial; path: the trial's number."""
    SUGGEST = 1
    """A trial's sampler; path: the trial's number."""
    SOBOL = 2
    """The one Sobol sequence of a study; no path."""
    SPARED = 3
    """Offset of the evenly spaced spared trials; no path."""
    FOLDS = 4
    """The cut of the confirmation's folds; no path."""
    FOLD_RUN = 5
    """A run of the confirmation; path: repetition, fold."""
    TEST_RUN = 6
    """A run that is scored on the test split; path: repetition."""
    BENCHMARK_FOLDS = 7
    """The cut of the folds on which `benchmarks.search` judges incumbents; no path."""
    BENCHMARK_FOLD_RUN = 8
    """A run of an incumbent on those folds; path: fold."""


def derive_seed(study_seed: int, stream: Stream, *path: int) -> int:
    """A seed for one part of a study, statistically independent of every other part's.

    The stream and the path are the spawn key of NumPy's `SeedSequence`, which, unlike its entropy,
    is not padded with zeros: `(1,)` and `(1, 0)` give different seeds.

    Args:
        study_seed: The study's seed, >= 0.
        stream: What the seed is for.
        path: Numbers that identify the seed within its stream, such as a trial's; each >= 0.

    Returns:
        32 bits, since Optuna's samplers and scikit-learn take no more.
    """
    sequence = np.random.SeedSequence(study_seed, spawn_key=(int(stream), *path))
    return int(sequence.generate_state(1)[0])
