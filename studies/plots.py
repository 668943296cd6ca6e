"""A study's plots, each a pure function from its record to SVG."""

from collections.abc import Sequence
from typing import Any, Final

from studies import records, svg
from studies.records import StudyRecord, TrialRecord
from studies.svg import Axis
from studies.table import figure

# Okabe and Ito's colours, which the colour-blind tell apart; shapes say the same again.
_STYLES: Final = {
    "complete": ("dot", "#0072B2"),
    "pruned": ("cross", "#7b8794"),
    "baseline": ("diamond", "#D55E00"),
    "best": ("star", "#009E73"),
}
_LEFT, _TOP, _RIGHT, _BOTTOM = 62.0, 40.0, 12.0, 70.0
_WIDTH, _HEIGHT = 440.0, 350.0
_SMALL_WIDTH, _SMALL_HEIGHT, _SMALL_BOTTOM = 290.0, 190.0, 46.0
_TOP_CURVES: Final = 5
_LEGEND_STARTS: Final = (62.0, 122.0, 208.0, 288.0, 358.0)
_FEW: Final = 8


def history(study: StudyRecord) -> str:
    """The score of every trial in the order of their numbers, and the best so far."""
    trials = _scored(study.trials)
    last = max([trial.number for trial in trials], default=1)
    x, y = _axes((0, max(last, 1)), svg.figures_span([t.score or 0.0 for t in trials]))
    steps: list[tuple[float, float]] = []
    best = float("-inf")
    for trial in trials:
        if trial.state == "complete" and (trial.score or 0.0) > best:
            if steps:
                steps.append((x.at(trial.number), y.at(best)))
            best = trial.score or 0.0
            steps.append((x.at(trial.number), y.at(best)))
    if steps:
        steps.append((x.at(last), y.at(best)))
    title = "Score of every trial; line: the best so far"
    body = [
        svg.frame(x, y, title=title, x_name="trial", y_name="validation score (R²)"),
        svg.line(steps, _STYLES["best"][1], width=2),
        *(_mark(study, t, x.at(t.number), y.at(t.score or 0.0)) for t in trials),
        _legend(x.start),
    ]
    return svg.document(_WIDTH, _HEIGHT, title, body)


def watched(study: StudyRecord) -> str:
    """Both watched figures of every trial against each other."""
    first, second = study.watch
    points = [
        (trial, a, b)
        for trial in _scored(study.trials)
        if (a := trial.r2.get(first)) is not None and (b := trial.r2.get(second)) is not None
    ]
    x_range = svg.figures_span([a for _, a, _ in points])
    x, y = _axes(x_range, svg.figures_span([b for _, _, b in points]))
    title = "The two watched figures"
    names = (f"{first} R²", f"{second} R²")
    body = [
        svg.frame(x, y, title=title, x_name=names[0], y_name=names[1]),
        *(_mark(study, trial, x.at(a), y.at(b)) for trial, a, b in points),
        _legend(x.start),
    ]
    return svg.document(_WIDTH, _HEIGHT, f"{title}: {' against '.join(names)}", body)


def curves(study: StudyRecord, task: str) -> str:
    """A task's validation R² by epoch: the best trials, the baseline, and all others behind."""
    lines = {trial.number: _curve(trial, task) for trial in study.trials}
    known = [value for curve in lines.values() for _, value in curve]
    last = max([epoch for curve in lines.values() for epoch, _ in curve], default=1)
    x, y = _axes((1, max(last, 2)), svg.figures_span(known))
    baseline = records.baseline(study.trials)
    ranked = sorted(_complete(study.trials), key=lambda trial: -(trial.score or 0.0))
    leading = {trial.number for trial in ranked[:_TOP_CURVES]}
    title = f"{task} R² by epoch"
    body = [svg.frame(x, y, title=title, x_name="epoch", y_name="validation R²")]
    ends = [[(x.at(epoch), y.start), (x.at(epoch), y.end)] for epoch in _judged(ranked)]
    body += [svg.line(end, svg.MUTED, dash="3 4") for end in ends]
    # The leading ones last, so that they lie on top.
    for trial in sorted(study.trials, key=lambda trial: (trial.number in leading, trial.baseline)):
        colour, width, opacity = svg.MUTED, 1.0, 0.25
        if trial.number in leading:
            colour, width, opacity = _STYLES["complete"][1], 1.6, 0.8
        if ranked and trial.number == ranked[0].number:
            colour, width, opacity = _STYLES["best"][1], 2.4, 1.0
        if baseline is not None and trial.number == baseline.number:
            colour, width, opacity = _STYLES["baseline"][1], 2.4, 1.0
        path = [(x.at(epoch), y.at(value)) for epoch, value in lines[trial.number]]
        body.append(svg.line(path, colour, width=width, opacity=opacity, tip=_tip(trial)))
    entries = [("best", _STYLES["best"][1], ""), ("next best", _STYLES["complete"][1], "")]
    entries += [("baseline", _STYLES["baseline"][1], ""), ("others", svg.MUTED, "")]
    for place, (name, colour, dash) in enumerate([*entries, ("cycle ends", svg.MUTED, "3 4")]):
        left, middle = _LEGEND_STARTS[place], _HEIGHT - 12
        stroke = [(left, middle), (left + 14, middle)]
        body.append(svg.line(stroke, colour, width=1 if dash else 2.4, dash=dash))
        body.append(svg.text(left + 18, middle + 4, name, anchor="start"))
    return svg.document(_WIDTH, _HEIGHT, title, body)


