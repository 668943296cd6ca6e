"""What a model of score over settings learns from: a point and a score of each finished trial. Pure.

Half of the trials have neither in full: pruned ones stopped early, and a conditional parameter has no
value where its condition does not hold.
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
"""A value more than so many interquartile ranges below the first quartile is an outlier (Tukey, 1977,
section 2D)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """A finished trial, as a model over the whole space needs it."""

    number: int
    point: dict[str, Any]
    """A value of every parameter of the space, inactive ones included."""
    score: float
    """Its score, for a pruned trial a forecast; bounded from below."""
    complete: bool


def observations(trials: Sequence[FrozenTrial], space: Space) -> list[Observation]:
    """Observations of all complete and pruned trials that lie in the space, by number.

    - A trial that is no point of the space (the manual's, where the space does not hold it) is left
      out.
    - A parameter that is inactive at a point takes its first value, so that all such points
      agree in it (as in SMAC; Hutter et al., 2011, section 4.1).
    - A pruned trial counts with its `forecast`; one without a score, with the lowest score of all.
    - Scores far below the rest are raised to Tukey's lower fence: R² has no lower bound, and one
      trial that collapsed would hide all differences that matter.
    """
    ended = [t for t in trials if t.state in FINISHED]
    scores = _scores(ended)
    defined = [score for score in scores if score is not None]
    if not defined:
        return []
    lowest = max(min(defined), _lower_fence(defined))
    defaults = {name: parameter.ends()[0] for name, parameter in space.parameters.items()}
    return [
        Observation(
            number=trial.number,
            point=defaults | trial.params,
            score=lowest if score is None else max(score, lowest),
            complete=trial.state is TrialState.COMPLETE,
        )
        for trial, score in zip(ended, scores, strict=True)
        if space.contains(trial.params)
    ]


def _scores(ended: Sequence[FrozenTrial]) -> list[float | None]:
    """Each trial's score or forecast; `None` for one without a score."""
    # The manual baseline has other cycles: its scores cannot be compared epoch by epoch.
    peers = [
        t
        for t in ended
        if t.state is TrialState.COMPLETE and not t.user_attrs.get(attributes.BASELINE)
    ]
    scores: list[float | None] = []
    for trial in ended:
        if trial.state is TrialState.COMPLETE:
            scores.append(trial.values[0])
        elif trial.intermediate_values:
            step, score = max(trial.intermediate_values.items())
            at_step = [
                (t.intermediate_values[step], t.values[0])
                for t in peers
                if step in t.intermediate_values
            ]
            scores.append(forecast(score, at_step))
        else:
            scores.append(None)
    return scores


def forecast(score: float, others: Sequence[tuple[float, float]]) -> float:
    """The score a pruned trial would have reached, by least squares over trials that went on.

    Trials that went on were better at that epoch, which does not bias the forecast: they were selected
    by the variable that it is conditioned on. It is never above the best score of any of them.

    Args:
        score: The trial's score at the epoch where it stopped.
        others: For each complete trial its score at that epoch and its final score.

    Returns:
        The forecast; the score itself where no other trial reached that epoch.
    """
    if not others:
        return score
    before, after = np.asarray(others, dtype=float).T
    variance = float(np.var(before))
    covariance = float(np.mean((before - before.mean()) * (after - after.mean())))
    # A falling line is chance, as is any slope with one or two trials.
    slope = max(0.0, covariance / variance) if len(others) > 2 and variance > 0 else 0.0
    return float(min(after.max(), after.mean() + slope * (score - before.mean())))


def _lower_fence(scores: Sequence[float]) -> float:
    first, third = np.quantile(scores, (0.25, 0.75))
    return float(first - _TUKEY * (third - first))
