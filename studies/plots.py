"""A study's plots, each a pure function from its record to SVG."""

from collections.abc import Sequence
from typing import Any, Final

from studies import records, svg
from studies.records import StudyRecord, TrialRecord
from studies.svg import Axis

# Okabe and Ito's colours, which the colour-blind tell apart; shapes say the same again.
_STYLES: Final = {
    "complete": ("dot", "#0072B2"),
    "pruned": ("cross", "#7b8794"),
    "baseline": ("diamond", "#D55E00"),
    "best": ("star", "#009E73"),
}
_LEFT, _TOP, _RIGHT, _BOTTOM = 62.0, 44.0, 14.0, 70.0
_TOP_CURVES: Final = 5


def history(study: StudyRecord) -> str:
    """The score of every trial in the order of their numbers, and the best so far."""
    trials = _scored(study.trials)
    last = max([trial.number for trial in trials], default=1)
    x, y = _axes(760, 320, (0, max(last, 1)), svg.figures_span([t.score or 0.0 for t in trials]))
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
    title = "Score of every trial; the line is the best so far"
    body = [
        svg.frame(x, y, title=title, x_name="trial", y_name="validation score (R²)"),
        svg.line(steps, _STYLES["best"][1], width=2),
        *(_mark(study, t, x.at(t.number), y.at(t.score or 0.0)) for t in trials),
        _legend(x.start, 314),
    ]
    return svg.document(760, 320, title, body)


def watched(study: StudyRecord) -> str:
    """Both watched figures of every trial against each other."""
    first, second = study.watch
    points = [
        (trial, a, b)
        for trial in _scored(study.trials)
        if (a := trial.r2.get(first)) is not None and (b := trial.r2.get(second)) is not None
    ]
    x_range = svg.figures_span([a for _, a, _ in points])
    x, y = _axes(440, 400, x_range, svg.figures_span([b for _, _, b in points]))
    title = "The two watched figures"
    names = (f"{first} R²", f"{second} R²")
    body = [
        svg.frame(x, y, title=title, x_name=names[0], y_name=names[1]),
        *(_mark(study, trial, x.at(a), y.at(b)) for trial, a, b in points),
        _legend(x.start, 394),
    ]
    return svg.document(440, 400, f"{title}: {' against '.join(names)}", body)


def curves(study: StudyRecord, task: str) -> str:
    """A task's validation R² by epoch: the best trials, the baseline, and all others behind."""
    lines = {trial.number: _curve(trial, task) for trial in study.trials}
    known = [value for curve in lines.values() for _, value in curve]
    last = max([epoch for curve in lines.values() for epoch, _ in curve], default=1)
    x, y = _axes(440, 340, (1, max(last, 2)), svg.figures_span(known))
    baseline = records.baseline(study.trials)
    ranked = sorted(_complete(study.trials), key=lambda trial: -(trial.score or 0.0))
    leading = {trial.number for trial in ranked[:_TOP_CURVES]}
    title = f"{task} R² by epoch; dashed: a cosine cycle ends"
    body = [svg.frame(x, y, title=title, x_name="epoch", y_name="validation R²")]
    for epoch in _judged(ranked):
        body.append(svg.line([(x.at(epoch), y.start), (x.at(epoch), y.end)], svg.MUTED, dash="3 4"))
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
    entries = [("best", _STYLES["best"][1]), ("next best", _STYLES["complete"][1])]
    entries += [("baseline", _STYLES["baseline"][1]), ("others", svg.MUTED)]
    for place, (name, colour) in enumerate(entries):
        left = x.start + 92 * place
        body.append(svg.line([(left, 330), (left + 18, 330)], colour, width=2.4))
        body.append(svg.text(left + 23, 334, name, anchor="start"))
    return svg.document(440, 340, title, body)


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
    # Choices, and whatever has no numeric place, stand side by side in their own order.
    listed = spec.get("choices") or (
        None if all(map(_is_number, values)) else sorted(set(values), key=str)
    )
    short = name.rsplit(".", 1)[-1].replace("_", " ")
    if "task_weights" in name:
        short = f"weight of {short}"
    if listed:
        x, y = _axes(250, 210, (-0.5, len(listed) - 0.5), scores)
        places = [float(listed.index(value)) if value in listed else -0.5 for value in values]
        blank = Axis(low=0, high=0.5, start=x.start, end=x.start + 1e-9, log=False)
        frame = svg.frame(blank, y, title=short, x_name="", y_name="")
        ends = svg.line([(x.start, y.start), (x.end, y.start)], svg.MUTED, width=1)
        grid = [
            svg.text(x.at(place), y.start + 16, str(choice)) for place, choice in enumerate(listed)
        ]
        head = [_without_ticks(frame, y, x), ends, *grid]
    else:
        log = bool(spec.get("log"))
        low, high = (
            (spec["low"], spec["high"]) if "low" in spec else svg.span([float(v) for v in values])
        )
        x, y = _axes(250, 210, (low, high), scores, log=log and low > 0)
        places = [float(value) for value in values]
        head = [svg.frame(x, y, title=short, x_name="log scale" if x.log else "", y_name="")]
    marks = [
        _mark(study, trial, x.at(place), y.at(trial.score or 0.0), size=2.8)
        for trial, place in zip(found, places, strict=True)
    ]
    return svg.document(250, 210, f"score against {name}", [*head, *marks])
