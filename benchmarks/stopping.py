"""Where rules would have ended a study, and what its best score lost by it.

    python benchmarks/stopping.py --studies 5                     # simulated studies of 200 trials
    python benchmarks/stopping.py --database runs/NAME/study.db   # one that has been run

A simulated study searches `extended-small` by TPE under our pruner, from no first point. A trial's score is a function of
its settings and of luck, its curve rises to that score in four rungs, and what a run truly lost is
known: the function's value where the rule would have ended it, against where 200 trials ended.

Rules: `auto` (`search.stopping`); Optuna's regret bound (Makarova et al., 2022) against the same
standard error, on complete trials as Optuna has it and on all evidence (`search.samplers.observations`); Optuna's
EMMR (Ishibashi et al., 2023) likewise; and no new best for 30 or 50 trials.
"""

import argparse
import itertools
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.study import StudyDirection
from optuna.terminator import EMMREvaluator, RegretBoundEvaluator
from optuna.trial import FrozenTrial, TrialState, create_trial

from avq_core.config.training import MANUAL_TASK_WEIGHTS
from search.pruners.factory import decide, make_pruner
from search.queue.baseline import queue_baseline
from search.samplers.factory import make_sampler
from search.samplers.observations import Evidence, gather
from search.stopping import MIN_FINISHED, reason_to_stop, standard_error
from search.suggest import suggest
from space.presets import preset
from space.space import Space
from studies import records
from studies.distributions import distributions_of
from studies.score import Watch

