"""How a command takes its options."""

from collections.abc import Sequence

import pytest

from avq_core.cli import CommandParser, file_ending, integer, number, with_flags
from avq_core.errors import AvqError
from avq_core.run_command import run_command

MANUAL = "python -m made.up --help lists the options"


def parse(argv: Sequence[str]) -> int:
    """A command with an option of each kind."""
    parser = CommandParser(prog="python -m made.up")
    parser.add_argument("--trials", type=integer(1))
    parser.add_argument("--port", type=integer(1, 65535))
    parser.add_argument("--share", type=number(0, 1))
    parser.add_argument("--limit", type=number(0))
    parser.add_argument("--plot", type=file_ending(".png", ".svg"))
    parser.add_argument("--pruner", choices=("cycle", "median", "none"))
    parser.add_argument("--out", required=True)
    options = parser.parse_args(argv)
    print(options.trials, options.port, options.share, options.limit, options.plot, options.pruner)
    return 0


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("--trials many", "--trials is 'many', expected an integer >= 1"),
        ("--trials 1.5", "--trials is '1.5', expected an integer >= 1"),
        ("--trials 0", "--trials is 0, expected an integer >= 1"),
        (f"--trials {'9' * 400}", f"--trials is {'9' * 400}, expected an integer >= 1"),
        ("--port 65536", "--port is 65536, expected an integer from 1 to 65535"),
        ("--share nan", "--share is nan, expected a number in [0, 1]"),
        ("--share 1.01", "--share is 1.01, expected a number in [0, 1]"),
        ("--limit inf", "--limit is inf, expected a number >= 0"),
        ("--limit -1", "--limit is -1, expected a number >= 0"),
        ("--limit much", "--limit is 'much', expected a number >= 0"),
        ("--plot a.gif", "--plot is a.gif, expected a name that ends in .png, .svg"),
        (
            "--pruner medain",
            "--pruner is 'medain', expected one of cycle, median, none; did you mean median?",
        ),
        ("--pruner axe", "--pruner is 'axe', expected one of cycle, median, none"),
        (
            "--out x --trails=3",
            "unrecognized arguments: --trails=3; did you mean --trials?; " + MANUAL,
        ),
        (
            "--trials",
            "--trials: expected one argument; " + MANUAL,
        ),
        (
            "",
            "the following arguments are required: --out; " + MANUAL,
        ),
    ],
)
def test_a_wrong_option_is_one_line_with_got_and_expected(
    capsys: pytest.CaptureFixture[str], argv: str, message: str
) -> None:
    """Whether argparse or an option's own type refuses it."""
    assert run_command(parse, argv.split()) == 2
    assert capsys.readouterr() == ("", f"error: {message}\n")


def test_values_at_the_bounds_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """Both ends belong to a range."""
    argv = "--out x --trials 1 --port 65535 --share 1 --limit 0 --plot a.svg --pruner none"
    assert run_command(parse, argv.split()) == 0
    assert capsys.readouterr().out == "1 65535 1.0 0.0 a.svg none\n"


def test_settings_in_an_error_are_told_as_the_commands_flags(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Errors name settings; flags are a command's own, and other words in backticks stay."""

    def main(_: Sequence[str]) -> int:
        raise AvqError("`score_weights` is 3, see `keys` and `runs`")

    assert run_command(main, [], settings={"score_weights", "runs"}) == 2
    assert capsys.readouterr().err == "error: --score-weights is 3, see `keys` and --runs\n"
    assert with_flags("`runs`", ()) == "`runs`"
