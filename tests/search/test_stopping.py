"""When a study ends before its total, and who decides it."""

import dataclasses
import itertools
import math
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import optuna
import pytest
from commands import run, write_space, write_tiny
from optuna.trial import FrozenTrial, TrialState, create_trial

from search.job import Job
from search.queue.baseline import BaselinePolicy
from search.queue.retry import requeue_stale
from search.stopping import (
    MIN_FINISHED,
    expected_gain,
    is_over,
    reason_to_stop,
    standard_error,
)
from search.workers.worker import StudyContext, run_next
from studies.records import attributes
from studies.records.trial import BestEpoch
from studies.score import Watch
from studies.storage.lock import study_lock
from studies.storage.open import open_storage, open_study

FLAT = [0.60, 0.60, 0.599, 0.599, 0.599, 0.598]
"""Six best that lie close together: little is to come."""


def best_epoch(score: float, num_labels: int = 172) -> BestEpoch:
    tasks = ("cross_modal", "overall")
    r2, labels = dict.fromkeys(tasks, score), dict.fromkeys(tasks, num_labels)
    return BestEpoch(epoch=6, score=score, r2=r2, num_labels=labels)


def complete(score: float, *, baseline: bool = False) -> FrozenTrial:
    noted = {attributes.METRICS: best_epoch(score).encode()} | (
        {attributes.BASELINE: True} if baseline else {}
    )
    return create_trial(value=score, user_attrs=noted)


def ended(scores: Sequence[float], num: int = MIN_FINISHED) -> list[FrozenTrial]:
    """Complete trials of the scores, and pruned ones up to a number."""
    pruned = create_trial(state=TrialState.PRUNED, intermediate_values={2: 0.1})
    return [complete(score) for score in scores] + [pruned] * (num - len(scores))


def test_a_study_that_has_little_to_gain_ends_and_says_why() -> None:
    """The best few are alike, and the best score is uncertain by more than what is to come."""
    reason = reason_to_stop(ended(FLAT), total=200, watch=Watch())
    assert reason is not None
    assert reason.startswith("after 40 trials, the 160 left are expected to raise the best score")
    assert reason.endswith("less than its standard error of 0.0334")


def test_a_study_that_still_finds_goes_on() -> None:
    """The best few lie far apart: the tail is long."""
    assert reason_to_stop(ended([0.6, 0.5, 0.4, 0.3, 0.2, 0.1]), total=200, watch=Watch()) is None


@pytest.mark.parametrize(
    "trials",
    [
        ended(FLAT, MIN_FINISHED - 1),
        ended(FLAT[:5]),
        [*ended(FLAT), create_trial(state=TrialState.WAITING)],
        [],
    ],
    ids=["too few finished", "too few complete", "one is queued", "none"],
)
def test_some_studies_are_not_judged_yet(trials: list[FrozenTrial]) -> None:
    """The random start tells nothing of the sampler, five scores nothing of a tail."""
    assert reason_to_stop(trials, total=200, watch=Watch()) is None


def test_a_study_whose_last_trials_run_is_not_called_stopped() -> None:
    """Nothing is left that would be spared."""
    running = [create_trial(state=TrialState.RUNNING)] * 2
    assert reason_to_stop([*ended(FLAT), *running], total=42, watch=Watch()) is None
    assert reason_to_stop([*ended(FLAT), *running], total=43, watch=Watch()) is not None


def test_pruned_trials_show_that_little_is_to_come() -> None:
    """The same scores from more trials leave less to expect."""
    scores = [0.66, 0.63, 0.62, 0.60, 0.59, 0.56]
    few = expected_gain(scores, best=0.66, num_drawn=40, num_left=100)
    many = expected_gain(scores, best=0.66, num_drawn=160, num_left=100)
    assert many < few / 2


def test_the_manuals_score_is_to_be_beaten_but_not_drawn_from() -> None:
    """Where nothing comes near it, the gain is over it; its score is no part of the tail."""
    trials = [complete(0.9, baseline=True), *ended([0.3, 0.25, 0.2, 0.15, 0.1, 0.05])]
    reason = reason_to_stop(trials, total=200, watch=Watch())
    assert reason is not None
    assert "the best score of 0.900 by 0.0099" in reason


def test_the_expected_gain_is_that_of_draws() -> None:
    """Against the mean over many drawn futures of an exponential tail."""
    rng = np.random.default_rng(0)
    scores = [0.6, 0.55, 0.52, 0.5, 0.48, 0.43]
    gain = expected_gain(scores, best=0.6, num_drawn=50, num_left=80)
    scale = np.mean(scores[:5]) - 0.43
    gains = []
    for _ in range(20_000):
        peaks = 0.43 + rng.exponential(scale, size=rng.poisson(80 * 5 / 50))
        gains.append(max(0.0, peaks.max(initial=0.0) - 0.6))
    assert gain == pytest.approx(np.mean(gains), rel=0.03)


def test_a_tail_without_width_or_time_gives_no_gain() -> None:
    """All alike, or no trials to come."""
    assert expected_gain([0.5] * 8, best=0.5, num_drawn=50, num_left=80) == 0.0
    assert expected_gain([0.9, 0.5, 0.4, 0.3, 0.2, 0.1], best=0.9, num_drawn=9, num_left=0) == 0.0
    far = expected_gain(FLAT, best=5.0, num_drawn=50, num_left=80)
    assert far == pytest.approx(0.0, abs=1e-9)


