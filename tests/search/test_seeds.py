"""Seeds of a study."""

from collections.abc import Iterator

import pytest

from search.seeds import Stream, derive_seed


def paths() -> Iterator[tuple[Stream, tuple[int, ...]]]:
    """Every path that a study of 500 trials draws a seed for."""
    for number in range(500):
        yield Stream.TRIAL, (number,)
        yield Stream.SUGGEST, (number,)
    for stream in (Stream.SOBOL, Stream.SPARED, Stream.FOLDS, Stream.BENCHMARK_FOLDS):
        yield stream, ()
    for repetition in range(5):
        yield Stream.TEST_RUN, (repetition,)
        for fold in range(5):
            yield Stream.FOLD_RUN, (repetition, fold)
    for fold in range(5):
        yield Stream.BENCHMARK_FOLD_RUN, (fold,)


@pytest.mark.parametrize("study_seed", [0, 1, 12345, 2**40])
def test_no_two_paths_of_a_study_share_a_seed(study_seed: int) -> None:
    """Every stream is among them, so a new one must be added to `paths`."""
    known = list(paths())
    assert {stream for stream, _ in known} == set(Stream)
    seeds = [derive_seed(study_seed, stream, *path) for stream, path in known]
    assert len(set(seeds)) == len(seeds)


def test_trailing_zeros_of_a_path_count() -> None:
    """Entropy that is padded with zeros would give all three the same seed."""
    seeds = {derive_seed(0, Stream.TRIAL, *path) for path in ((), (0,), (0, 0))}
    assert len(seeds) == 3


def test_seeds_of_two_studies_differ() -> None:
    """And are the same when asked again."""
    seeds = {derive_seed(study, Stream.TRIAL, number) for study in range(5) for number in range(50)}
    assert len(seeds) == 250
    assert derive_seed(3, Stream.TRIAL, 4) == derive_seed(3, Stream.TRIAL, 4)


def test_a_seed_is_never_changed() -> None:
    """A study that goes on with a newer version trains its next trials as an older one would have."""
    assert derive_seed(0, Stream.TRIAL, 0) == 4_088_532_484
    assert derive_seed(0, Stream.FOLD_RUN, 1, 2) == 2_209_355_803
