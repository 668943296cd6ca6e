"""Score by trial number, and the best score so far."""

import plotly.graph_objects as go

from avq_core.display.palette import GREEN
from studies.plots.ranges import note_outside, on_edge, r2_span
from studies.plots.style import bare, marks
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord


def history(study: StudyRecord) -> go.Figure | None:
    """A mark for each trial by its state, a line for the best so far; `None` before any score."""
    scored = [trial for trial in study.trials if trial.score is not None]
    if not scored:
        return None
    limits = r2_span([trial.score or 0.0 for trial in scored])
    # Trials that failed before their first score are drawn on the lower edge.
    shown = [*scored, *(t for t in study.trials if t.score is None and t.state == "failed")]

    def place(trial: TrialRecord) -> tuple[float, float]:
        score = limits[0] if trial.score is None else trial.score
        return trial.number, on_edge(score, limits)

    drawn = bare("Score of every trial", x="trial", y="validation score (R²)")
    steps = best_so_far(study)
    drawn.add_scatter(
        x=[number for number, _ in steps],
        y=[score for _, score in steps],
        mode="lines",
        line={"shape": "hv", "color": GREEN, "width": 2},
        name="best so far",
        hovertemplate="best so far: %{y:.3f}<extra></extra>",
    )
    drawn.add_traces(marks(study, shown, place))
    room = (limits[1] - limits[0]) * 0.04
    drawn.update_layout(yaxis={"range": [limits[0] - room, limits[1] + room]})
    below = sum(place(trial)[1] != trial.score for trial in shown)
    note_outside(drawn, below, "on the edge, like those without a score")
    return drawn


def best_so_far(study: StudyRecord) -> list[tuple[int, float]]:
    """Number and score of each complete trial that was the best so far, extended to the last score."""
    steps: list[tuple[int, float]] = []
    for trial in study.complete:
        if trial.score is not None and (not steps or trial.score > steps[-1][1]):
            steps.append((trial.number, trial.score))
    if steps:
        last = max(trial.number for trial in study.trials if trial.score is not None)
        steps.append((last, steps[-1][1]))
    return steps
