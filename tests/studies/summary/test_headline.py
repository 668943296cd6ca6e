"""The verdict, and the main metrics at a glance."""

import dataclasses

import optuna
from made_records import confirmed as confirm
from made_records import made_study

from studies.records.read import read_study
from studies.summary.headline import glance, headline, points


def test_the_headline_says_what_was_confirmed(study: optuna.Study, empty: optuna.Study) -> None:
    """And says so where nothing was."""
    assert headline(read_study(empty)) == ["No trial is complete yet."]
    said = " ".join(headline(read_study(study)))
    assert "trial #1 reached cross_modal R² 0.550 and overall R² 0.450" in said
    assert "manual's configuration (#0) reached cross_modal R² 0.150" in said
    assert "not confirmed yet" in said


def test_the_headline_of_a_confirmed_study_is_of_the_test_split(confirmed: optuna.Study) -> None:
    """The chosen trial's metrics, not the best's; the points say what it beats."""
    record = read_study(confirmed)
    (tested,) = headline(record)
    assert "Trial #2" in tested
    assert "overall R² 0.310 on the test split" in tested
    said = points(record)
    assert any(
        one.startswith("On test the chosen configuration beats the manual's") for one in said
    )


def test_the_winners_curse_is_told_first() -> None:
    """Search score, confirmed score, and their difference."""
    said = points(confirm(made_study()))
    assert "confirmed score: 0.654 ± 0.012" in said[0]
    assert "0.060 too high, as the best of 40 noisy scores is" in said[0]


def test_the_manuals_score_is_not_called_unconfirmed() -> None:
    """Where nothing beat it there is no choice that luck could have made."""
    study = made_study(trials=1)
    assert headline(study) == ["No trial is better than the manual's configuration yet."]


def test_the_glance_has_a_row_a_stage() -> None:
    """Search, confirmation and both watched R² on test, which are marked."""
    table = glance(confirm(made_study()))
    assert table is not None
    assert [row[0] for row in table.rows] == [
        "search: score on val",
        "confirmed: score, 3 folds × 2 seeds",
        "test: cross_modal R² [95 %]",
        "test: overall R² [95 %]",
    ]
    assert table.head == ["", "the manual's #0", "chosen #15", "difference"]
    # The manual's was dropped after a run, and the difference is over what both ran.
    assert table.rows[1][1].endswith(", 1 run")
    assert table.rows[1][2:] == ["0.654 ± 0.012", "0.640"]
    assert table.marks == ["", "", "best", "best"]


def test_the_glance_of_a_search_alone_has_its_watched_metrics() -> None:
    """Those of the best trial; no table where there is no trial."""
    table = glance(made_study())
    assert table is not None
    assert [row[0].split(":")[0] for row in table.rows] == ["search"] * 3
    assert table.head[2] == "best #15"
    assert glance(dataclasses.replace(made_study(), trials=[])) is None


def test_without_a_standard_error_the_deviation_is_shown(confirmed: optuna.Study) -> None:
    """Over the runs that exist."""
    table = glance(read_study(confirmed))
    assert table is not None
    assert table.rows[1] == [
        "confirmed: score, 3 folds",
        "0.100 (sd 0.020)",
        "0.330 (sd 0.020)",
        "",
    ]
