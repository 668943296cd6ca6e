"""Search score and confirmed score side by side."""

import math

import pytest
from made_records import confirmed as confirm
from made_records import made_study, with_confirmation

from studies.plots.confirmed import confirmed


def test_each_candidate_has_both_scores_and_its_error() -> None:
    """The best confirmed one is on top, which is last."""
    study = confirm(made_study())
    gaps, searched, kept = confirmed(study).data
    assert kept.y[-1].endswith(f"#{study.chosen} chosen")
    assert "#0 baseline, dropped" in kept.y
    trial = study.trials[study.chosen or 0]
    assert searched.x[-1] == trial.score
    assert kept.x[-1] == pytest.approx((trial.score or 0) - 0.06)
    assert set(kept.error_x.array) == {0.012, None}  # unknown for a single run
    assert len(gaps.x) == 3 * len(kept.x)


def test_candidates_without_an_error_have_no_bars() -> None:
    """Nor does the legend speak of them; one without a score is left out."""
    study = confirm(made_study())
    assert study.confirmation is not None
    first, *others = (
        candidate.model_copy(update={"score_error": math.nan})
        for candidate in study.confirmation.candidates
    )
    rows = (first.model_copy(update={"score_mean": math.nan}), *others)
    kept = confirmed(with_confirmation(study, candidates=rows)).data[2]
    assert kept.name == "confirmed score"
    assert len(kept.x) == len(rows) - 1


def test_nothing_is_drawn_before_the_confirmation() -> None:
    """There is nothing to compare with."""
    assert confirmed(made_study()) is None
