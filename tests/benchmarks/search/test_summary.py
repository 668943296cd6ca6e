"""Methods beside each other: what is paired, and what is said where a score is missing."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.search.curves import searched_curve
from benchmarks.search.plot import draw, mean_curve
from benchmarks.search.results import SearchRun, TrialRun, read_run, write_run
from benchmarks.search.summary import baseline_note, reach, summarise, table, to_plain

MakeRun = Callable[..., SearchRun]


def test_time_and_epochs_to_the_reference_are_shares_of_its_whole_run(make_run: MakeRun) -> None:
    """The run has 0.4 after 20 of the reference's 40 seconds, and after 8 of its 16 epochs."""
    reference = make_run(0.1, 0.2, 0.4, 0.3, method="optuna-median")
    result = reach(make_run(0.3, 0.5), reference)
    assert result is not None
    assert (result.time, result.epochs) == (0.5, 0.5)


def test_a_run_that_never_reaches_the_reference_has_no_time(make_run: MakeRun) -> None:
    """The time of its end does not stand in."""
    assert reach(make_run(0.3), make_run(0.4, method="optuna-median")) is None


def test_rounding_does_not_keep_a_run_from_its_reference(make_run: MakeRun) -> None:
    """The same trial on one thread and on two differs in the last digits."""
    assert reach(make_run(0.39999), make_run(0.4, method="optuna-median")) is not None


def test_luck_in_the_search_does_not_count_as_reaching_the_reference(make_run: MakeRun) -> None:
    """By search score it reaches it at once, by confirmed score with its second incumbent."""
    reference = make_run(0.3, 0.3, method="optuna-median")
    lucky = make_run(0.5, 0.6, confirmed={0: (0.2,), 1: (0.4,)})
    confirmed, searched = reach(lucky, reference), reach(lucky, reference, curve=searched_curve)
    assert confirmed is not None
    assert searched is not None
    assert (searched.time, confirmed.time) == (0.5, 1.0)
    never = make_run(0.5, 0.6, confirmed={0: (0.4,), 1: (0.2,)})
    assert reach(never, reference) is None


def test_differences_are_paired_by_seed(make_run: MakeRun) -> None:
    """Seeds differ much and methods little: unpaired, the interval would hide the difference."""
    runs = [
        make_run(0.5, method=method, seed=seed, confirmed={0: (0.1 * seed + gain,)})
        for method, gain in (("ours", 0.02), ("random", 0.0))
        for seed in range(4)
    ]
    ours, random = summarise(runs)
    assert ours.ours_better_by.mean is None
    assert random.ours_better_by.mean == pytest.approx(0.02)
    assert random.ours_better_by.half_width == pytest.approx(0.0, abs=1e-9)
    assert random.confirmed.half_width > 0.1


def test_a_fold_that_diverged_leaves_the_run_without_a_confirmed_score(make_run: MakeRun) -> None:
    """A mean over the other folds would flatter it; the table counts who has one."""
    runs = [
        make_run(0.5, method="random", seed=0, confirmed={0: (0.1, 0.3)}),
        make_run(0.5, method="random", seed=1, confirmed={0: (0.9, None)}),
    ]
    (row,) = summarise(runs)
    assert (row.confirmed.mean, row.confirmed.num) == (pytest.approx(0.2), 1)
    assert "0.200 (1 of 2)" in table([row])


def test_the_table_says_how_many_seeds_reached_the_reference(make_run: MakeRun) -> None:
    """Beside the mean over those that did."""
    runs = [make_run(0.4, 0.6, method="optuna-median", seed=seed) for seed in range(2)]
    runs += [make_run(0.7, seed=0), make_run(0.5, seed=1)]
    rows = {row.method: row for row in summarise(runs)}
    ours = rows["ours"]
    assert (ours.to_reference.reached, ours.to_reference.compared) == (1, 2)
    assert ours.to_reference.time.mean == ours.to_reference_searched.time.mean == 0.5
    assert "1 of 2" in table(list(rows.values()))


def test_a_reference_that_diverged_on_a_fold_is_not_compared_with(make_run: MakeRun) -> None:
    """It has no confirmed score to reach, but it has a search score."""
    reference = make_run(0.4, method="optuna-median", confirmed={0: (None,)})
    ours = summarise([reference, make_run(0.5)])[1]
    assert (ours.to_reference.reached, ours.to_reference.compared) == (0, 0)
    assert (ours.to_reference_searched.reached, ours.to_reference_searched.compared) == (1, 1)


def test_without_the_reference_nothing_is_compared_with_it(make_run: MakeRun) -> None:
    """The row is complete all the same."""
    (row,) = summarise([make_run(0.5)])
    assert (row.to_reference.compared, row.to_reference.time.mean) == (0, None)


def test_the_cost_of_the_manual_baseline_is_reported(
    make_run: MakeRun, make_trial: Callable[..., TrialRun]
) -> None:
    """It is part of our time and epochs, and the peers do not train it."""
    run = make_run(0.5)
    assert baseline_note([run]) is None
    manual = make_trial(started=2.0, ended=92.0, epochs=30, baseline=True)
    note = baseline_note([dataclasses.replace(run, trials=(*run.trials, manual))])
    assert note == "of ours, the manual baseline took 30 epochs and 90 s of one worker"


def test_results_are_strict_json(make_run: MakeRun) -> None:
    """JSON has no NaN: a missing score is null."""
    plain = to_plain([make_run(0.5, None, confirmed={0: (None,)})])
    (run,) = json.loads(json.dumps(plain, allow_nan=False))["runs"]
    assert run["incumbents"] == [[10.0, 0.5]]
    assert run["incumbents_confirmed"] == [[10.0, None]]


def test_a_run_is_read_back_from_its_file(make_run: MakeRun, tmp_path: Path) -> None:
    """With and without confirmed scores; a search that was not run has no file."""
    path = tmp_path / "results" / "ours-0.json"
    assert read_run(path) is None
    for run in (make_run(0.5, None, confirmed={}), make_run(0.5, confirmed={0: (0.1, None)})):
        write_run(path, run)
        assert read_run(path) == run


def test_a_mean_curve_spans_from_the_last_first_incumbent_to_the_last_end(
    make_run: MakeRun,
) -> None:
    """Before it, a mean would be over fewer runs and jump; a run that has ended keeps its score."""
    runs = [make_run(0.2, 0.4, seed=0), make_run(None, 0.3, 0.6, 0.6, seed=1)]
    seconds, mean, width = mean_curve(runs, searched_curve)
    assert (seconds[0], seconds[-1]) == (20.0, 40.0)
    assert mean[0] == pytest.approx((0.4 + 0.3) / 2)
    assert mean[-1] == pytest.approx((0.4 + 0.6) / 2)
    assert np.isfinite(width).all()


def test_the_plot_is_a_png(make_run: MakeRun, tmp_path: Path) -> None:
    """One seed is enough, and the folder is made."""
    path = tmp_path / "plots" / "incumbents.png"
    diverged = make_run(0.3, method="random", confirmed={0: (None,)})
    draw([make_run(0.2, 0.4), diverged], path)
    assert path.read_bytes().startswith(b"\x89PNG")
