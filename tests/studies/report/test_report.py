"""`studies.report`: one page that needs nothing but itself, of a study at any stage."""

import dataclasses
import math
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import optuna
import pytest
from commands import assert_one_line, run
from made_records import TASKS, at_best, confirmed, made_study, with_confirmation, with_test

from studies.records import attributes
from studies.records.provenance import SearchedSpace
from studies.records.read import read_study
from studies.records.study import StudyRecord
from studies.report.build import document, markdown, page

SECTIONS = [
    "search",
    "confirmation",
    "test",
    "predictions",
    "course",
    "settings",
    "weights",
    "pruning",
    "data",
    "reproduce",
    "trials",
]
_NEVER_CLOSED = {"meta", "link"}
FEW = 14
"""Trials of a study with too few complete ones to weigh its settings, which takes seconds."""
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>|`*[a](http://b.c) @you"


class Balance(HTMLParser):
    """Fails where tags do not close in order; keeps what would be fetched, and what there is."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.fetched: set[str] = set()
        self.ids: list[str] = []
        self.styles = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens."""
        self.tags.add(tag)
        if tag not in _NEVER_CLOSED:
            self.open.append(tag)
        values = dict(attrs)
        self.fetched |= {values[name] or "" for name in ("src", "href", "srcset") if name in values}
        self.ids += [values["id"] or ""] if "id" in values else []

    def handle_endtag(self, tag: str) -> None:
        """Closes."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """What stands in a style."""
        if self.open and self.open[-1] == "style":
            self.styles += data


def check(html: str) -> Balance:
    """The page is whole, and has nothing to load."""
    parser = Balance()
    parser.feed(html)
    assert parser.open == []
    outside = {address for address in parser.fetched if not address.startswith("#")}
    assert outside <= {"data:,"}
    assert "url(" not in parser.styles
    assert "@import" not in parser.styles
    assert not parser.tags & {"img", "iframe", "object", "embed"}
    assert len(parser.ids) == len(set(parser.ids))
    return parser


def test_a_full_study_has_every_section_in_order() -> None:
    """Each is in the table of contents, and plotly's library is in the page once."""
    html = page(confirmed(made_study()))
    parser = check(html)
    assert [name for name in parser.ids if name in SECTIONS] == SECTIONS
    links = {address for address in parser.fetched if address.startswith("#")}
    assert links == {f"#{name}" for name in ["top", *SECTIONS]}
    assert html.count("* plotly.js v") == 1
    # Of 3 tasks and 8 settings: confirmed scores, predictions, course, importance, all settings, and the rest.
    assert sum(name.startswith("plot-") for name in parser.ids) == 1 + 3 + 4 + 1 + 1 + 8 + 1 + 1


def test_the_first_screen_stands_before_the_library() -> None:
    """Verdict and main table are shown before 5 MB of it are read."""
    html = page(confirmed(made_study()))
    before, _ = html.split("* plotly.js v")
    assert "on the test split." in before
    assert "0.500 [0.420, 0.580]" in before


def test_the_page_is_the_same_each_time() -> None:
    """What is laid apart or numbered follows from the trials."""
    study = confirmed(made_study(trials=FEW))
    assert page(study) == page(study)


def test_nothing_is_sent_anywhere() -> None:
    """The library's button for a share in its cloud is left out."""
    html = page(made_study(trials=FEW))
    assert '"showSendToCloud": false' in html
    assert '"showSendToCloud": true' not in html
    assert '"modeBarButtons": [["toImage", "resetViews"]]' in html


def emptied(study: StudyRecord) -> StudyRecord:
    """Just started."""
    return dataclasses.replace(study, trials=[])


def unfinished(study: StudyRecord) -> StudyRecord:
    """Only pruned trials so far."""
    pruned = [trial for trial in study.trials if trial.state == "pruned"]
    return dataclasses.replace(study, trials=pruned)


def just_running(study: StudyRecord) -> StudyRecord:
    """No trial has a metric yet."""
    trials = [dataclasses.replace(t, state="running", best=None) for t in study.trials[:3]]
    return dataclasses.replace(study, trials=trials)


def diverged(study: StudyRecord) -> StudyRecord:
    """A complete trial has an R² of -40 everywhere."""
    bad = dict.fromkeys(study.tasks, -40.0)
    trial = study.trials[2]
    history = [entry.model_copy(update={"r2": bad}) for entry in trial.history]
    trials = [*study.trials]
    trials[2] = dataclasses.replace(at_best(trial, score=-40.0, r2=bad), history=history)
    return confirmed(dataclasses.replace(study, trials=trials))


def undefined(study: StudyRecord) -> StudyRecord:
    """A task has no R² anywhere."""
    trials = [at_best(t, r2={**t.r2, TASKS[0]: math.nan}) for t in study.trials]
    return confirmed(dataclasses.replace(study, trials=trials))


def sparse(study: StudyRecord) -> StudyRecord:
    """Confirmed with a single seed, and without all optional parts."""
    whole = confirmed(study)
    assert whole.test is not None
    nothing = {"spearman": {}, "pearson": {}, "mae": {}, "r2_first": None}
    changed = with_test(
        whole,
        chosen=whole.test.chosen.model_copy(update=nothing),
        baseline=None,
        difference={},
        trained_on=None,
    )
    changed = with_confirmation(changed, rule=None, openings=())
    return dataclasses.replace(
        changed, predictions=None, data_audit=None, provenance=None, space=SearchedSpace()
    )


@pytest.mark.parametrize(
    "change", [emptied, unfinished, just_running, diverged, undefined, sparse, confirmed]
)
def test_a_study_at_any_stage_has_its_page(change: Callable[[StudyRecord], StudyRecord]) -> None:
    """Sections whose data it lacks are left out or say why."""
    study = change(made_study(trials=FEW))
    check(page(study))
    assert markdown(study).startswith("# made\n\nData: demo")


@pytest.mark.parametrize("tasks", [("overall",), tuple(f"task_{n}" for n in range(17))])
def test_a_study_of_any_tasks_has_its_page(tasks: tuple[str, ...]) -> None:
    """One task plays both, or there are more than a table holds columns."""
    study = confirmed(made_study(tasks=tasks, trials=FEW))
    ids = check(page(study)).ids
    assert sum(name.startswith("plot-predictions") for name in ids) == len(tasks)


def test_a_pareto_study_shows_its_front() -> None:
    """As a table, beside the plot that every study has."""
    study = made_study(pareto=True, trials=FEW)
    assert "Pareto front: trials that no other trial beats in both R²" in page(study)
    assert "Pareto front: trials that no other trial beats in both R²" in markdown(study)


def test_a_study_that_something_else_made_says_so() -> None:
    """Its trials hold none of the search's metrics."""
    study = optuna.create_study(study_name="plain")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    html = page(read_study(study))
    check(html)
    assert "hold none of the metrics that search.run records" in html


def test_users_words_are_never_markup() -> None:
    """Names, reasons and groups are escaped in the page, and once more in what plotly is given."""
    study = made_study(tasks=[f"{HOSTILE} {n}" for n in range(3)], name=HOSTILE)
    trials = [dataclasses.replace(trial, reason=HOSTILE) for trial in study.trials]
    study = dataclasses.replace(study, trials=trials, stopped=HOSTILE, data_source=HOSTILE)
    html = page(confirmed(study, group=HOSTILE))
    check(html)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    _, plots = html.split("* plotly.js v")
    drawn = plots[plots.index("</script>") :]
    # In the scripts a "<" is \u003c, and what the user wrote as one is an entity before that.
    assert "\\u003cscript" not in drawn
    assert "\\u003cimg" not in drawn
    assert "&lt;img src=x" in drawn


def test_markdown_has_the_same_sentences_and_tables() -> None:
    """Without plots; a number sign before digits would link to some issue on GitHub."""
    study = confirmed(made_study(trials=FEW))
    text = markdown(study)
    whole = document(study, with_plots=True)
    for section in whole.sections:
        shown = f"## {section.title}" in text
        assert shown == (section.anchor not in {"course", "predictions"})
    assert f"**Trial no. {study.chosen}, chosen on folds with fresh seeds, reaches" in text
    assert "| test: overall R² [95 %] | 0.500 [0.420, 0.580] |" in text
    assert "#1" not in text
    assert "plotly" not in text


def test_the_command_writes_the_page_into_the_studys_folder(
    confirmed: optuna.Study, runs: Path
) -> None:
    """By default beside the study, or in the file of --out; - prints it."""
    done = run("studies.report", "tiny", "--runs", runs)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    html = (runs / "tiny" / "report.html").read_text(encoding="utf-8")
    check(html)
    assert "pruned &lt;here&gt; &amp; there" in html
    assert "0.310 [0.210, 0.410]" in html
    other = runs / "other.md"
    done = run("studies.report", "tiny", "--runs", runs, "--format", "md", "--out", other)
    assert done.returncode == 0, done.stderr
    printed = run("studies.report", "tiny", "--runs", runs, "--format", "md", "--out", "-")
    assert printed.stdout == other.read_text(encoding="utf-8")
    assert "0.310 [0.210, 0.410]" in printed.stdout


def test_help_answers_without_plotly() -> None:
    """Nor Optuna: a second each."""
    code = (
        "import sys, studies.report.__main__ as r\n"
        "try: r.main(['--help'])\n"
        "except SystemExit: print(sorted({'plotly', 'optuna', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
    assert "--format" in done.stdout


def test_a_study_that_is_not_there(study: optuna.Study, runs: Path) -> None:
    """One line, no page."""
    assert_one_line(run("studies.report", "other", "--runs", runs), "no study 'other'")


def test_why_a_study_ended_early_stands_at_the_top(study: optuna.Study) -> None:
    """In the first paragraph."""
    assert "Stopped" not in document(read_study(study), with_plots=False).facts
    study.set_user_attr(attributes.STOPPED, "after 40 trials, since little is to come")
    first = page(read_study(study)).split("</p>")[0]
    assert "Stopped: after 40 trials, since little is to come." in first
