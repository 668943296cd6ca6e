"""The tables of a study's results; `show` prints them and `report` shows them as HTML."""

import math
from collections.abc import Mapping

from avq_core.display.numbers import metric_text
from studies.records.confirmation import CandidateResult
from studies.records.held_out import TestedConfiguration, TestResult
from studies.records.intervals import PairedDifference, interval_text
from studies.records.study import StudyRecord
from studies.table import Table

BASELINE, CHOSEN = "baseline", "best"


def search_table(study: StudyRecord) -> Table | None:
    """Validation R² by task of manual baseline and best trial; `None` before the first score."""
    named = (("baseline", study.baseline), ("best", study.best))
    columns = [(name, trial) for name, trial in named if trial is not None]
    if not columns:
        return None
    ceiling = study.attainable.get("val", {})
    labels = columns[-1][1].num_labels
    simple = study.simple
    scores = [metric_text(study.watch.score_of(r2)) for r2 in simple.values()]
    rows = [["score", *(metric_text(t.score) for _, t in columns), *scores, *_blank(ceiling), ""]]
    for task in study.tasks:
        marked = f"{task} *" if task in study.watch.tasks else task
        values = [metric_text(trial.r2.get(task)) for _, trial in columns]
        values += [metric_text(r2.get(task)) for r2 in simple.values()]
        attainable = [metric_text(ceiling.get(task))] if ceiling else []
        rows.append([marked, *values, *attainable, str(labels.get(task, ""))])
    times = [f"{t.epochs}, {t.seconds:.0f} s" if t.seconds else str(t.epochs) for _, t in columns]
    rows.append(["epochs, time", *times, *("" for _ in simple), *_blank(ceiling), ""])
    names = [f"{name} #{trial.number}" for name, trial in columns]
    head = ["validation R²", *names, *simple, *(["attainable"] if ceiling else []), "labels"]
    return Table(title="search results (* watched)", head=head, rows=rows)


def _blank(ceiling: Mapping[str, float]) -> list[str]:
    return [""] if ceiling else []


def front_table(study: StudyRecord) -> Table | None:
    """The Pareto front of a study that maximises both watched R²; `None` for any other, and of one task."""
    if not study.is_pareto or not study.pareto_front or len(study.watch.tasks) == 1:
        return None
    first, second = study.watch.cross_modal, study.watch.overall
    rows = [
        [
            f"#{trial.number}",
            metric_text(trial.r2.get(first)),
            metric_text(trial.r2.get(second)),
            metric_text(trial.score),
            "baseline" if trial.baseline else "",
        ]
        for trial in sorted(study.pareto_front, key=lambda trial: -trial.r2[first])
    ]
    title = (
        "Pareto front: trials that no other trial beats in both R² (without a confirmation the "
        "highest score is taken)"
    )
    return Table(title=title, head=["trial", first, second, "score", ""], rows=rows)


def confirmation_table(study: StudyRecord) -> Table | None:
    """Search score beside confirmed score; `None` before the confirmation."""
    confirmation = study.confirmation
    if confirmation is None or not confirmation.candidates:
        return None
    searched = {trial.number: trial.score for trial in study.trials}
    rows, marks = [], []
    for candidate in confirmation.ranked:
        chosen = candidate.trial == study.chosen
        rows.append(
            [
                f"#{candidate.trial}",
                metric_text(searched.get(candidate.trial)),
                metric_text(candidate.score_mean),
                "" if math.isnan(candidate.score_error) else metric_text(candidate.score_error),
                "" if candidate.behind is None else str(candidate.behind),
                str(candidate.num_runs),
                f"{candidate.parameters:,}",
                *(metric_text(candidate.r2_mean.get(task)) for task in study.columns),
                ", ".join(candidate_notes(study, candidate)),
            ]
        )
        marks.append(CHOSEN if chosen else BASELINE if candidate.baseline else "")
    head = ["trial", "searched", "confirmed", "± se", "behind the best [95 %]", "runs", "weights"]
    head += [*study.columns, ""]
    title = f"confirmed: mean over {confirmation.folds} folds of train + val"
    title += f" x {confirmation.seeds} fresh seeds" if confirmation.seeds > 1 else ", fresh seeds"
    if study.chosen is None:
        title += "; trials have been completed since, so nothing is chosen"
    return Table(title=title, head=head, rows=rows, marks=marks)


def candidate_notes(study: StudyRecord, candidate: CandidateResult) -> list[str]:
    """Which of `baseline`, `chosen` and `dropped` hold for a candidate."""
    return (
        ["baseline"] * candidate.baseline
        + ["chosen"] * (candidate.trial == study.chosen)
        + ["dropped"] * (candidate.dropped is not None)
    )