def parameters(study: StudyRecord) -> list[str]:
    """The score against each parameter, one small plot a parameter."""
    trials = [trial for trial in _scored(study.trials) if trial.params]
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    scores = svg.figures_span([trial.score or 0.0 for trial in trials])
    specs = study.space.get("parameters", {})
    return [_parameter(study, trials, name, specs.get(name, {}), scores) for name in names]


def _parameter(
    study: StudyRecord,
    trials: Sequence[TrialRecord],
    name: str,
    spec: dict[str, Any],
    scores: tuple[float, float],
) -> str:
    found = [trial for trial in trials if name in trial.params]
    values = [trial.params[name] for trial in found]
    listed = spec.get("choices")
    if listed is None and not all(isinstance(value, int | float) for value in values):
        listed = sorted(set(values), key=str)
    ticks = None
    log = bool(spec.get("log"))
    if listed is not None:
        # Choices have no place among numbers: they stand side by side in their own order.
        ticks = [(float(place), str(choice)) for place, choice in enumerate(listed)]
        values = [listed.index(value) for value in values]
        bounds = (-0.5, len(listed) - 0.5)
    elif "low" in spec:
        if spec.get("type") == "int" and (spec["high"] - spec["low"]) // spec["step"] < _FEW:
            whole = range(spec["low"], spec["high"] + 1, spec["step"])
            ticks = [(float(value), str(value)) for value in whole]
        bounds = (float(spec["low"]), float(spec["high"]))
    else:
        bounds = svg.span([float(value) for value in values])
    x, y = _axes(bounds, scores, log=log, small=True)
    scale = "log scale" if log else ""
    body = [
        svg.frame(x, y, title=_short(name), x_name=scale, y_name="", x_ticks=ticks),
        *(
            _mark(study, trial, x.at(float(value)), y.at(trial.score or 0.0), size=2.8)
            for trial, value in zip(found, values, strict=True)
        ),
    ]
    return svg.document(_SMALL_WIDTH, _SMALL_HEIGHT, f"score against {name}", body)


def _short(name: str) -> str:
    leaf = name.rsplit(".", 1)[-1]
    return f"weight of {leaf}" if "task_weights" in name else leaf


def _axes(
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    *,
    log: bool = False,
    small: bool = False,
) -> tuple[Axis, Axis]:
    width, height, bottom = _WIDTH, _HEIGHT, _BOTTOM
    if small:
        width, height, bottom = _SMALL_WIDTH, _SMALL_HEIGHT, _SMALL_BOTTOM
    x = Axis(low=x_range[0], high=x_range[1], start=_LEFT, end=width - _RIGHT, log=log)
    y = Axis(low=y_range[0], high=y_range[1], start=height - bottom, end=_TOP)
    return x, y


def _complete(trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    return [t for t in trials if t.state == "complete" and t.score is not None]


def _scored(trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Trials that ended with a score."""
    return [t for t in trials if t.state in {"complete", "pruned"} and t.score is not None]


def _mark(study: StudyRecord, trial: TrialRecord, x: float, y: float, *, size: float = 4) -> str:
    best = records.best(study.trials)
    kind = trial.state
    if best is not None and trial.number == best.number:
        kind = "best"
    elif trial.baseline:
        kind = "baseline"
    shape, colour = _STYLES[kind]
    return svg.mark(shape, x, y, colour, size=size, tip=_tip(trial))


def _tip(trial: TrialRecord) -> str:
    figures = ", ".join(f"{task} {figure(value)}" for task, value in trial.r2.items())
    name = f"trial {trial.number}{' (baseline)' if trial.baseline else ''}, {trial.state}"
    return f"{name}: score {figure(trial.score)}; {figures}"


def _curve(trial: TrialRecord, task: str) -> list[tuple[int, float]]:
    """Epoch and R², where it is defined."""
    return [
        (entry["epoch"], value)
        for entry in trial.history
        if (value := entry["r2"].get(task)) is not None
    ]


def _judged(ranked: Sequence[TrialRecord]) -> list[int]:
    """Epochs at which the search's own trials are judged; the baseline has its own cycles."""
    searched = next((trial for trial in ranked if not trial.baseline), None)
    return [entry["epoch"] for entry in searched.history if entry["judged"]] if searched else []


def _legend(left: float) -> str:
    parts = []
    for place, (name, (shape, colour)) in enumerate(_STYLES.items()):
        start = left + 92 * place
        parts.append(svg.mark(shape, start + 6, _HEIGHT - 12, colour))
        parts.append(svg.text(start + 17, _HEIGHT - 8, name, anchor="start"))
    return "".join(parts)
