"""Promised and confirmed scores side by side."""

import dataclasses

import pytest
from made_records import confirmed, made_study

from studies.plots.promise import promise


def test_each_candidate_has_both_figures_and_its_error() -> None:
    """The best confirmed one is on top, which is last."""
    study = confirmed(made_study())
    gaps, promised, kept = promise(study).data
    assert kept.y[-1].endswith(f"#{study.chosen} chosen")
    assert "#0 baseline, dropped" in kept.y
    trial = study.trials[study.chosen or 0]
    assert promised.x[-1] == trial.score
    assert kept.x[-1] == pytest.approx((trial.score or 0) - 0.06)
    assert set(kept.error_x.array) == {0.012, None}  # of one run nobody knows it
    assert len(gaps.x) == 3 * len(kept.x)


def test_earlier_studies_have_no_errors() -> None:
    """Nor does their legend speak of them."""
    study = confirmed(made_study())
    rows = [dict(row) for row in (study.confirmation or {})["candidates"]]
    for row in rows:
        del row["score_error"]
    rows[0]["score_mean"] = None
    old = dataclasses.replace(study, confirmation={"candidates": rows})
    kept = promise(old).data[2]
    assert kept.name == "confirmed"
    assert len(kept.x) == len(rows) - 1


def test_nothing_is_drawn_before_the_confirmation() -> None:
    """There is nothing to compare with."""
    assert promise(made_study()) is None
