"""A finished study of the project as curves."""

from collections.abc import Callable

import numpy as np
import optuna
import pytest

from benchmarks.pruners.stored import stored_trials
from studies.errors import StudyError
from studies.records.read import read_study


def test_complete_trials_are_read_with_every_epoch(
    make_study: Callable[[int], optuna.Study],
) -> None:
    """All but the manual baseline and pruned ones, with the study's weights and judged epochs."""
    trials = stored_trials(read_study(make_study(20)))
    assert len(trials) == 20
    np.testing.assert_allclose(trials.metrics[10, :, 0], np.arange(1, 7) / 6)
    np.testing.assert_allclose(trials.metrics[10, :, 1], np.arange(1, 7) / 12)
    np.testing.assert_allclose(trials.score[10, -1], 0.75 + 0.25 / 2)
    np.testing.assert_allclose(trials.final, 0.875 * np.arange(20) / 10)
    assert set(trials.rungs) == {(2, 6)}
    assert trials.finishes.all()


def test_too_few_complete_trials_are_refused(make_study: Callable[[int], optuna.Study]) -> None:
    """The order would decide more than the rule."""
    message = "'stored' has 19 complete trials beside the manual baseline, expected at least 20"
    with pytest.raises(StudyError, match=message):
        stored_trials(read_study(make_study(19)))
