"""Search score of each candidate beside its confirmed score."""

import math
from typing import Final

import plotly.graph_objects as go

from avq_core.display.palette import BLUE, GREY, VERMILION
from studies.plots.ranges import note_outside, on_edge, r2_span
from studies.plots.style import bare
from studies.records.confirmation import CandidateResult, Confirmation
from studies.records.study import StudyRecord
from studies.summary.tables import candidate_notes
from studies.summary.winners_curse import score_with_error

_ROW: Final = 30
_FRAME: Final = 100


def confirmed(study: StudyRecord) -> go.Figure | None:
    """A line for each candidate, from search to confirmed score; `None` before the confirmation."""
    scores = {trial.number: trial.score for trial in study.trials}
    candidates = [
        (candidate, score)
        for candidate in reversed((study.confirmation or Confirmation()).ranked)
        if candidate.has_score and (score := scores.get(candidate.trial)) is not None
    ]
    if not candidates:
        return None
    spans = (
        r2_span([score for _, score in candidates]),
        r2_span([candidate.score_mean for candidate, _ in candidates]),
    )
    limits = (min(low for low, _ in spans), max(high for _, high in spans))
    title = "Search score and confirmed score"
    drawn = bare(title, x="score (R²)", y="", height=_FRAME + _ROW * len(candidates))
    places = [_label(study, candidate) for candidate, _ in candidates]
    _add_gaps(drawn, candidates, places, limits)
    drawn.add_scatter(
        x=[on_edge(score, limits) for _, score in candidates],
        y=places,
        customdata=[score for _, score in candidates],
        mode="markers",
        name="search score",
        marker={"symbol": "circle-open", "color": VERMILION, "size": 9, "line": {"width": 2}},
        hovertemplate="search score: %{customdata:.3f}<extra></extra>",
    )
    _add_confirmed(drawn, [candidate for candidate, _ in candidates], places, limits)
    room = (limits[1] - limits[0]) * 0.04
    drawn.update_layout(
        xaxis={"range": [limits[0] - room, limits[1] + room]},
        yaxis={"type": "category", "categoryorder": "array", "categoryarray": places},
    )
    below = sum(min(score, candidate.score_mean) < limits[0] for candidate, score in candidates)
    note_outside(drawn, below)
    return drawn


def _add_gaps(
    drawn: go.Figure,
    candidates: list[tuple[CandidateResult, float]],
    places: list[str],
    limits: tuple[float, float],
) -> None:
    """Adds a line for each candidate, from search score to confirmed score."""
    x: list[float | None] = []
    y: list[str | None] = []
    for (candidate, score), place in zip(candidates, places, strict=True):
        x += [on_edge(score, limits), on_edge(candidate.score_mean, limits), None]
        y += [place, place, None]
    drawn.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": GREY, "width": 1.5},
        hoverinfo="skip",
        showlegend=False,
    )


def _add_confirmed(
    drawn: go.Figure,
    candidates: list[CandidateResult],
    places: list[str],
    limits: tuple[float, float],
) -> None:
    """Adds a mark for each confirmed score, with an error bar where there are several runs."""
    errors = [None if math.isnan(c.score_error) else c.score_error for c in candidates]
    drawn.add_scatter(
        x=[on_edge(candidate.score_mean, limits) for candidate in candidates],
        y=places,
        customdata=[score_with_error(candidate) for candidate in candidates],
        mode="markers",
        name="confirmed score" + (" ± se" if any(errors) else ""),
        error_x={"array": errors, "color": BLUE, "thickness": 1.4},
        marker={"symbol": "circle", "color": BLUE, "size": 9},
        hovertemplate="confirmed: %{customdata}<extra></extra>",
    )


def _label(study: StudyRecord, candidate: CandidateResult) -> str:
    notes = candidate_notes(study, candidate)
    return f"#{candidate.trial}" + (f" {', '.join(notes)}" if notes else "")
