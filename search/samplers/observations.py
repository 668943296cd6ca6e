"""What ended trials say of where they stand in the space, for models of score over settings. Pure.

A model needs a point and a score of each trial, and half of the trials have neither in full: pruned
ones stopped early, and a conditional parameter has no value where its condition does not hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from optuna.trial import FrozenTrial, TrialState

from space.space import Space
from studies.records import attributes
from studies.trial_states import FINISHED

_TUKEY: Final = 1.5
"""Interquartile ranges below the first quartile from which on a value counts as an outlier (Tukey,
1977, section 2D)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One ended trial, as a model over the whole space takes it."""

    number: int
    point: dict[str, Any]
    """A value of every parameter of the space, those that do not matter there included."""
    score: float
    """Reached, or of a pruned trial what it would likely have reached; bounded from below."""
    complete: bool


def gather(trials: Sequence[FrozenTrial], space: Space) -> list[Evidence]:
    """Evidence of all complete and pruned trials that lie in the space, by number.

    - A trial that is no point of the space (the manual's, where the space does not hold it) is left
      out.
    - A parameter that does not matter at a point takes its first value there, so that all such
      points agree in it (as in SMAC; Hutter et al., 2011, section 4.1).
    - A pruned trial counts with what it would likely have reached (`forecast`); without a score, as
      the lowest one seen.
    - Scores far below the rest are raised to Tukey's lower fence: R² has no lower bound, and one
      trial that collapsed would flatten all differences that matter.
    """
    ended = [t for t in trials if t.state in FINISHED]
    scores = _scores(ended)
    known = [score for score in scores if score is not None]
    if not known:
        return []
    lowest = max(min(known), _fence(known))
    defaults = {name: parameter.ends()[0] for name, parameter in space.parameters.items()}
    return [
        Evidence(
            number=trial.number,
            point=defaults | trial.params,
            score=lowest if score is None else max(score, lowest),
            complete=trial.state is TrialState.COMPLETE,
        )
        for trial, score in zip(ended, scores, strict=True)
        if space.contains(trial.params)
    ]


def _scores(ended: Sequence[FrozenTrial]) -> list[float | None]:
    """Of each trial what it reached or would have; `None` for one that was never judged."""
    # The manual's has other cycles: an epoch of it says nothing of that epoch of others.
    peers = [
        t
        for t in ended
        if t.state is TrialState.COMPLETE and not t.user_attrs.get(attributes.BASELINE)
    ]
    found: list[float | None] = []
    for trial in ended:
        if trial.state is TrialState.COMPLETE:
            found.append(trial.values[0])
        elif trial.intermediate_values:
            step, score = max(trial.intermediate_values.items())
            at_step = [
                (t.intermediate_values[step], t.values[0])
                for t in peers
                if step in t.intermediate_values
            ]
            found.append(forecast(score, at_step))
        else:
            found.append(None)
    return found


def forecast(score: float, others: Sequence[tuple[float, float]]) -> float:
    """What a trial would have reached, by least squares over trials that went on from there.

    That those who went on were better at that epoch does not bias it: they were chosen by what it is
    conditioned on. It is never above the best that one of them reached.

    Args:
        score: The trial's, where it stopped.
        others: Of each trial that was complete: its score at the same epoch, and what it reached.

    Returns:
        The forecast; the score itself where no other trial got there.
    """
    if not others:
        return score
    before, after = np.asarray(others, dtype=float).T
    spread = float(np.var(before))
    shared = float(np.mean((before - before.mean()) * (after - after.mean())))
    # A falling line is chance, and with one or two trials any slope is.
    slope = max(0.0, shared / spread) if len(others) > 2 and spread > 0 else 0.0
    return float(min(after.max(), after.mean() + slope * (score - before.mean())))


def _fence(scores: Sequence[float]) -> float:
    first, third = np.quantile(scores, (0.25, 0.75))
    return float(first - _TUKEY * (third - first))