def test_the_error_is_that_of_r2_over_its_labels() -> None:
    """0.05 for one R² of 172 labels, as the literature has it; less for the mean of two."""
    one = Watch(cross_modal="overall", overall="overall")
    assert standard_error(best_epoch(0.5), one) == pytest.approx(0.054, abs=1e-3)
    assert standard_error(best_epoch(0.5), Watch()) == pytest.approx(0.054 / math.sqrt(2), abs=1e-3)
    only = Watch(cross_modal_weight=1.0)
    assert standard_error(best_epoch(0.5), only) == standard_error(best_epoch(0.5), one)


def test_the_error_agrees_with_resampling() -> None:
    """The formula's deviation of R² against that of many samples of 172 labels."""
    rng = np.random.default_rng(0)
    r2s = []
    for _ in range(3000):
        x = rng.standard_normal(172)
        y = x + rng.standard_normal(172)
        r2s.append(1 - np.sum((y - x) ** 2) / np.sum((y - y.mean()) ** 2))
    one = Watch(cross_modal="overall", overall="overall")
    assert standard_error(best_epoch(0.5), one) == pytest.approx(np.std(r2s), rel=0.25)


def test_no_skill_has_no_error_to_stop_at() -> None:
    """Below zero, not defined, or not recorded at all."""
    assert standard_error(best_epoch(-0.3), Watch()) == 0.0
    missing = BestEpoch(epoch=1, score=0.5, r2={"cross_modal": math.nan}, num_labels={})
    assert standard_error(missing, Watch()) == 0.0


def context_of(study: optuna.Study, job: Job, *, stop: str) -> StudyContext:
    return StudyContext(
        job=dataclasses.replace(job, trials=200, stop=stop),
        study=study,
        storage=open_storage(job.url, stale_callback=requeue_stale),
        lock=study_lock(job.url, job.study),
    )


def test_a_worker_starts_nothing_in_a_study_that_is_over(study: optuna.Study, job: Job) -> None:
    """The first to see it keeps the verdict with the study; the others read it; `never` goes on."""
    study.add_trials(ended(FLAT))
    assert not run_next(context_of(study, job, stop="auto"), lambda _: 1.0)
    assert len(study.trials) == MIN_FINISHED
    verdict = study.user_attrs[attributes.STOPPED]
    assert verdict.startswith("after 40 trials")

    study.enqueue_trial({"x": 1.0})
    assert is_over(study, study.trials, total=200, watch=Watch())
    assert study.user_attrs[attributes.STOPPED] == verdict

    assert run_next(context_of(study, job, stop="never"), lambda _: 1.0)
    assert len(study.trials) == MIN_FINISHED + 1


def test_a_study_that_stops_early_has_had_its_baseline(study: optuna.Study, job: Job) -> None:
    """However flat it is, it is not over before that was queued, and not while it waits."""
    scores = itertools.chain([0.4], FLAT, itertools.repeat(0.3))

    def objective(trial: optuna.Trial) -> float:
        score = next(scores)
        trial.set_user_attr(attributes.METRICS, best_epoch(score).encode())
        return score

    policy = BaselinePolicy(total=200, may_stop=True)
    context = dataclasses.replace(context_of(study, job, stop="auto"), baseline=policy)
    while run_next(context, objective):
        pass
    assert study.user_attrs[attributes.STOPPED].startswith(f"after {MIN_FINISHED} trials")
    assert sum(attributes.BASELINE in trial.user_attrs for trial in study.trials) == 1


@pytest.mark.slow
def test_a_study_that_is_over_is_confirmed_and_goes_on_when_asked(tmp_path: Path) -> None:
    """The same command finds it over; with more trials it is judged anew; `never` goes on."""
    write_tiny(tmp_path)
    write_space(tmp_path)

    def search(*options: object) -> subprocess.CompletedProcess[str]:
        return run(
            "search.run", "--data", tmp_path / "tiny.pkl", "--space", tmp_path / "tiny_space.yaml",
            "--runs", tmp_path / "runs", "--study", "tiny", "--workers", 1, "--devices", "cpu",
            "--confirm", 0, "--baseline-epochs", 1, *options,
        )  # fmt: skip

    def stored() -> optuna.Study:
        return open_study(tmp_path / "runs", "tiny", None)

    assert search("--trials", 2).returncode == 0
    opened = stored()
    opened.set_user_attr(attributes.TOTAL, 3)
    opened.set_user_attr(attributes.STOPPED, "after 2 trials, because")
    over = search("--trials", 3, "--stop", "auto")
    assert over.returncode == 0, over.stderr
    assert (
        "study tiny stopped: after 2 trials, because; give --stop never to resume it" in over.stderr
    )
    assert "stopped: after 2 trials, because" in over.stdout
    assert len(stored().trials) == 2
    assert search("--trials", 4, "--stop", "auto").returncode == 0
    assert len(stored().trials) == 4
    stored().set_user_attr(attributes.STOPPED, "again")
    assert search("--trials", 5).returncode == 0
    assert len(stored().trials) == 5
    assert stored().user_attrs[attributes.STOPPED] is None