def test_table(study: StudyRecord) -> Table | None:
    """Test R² with 95 % intervals of manual baseline and chosen trial; `None` before test is opened."""
    confirmation, test = study.confirmation, study.test
    if confirmation is None or test is None:
        return None
    columns = tested_columns(test)
    others = dict(test.simple)
    if test.ensemble is not None:
        others = {f"ensemble of {len(test.ensemble.members)}": test.ensemble.r2, **others}
    ceiling = study.attainable.get("test", {})
    rows = []
    for task in study.tasks:
        cells = [interval_text(tested.r2.get(task)) for _, tested in columns]
        cells += [interval_text(test.difference.get(task))] if test.difference else []
        cells += [metric_text(r2[task].value if task in r2 else None) for r2 in others.values()]
        cells += [metric_text(ceiling.get(task))] if ceiling else []
        rows.append([task, *cells, str(test.num_labels.get(task, ""))])
    names = [f"{name} #{tested.trial} ({_epochs(tested)})" for name, tested in columns]
    head = ["test R²", *names]
    head += [
        *(["difference"] if test.difference else []),
        *others,
        *(["attainable"] if ceiling else []),
        "labels",
    ]
    openings = confirmation.test_openings
    times = "once" if openings == 1 else f"{openings} times, so its R² may be a little too high"
    seeds = f", mean of {test.seeds} seeds" if test.seeds > 1 else ""
    title = f"test split, opened {times}; R² [95 %]{seeds}"
    return Table(title=title, head=head, rows=rows)


def tested_columns(test: TestResult) -> list[tuple[str, TestedConfiguration]]:
    """Manual baseline, if it was tested, and chosen configuration, each with its name."""
    baseline = [] if test.baseline is None else [("baseline", test.baseline)]
    return [*baseline, ("chosen", test.chosen)]


def _epochs(tested: TestedConfiguration) -> str:
    number = tested.config["training"]["epochs"]
    return f"{number} epoch{'s' if number != 1 else ''}"


def verdict(study: StudyRecord) -> list[str]:
    """Sentences on whether the chosen trial beats the manual baseline and the best simple model on test.

    The 95 % interval of the paired difference decides, not the two metrics side by side.
    """
    test = study.test
    if test is None:
        return [*_without_test(study), *_unbeaten(study)]
    if study.chosen is None:
        outdated = (
            f"Trials have been completed since test was opened for #{test.chosen.trial}: the test results "
            "here are of that earlier choice. Run the search's command again to confirm anew."
        )
        return [outdated, *_unbeaten(study)]
    sentences = _compared(study, test.difference, "the manual's")
    if test.baseline is not None and test.chosen.trial == test.baseline.trial:
        sentences = [
            "Nothing that was searched is confirmed to be better than the manual's configuration."
        ]
    if test.simple_best is not None:
        best = f"the {test.simple_best}, the best simple model,"
        sentences += _compared(study, test.difference_to_simple, best)
    return sentences


def _without_test(study: StudyRecord) -> list[str]:
    if study.confirmation is None or study.confirmation.has_test:
        return []
    return ["The data has no test split with labels, so there are no metrics on test."]


def _unbeaten(study: StudyRecord) -> list[str]:
    """A sentence on the simple model that beats every trial on val; empty where none does."""
    name, best = study.best_simple_model, study.best
    if name is None or best is None or best.score is None:
        return []
    score = study.watch.score_of(study.simple[name])
    if score <= best.score:
        return []
    sentence = (
        f"On val no trial beats the {name}: its score is {score:.3f}, that of the best trial "
        f"{best.score:.3f}."
    )
    return [sentence]


def _compared(
    study: StudyRecord, difference: Mapping[str, PairedDifference], other: str
) -> list[str]:
    sentences = []
    for task in study.watch.tasks:
        gap = difference.get(task)
        if gap is None or not gap.has_bounds:
            continue
        # A sentence on several tasks must hold for all of them at once. Of one task it is the same.
        low, high = gap.low_all, gap.high_all
        how = "beats" if low > 0 else "is worse than" if high < 0 else "is not clearly apart from"
        all_at_once = (
            f", [{metric_text(low)}, {metric_text(high)}] where all {len(difference)} tasks are to hold at once"
            if len(difference) > 1
            else ""
        )
        sentences.append(
            f"On test the chosen configuration {how} {other} in {task}: a difference in R² of {gap}"
            f"{all_at_once}."
        )
    return sentences
