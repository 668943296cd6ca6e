"""The plots of `studies.plots`, stored as optuna-dashboard stores plots."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from studies.dashboard.attributes import Attributes, plot_key
from studies.records.study import StudyRecord

MADE_OF: Final = "avq:plots:"
"""Prefix of the study attributes with a digest of the data behind the quick and the slow plots."""
_VERSION: Final = 2


def plot_attributes(
    study: StudyRecord, stored: Mapping[str, Any], *, slow: bool = False
) -> Attributes:
    """The attributes to write so that the study has its plots; empty where they are up to date.

    Args:
        study: The study.
        stored: Its attributes.
        slow: Whether to make the plots that take seconds instead of the quick ones.
    """
    key, made_of = f"{MADE_OF}{'slow' if slow else 'quick'}", _made_of(study)
    if stored.get(key) == made_of:
        return {}
    plots = _slow_plots(study) if slow else _quick_plots(study)
    made = {plot_key(name): _as_shown(plot) for name, plot in plots if plot is not None}
    changed = {key: text for key, text in made.items() if stored.get(key) != text}
    return changed | {key: made_of}


def _as_shown(plot: Any) -> str:
    """A plot's JSON, with the height of its card and room for the page's buttons."""
    plot.update_layout(height=None, title={"yref": "container", "y": 0.91, "yanchor": "top"})
    text: str = plot.to_json()
    return text


def _made_of(study: StudyRecord) -> str:
    ended = [(t.number, t.state, t.score) for t in study.trials if t.has_ended]
    content = json.dumps([_VERSION, ended, study.chosen, _compared(study)])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _compared(study: StudyRecord) -> list[object]:
    identity = None if study.identity is None else study.identity.to_dict()
    return [study.watch.to_dict(), identity]


def _quick_plots(study: StudyRecord) -> Iterator[tuple[str, Any]]:
    """Each plot with its name; `None` for a plot that has too few trials."""
    from studies.plots.curves import curves
    from studies.plots.front import front
    from studies.plots.history import history
    from studies.plots.pruning import pruning
    from studies.plots.weights import weights

    yield "avq-history", history(study)
    yield "avq-front", front(study)
    yield "avq-pruning", pruning(study)
    yield "avq-weights", weights(study)
    for role, task in zip(("cross-modal", "overall"), study.watch.tasks, strict=False):
        yield f"avq-curves-{role}", curves(study, task)


def _slow_plots(study: StudyRecord) -> Iterator[tuple[str, Any]]:
    from studies.plots.importance import importance

    yield "avq-importance", importance(study)