WATCH = Watch()
NUM_LABELS = dict.fromkeys((WATCH.cross_modal, WATCH.overall), 90)
RUNGS = ((2, 0.0, 0.08), (6, 0.2, 0.08), (14, 0.6, 0.06), (30, 1.0, 0.0))
"""Epoch, share of the final score that is reached there, and deviation around it."""
SLOW_PARTS = {"model.pooling": "attention", "model.positions": "none", "model.frame_stride": 10}
Rule = Callable[[Sequence[FrozenTrial], int, Space], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Where a rule ended a study, and what was lost against the whole of it."""

    trials: int
    lost: float
    """Of the best score."""
    truly: float
    """Of the function behind it; NaN where nobody knows it."""
    error: float
    """The standard error of the best score there."""


def smooth(values: Mapping[str, Any]) -> float:
    """One broad optimum; parts of the network add up."""
    lr = math.log(values["optim.lr"] / 4e-3)
    return (
        0.70
        - 0.06 * lr**2
        - 0.5 * (values["model.dropout"] - 0.15) ** 2
        - 0.15 * (values["model.max_lag"] == 0)
        - 0.08 * (values["model.fusion"] == "gated")
        - 0.06 * (values["model.statistics_width"] == 0)
        - 0.2 * (values["model.input_dropout"] - 0.1) ** 2
        - 0.1 * (values["training.frame_crop"] - 0.7) ** 2
    )


def jump(values: Mapping[str, Any]) -> float:
    """Two levels: a coupling of streams is found or it is not, as on the demo set."""
    lr, dropout = math.log(values["optim.lr"]), values["model.dropout"]
    found = lr > math.log(5e-3) and dropout < 0.25 and values["model.max_lag"] == 15
    level = 0.68 if found else 0.35
    return level - 0.05 * (lr - math.log(9e-3)) ** 2 - 0.3 * (dropout - 0.1) ** 2


def slow(values: Mapping[str, Any]) -> float:
    """Every setting counts a little, so that a search gets better for a long time."""
    weights = [math.log(v) for p, v in values.items() if p.startswith("training.task_weights.")]
    decay, crop = math.log(values["optim.weight_decay"] / 0.1), values["training.frame_crop"]
    parts = sum(values[name] != value for name, value in SLOW_PARTS.items())
    spread = sum((w - np.mean(weights)) ** 2 for w in weights)
    return float(smooth(values) - 0.03 * (spread + decay**2) - 0.05 * parts - (crop - 0.5) ** 2)


def simulate(
    truth: Callable[[Mapping[str, Any]], float], space: Space, *, seed: int, luck: float, num: int
) -> list[FrozenTrial]:
    """The trials of one simulated study, in the order in which they ended."""
    rng = np.random.default_rng([77, seed])
    study = optuna.create_study(direction="maximize", pruner=make_pruner("cycle", WATCH, epochs=30))
    queue_baseline(study, {})
    for number in range(num):
        study.sampler = make_sampler("tpe", space, seed=seed, number=number)
        trial = study.ask()
        if trial.user_attrs.get(records.BASELINE):
            trial.set_user_attr(records.FIGURES, {})
            study.tell(trial, 0.0)
            continue
        score = truth(suggest(trial, space)) + luck * rng.standard_normal()
        figures = {"r2": dict.fromkeys(NUM_LABELS, score), "num_labels": NUM_LABELS}
        trial.set_user_attr(records.FIGURES, figures)
        if climb(study, trial, score, rng):
            study.tell(trial, score)
        else:
            study.tell(trial, state=TrialState.PRUNED)
    return study.trials


def climb(study: optuna.Study, trial: optuna.Trial, score: float, rng: np.random.Generator) -> bool:
    """Reports a curve that ends at the score; returns whether the pruner let it."""
    history: list[dict[str, Any]] = []
    for epoch, share, spread in RUNGS:
        value = score * share + spread * rng.standard_normal()
        gap = 0.05 * rng.standard_normal()
        r2 = {WATCH.cross_modal: value + gap, WATCH.overall: value - gap}
        history.append({"epoch": epoch, "judged": True, "r2": r2})
        trial.report(value, epoch)
        trial.set_user_attr(records.HISTORY, history)
        if epoch < RUNGS[-1][0] and decide(study, trial).prune:
            return False
    return True


def incumbent(trials: Sequence[FrozenTrial]) -> FrozenTrial:
    """The complete trial of the highest score."""
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    return max(complete, key=lambda trial: trial.values[0])


def error_of(trials: Sequence[FrozenTrial]) -> float:
    """The standard error of the best score."""
    return standard_error(incumbent(trials).user_attrs[records.FIGURES], WATCH)


def fed(evidence: Sequence[Evidence], space: Space) -> list[FrozenTrial]:
    """Evidence as complete trials, which is all that Optuna's evaluators look at."""
    known = distributions_of(space)
    return [create_trial(value=e.score, params=e.point, distributions=known) for e in evidence]


def regret_bound(*, complete_only: bool) -> Rule:
    """Optuna's bound on the regret, against the standard error."""

    def rule(trials: Sequence[FrozenTrial], _total: int, space: Space) -> bool:
        evidence = [e for e in gather(trials, space) if e.complete or not complete_only]
        if len(evidence) < 20:  # Optuna's own minimum
            return False
        bound = RegretBoundEvaluator(seed=0).evaluate(fed(evidence, space), StudyDirection.MAXIMIZE)
        return bool(bound < error_of(trials))

    return rule


def emmr(trials: Sequence[FrozenTrial], _total: int, space: Space) -> bool:
    """Optuna's expected minimum model regret, in units of the score."""
    evidence = gather(trials, space)
    regret = EMMREvaluator(seed=0).evaluate(fed(evidence, space), StudyDirection.MAXIMIZE)
    return bool(regret * np.std([e.score for e in evidence]) < error_of(trials))


def stagnation(patience: int) -> Rule:
    """No new best for so many finished trials."""

    def rule(trials: Sequence[FrozenTrial], _total: int, _space: Space) -> bool:
        return len(trials) - 1 - list(trials).index(incumbent(trials)) >= patience

    return rule


def auto(trials: Sequence[FrozenTrial], total: int, _space: Space) -> bool:
    """Ours."""
    return reason_to_stop(trials, total=total, watch=WATCH) is not None


RULES: Mapping[str, Rule] = {
    "auto": auto,
    "regret bound, complete": regret_bound(complete_only=True),
    "regret bound, evidence": regret_bound(complete_only=False),
    "EMMR, evidence": emmr,
    "no new best in 30": stagnation(30),
    "no new best in 50": stagnation(50),
}


def judge(
    rule: Rule,
    trials: Sequence[FrozenTrial],
    space: Space,
    *,
    step: int,
    truth: Callable[[Mapping[str, Any]], float] | None,
) -> Outcome:
    """Ends a study where the rule first says so, looking every `step` trials."""
    total = len(trials)
    looks = range(MIN_FINISHED, total, step)
    end = next((n for n in looks if rule(trials[:n], total, space)), total)
    here, last = incumbent(trials[:end]), incumbent(trials)
    known = truth is not None and here.params and last.params
    return Outcome(
        trials=end,
        lost=last.values[0] - here.values[0],
        truly=truth(last.params) - truth(here.params) if truth and known else math.nan,
        error=error_of(trials[:end]),
    )


def told(outcomes: Sequence[Outcome]) -> str:
    """What a rule did, in a line."""
    ends = [o.trials for o in outcomes]
    lost, truly = [o.lost for o in outcomes], [o.truly for o in outcomes]
    over = sum(o.lost > o.error for o in outcomes)
    return (
        f"ends at {np.mean(ends):5.1f} ({min(ends)} to {max(ends)}), loses {np.mean(lost):.3f} (most "
        f"{max(lost):.3f}; {over} of {len(lost)} over the error), truly {np.mean(truly):.3f} (most "
        f"{max(truly):.3f})"
    )


def main() -> None:
    """Prints a line a rule."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=5, help="simulated, of each of six kinds")
    parser.add_argument("--step", type=int, default=5, help="trials between two looks")
    parser.add_argument("--database", help="a study.db, in place of simulated studies")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    runs: list[tuple[Sequence[FrozenTrial], Space, Any]] = []
    if options.database:
        study = optuna.load_study(study_name=None, storage=f"sqlite:///{options.database}")
        states = (TrialState.COMPLETE, TrialState.PRUNED)
        ended = sorted(study.get_trials(states=states), key=lambda t: str(t.datetime_complete))
        runs.append((ended, Space.from_dict(study.user_attrs[records.SPACE]), None))
    else:
        space = preset("extended-small", tuple(MANUAL_TASK_WEIGHTS))
        runs += [
            (simulate(truth, space, seed=seed, luck=luck, num=200), space, truth)
            for truth, luck in itertools.product((smooth, jump, slow), (0.02, 0.05))
            for seed in range(options.studies)
        ]
    for name, rule in RULES.items():
        found = [judge(rule, t, s, step=options.step, truth=truth) for t, s, truth in runs]
        print(f"{name:<24} {told(found)}", flush=True)


if __name__ == "__main__":
    main()
