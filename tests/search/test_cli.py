"""The command line of the search: flags to settings, and back."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avq_core.run_command import run_command
from search.cli import SETTING_NAMES, arguments, build_parser, read_settings
from search.settings import BOUNDS, CHOICES, Settings

WORDS = st.text("abcxyz0189_./", min_size=1, max_size=9)


def numbers(name: str) -> st.SearchStrategy[float]:
    """Values that a setting takes."""
    bounds = BOUNDS[name]
    most = 1e6 if bounds.maximum is None else bounds.maximum
    if bounds.integral:
        return st.integers(int(bounds.minimum), int(most))
    return st.floats(bounds.minimum, most)


ANY: dict[str, st.SearchStrategy[object]] = {
    "data": WORDS,
    "layout": WORDS.map(Path),
    "study": st.from_regex(r"[a-z0-9][a-z0-9_.]{0,9}", fullmatch=True),
    "storage": st.sampled_from(
        ["sqlite:///a.db", "postgresql+psycopg://me@host/db?sslmode=require"]
    ),
    "runs": WORDS.map(Path),
    "space": WORDS,
    "devices": st.lists(st.sampled_from(["cpu", "cuda:0", "cuda:1"]), min_size=1).map(tuple),
    "warm_start": WORDS,
    "enqueue": st.lists(WORDS).map(tuple),
    "watch": st.lists(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), min_size=1, max_size=2).map(
        tuple
    ),
    "score_weights": st.tuples(st.floats(0.1, 9.0), st.floats(0.0, 9.0)),
} | {name: numbers(name) for name in BOUNDS}


@given(st.fixed_dictionaries({}, optional=ANY))
def test_a_command_line_asks_for_the_settings_that_it_was_made_of(
    changed: dict[str, object],
) -> None:
    """So the command that a study notes runs it again."""
    settings = Settings(**changed)  # type: ignore[arg-type]
    assert read_settings(arguments(settings)) == settings


def test_every_choice_goes_through_the_command_line() -> None:
    """One after another, beside the defaults."""
    for name, choices in CHOICES.items():
        for choice in choices:
            settings = Settings(**{name: choice})  # type: ignore[arg-type]
            assert read_settings(arguments(settings)) == settings


def test_every_setting_has_a_flag_with_its_default() -> None:
    """And there is no flag that is no setting."""
    options = vars(build_parser().parse_args([]))
    assert set(options) == SETTING_NAMES
    assert read_settings([]) == Settings()
    assert arguments(Settings()) == []


def test_auto_leaves_workers_and_devices_to_the_machine() -> None:
    """As no flag does."""
    assert read_settings(["--workers", "auto", "--devices", "auto"]) == Settings()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("--trials many", "--trials is 'many', expected an integer >= 1"),
        ("--trials 0", "--trials is 0, expected an integer >= 1"),
        ("--workers some", "--workers is 'some', expected auto or an integer from 1 to 1024"),
        ("--workers 0", "--workers is '0', expected auto or an integer from 1 to 1024"),
        ("--workers 1025", "--workers is '1025', expected auto or an integer from 1 to 1024"),
        ("--pruner axe", "--pruner is 'axe', expected one of cycle, iepoch, halving"),
        ("--sampler oracle", "--sampler is 'oracle', expected one of tpe, gp"),
        ("--sampler tpee", "; did you mean tpe?"),
        ("--stop soon", "--stop is 'soon', expected one of never, auto"),
        ("--watch overall,", "--watch is 'overall,', expected two tasks such as cross_modal,over"),
        ("--score-weights a,b", "--score-weights is 'a,b', expected two numbers such as 0.5,0.5"),
        ("--score-weights 0,0", "--score-weights is '0,0', expected two numbers >= 0, not both 0"),
        ("--score-weights 1", "--score-weights is '1', expected two numbers >= 0, not both 0"),
        ("--study ../up", "--study is '../up', expected letters, digits"),
        ("--study prepared", "--study is 'prepared', expected letters, digits"),
        ("--study=", "--study is '', expected letters, digits"),
        ("--nonsense", "unrecognized arguments: --nonsense"),
        ("--objective both", "--objective is 'both', expected one of score, pareto"),
        ("--objective pareto --pruner median", "--objective pareto takes cycle, none"),
        ("--objective pareto --sampler cmaes", "--objective pareto takes tpe, random"),
        ("--objective pareto --stop auto", "--objective pareto takes never"),
        ("--pruner iepoch --timeout 60", "--timeout is 60, expected none with --pruner iepoch"),
        ("--audit-share 2", "--audit-share is 2, expected a number in [0, 1]"),
        ("--baseline-epochs 0", "--baseline-epochs is 0, expected an integer >= 1"),
        ("--store-limit -1", "--store-limit is -1, expected a number >= 0"),
    ],
)
def test_a_wrong_flag_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], argv: str, message: str
) -> None:
    """With its name as it was typed, what was got and what was expected; nothing was loaded."""

    def main(argv: "list[str]") -> int:
        read_settings(argv)
        return 0

    assert run_command(main, argv.split(), settings=SETTING_NAMES) == 2  # type: ignore[arg-type]
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert message in error
    assert error.count("\n") == 1


def test_every_flag_says_what_it_is_for() -> None:
    """The help has a line for each setting."""
    text = build_parser().format_help()
    for field in dataclasses.fields(Settings):
        assert f"--{field.name.replace('_', '-')} " in text
