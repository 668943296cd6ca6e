"""The list of commands of the installed script."""

import sys

import pytest

from search import commands


def started(argv: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The modules that a command line runs."""
    ran: list[str] = []
    monkeypatch.setattr(sys, "argv", ["/bin/avq-search", *argv.split()])
    monkeypatch.setattr(commands, "leave", sys.exit)
    monkeypatch.setattr("runpy.run_module", lambda module, **_: ran.append(module))
    commands.run()
    return ran


def test_a_command_runs_its_module_with_the_arguments_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Options of a command are not the script's."""
    assert started("run --trials 3 --help", monkeypatch) == ["search.run"]
    assert sys.argv == ["/bin/avq-search", "--trials", "3", "--help"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [("rnu", "did you mean run?"), ("shwo x", "did you mean show?"), ("", "required: COMMAND")],
)
def test_a_wrong_command_is_told_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], argv: str, words: str
) -> None:
    """One line, exit 2."""
    with pytest.raises(SystemExit) as ended:
        started(argv, monkeypatch)
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert words in told.err


def test_help_lists_every_command_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each fits into a line of 80."""
    with pytest.raises(SystemExit) as ended:
        started("--help", monkeypatch)
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    for command in commands.COMMANDS:
        (line,) = [line for line in lines if line.startswith(f"  {command.name} ")]
        assert line.endswith(command.does)
        assert command.does.endswith(".")
        assert len(line) <= 80
