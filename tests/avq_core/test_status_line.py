"""Progress in one line: on a terminal, in a log, and where nobody reads."""

import io
import sys

import pytest

from avq_core.status_line import StatusLine


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Always."""
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch, kind: str = "xterm") -> Terminal:
    """Puts a terminal of 40 columns in place of stderr.

    In the test itself: pytest puts its own stderr back after a fixture.
    """
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    for name, value in {"TERM": kind, "COLUMNS": "40", "LINES": "10"}.items():
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    return stream


def test_off_a_terminal_a_line_is_printed_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    """A log file gets a line in fifteen seconds, and always the last one."""
    now = [0.0]
    status = StatusLine(clock=lambda: now[0])
    for second in range(31):
        now[0] = float(second)
        status.show(f"second {second}")
    status.say("the end")
    assert capsys.readouterr().err.splitlines() == ["second 0", "second 15", "second 30", "the end"]


def test_off_a_terminal_a_line_is_not_printed_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """Where what stays is what was shown last; the next stage begins with a line of its own."""
    status = StatusLine(clock=lambda: 0.0)
    status.show("2/2 trials")
    status.say("2/2 trials")
    status.show("confirming")
    status.say("confirmed")
    assert capsys.readouterr().err.splitlines() == ["2/2 trials", "confirming", "confirmed"]


def test_on_a_terminal_one_line_is_rewritten_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut to the width, since a wrapped line cannot be; what stays is printed whole, once."""
    terminal = on_terminal(monkeypatch)
    status = StatusLine()
    status.show("1/2 trials")
    status.show("2/2 trials, " + "very " * 20 + "long")
    shown = terminal.getvalue()
    assert "\n" not in shown
    assert "1/2 trials" in shown
    assert "…" in shown
    assert "long" not in shown
    status.say("done with " + "many " * 20 + "words [bold]")
    after = terminal.getvalue().removeprefix(shown)
    # The live line is taken away first: one up, and cleared.
    assert after.endswith("\x1b[1A\x1b[2Kdone with " + "many " * 20 + "words [bold]\n")


def test_the_cursor_is_never_hidden_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is killed outright cannot bring it back."""
    terminal = on_terminal(monkeypatch)
    StatusLine().show("1/2 trials")
    shown = terminal.getvalue()
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l")


def test_a_closed_status_line_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that is printed next starts a line; closing twice does no harm."""
    terminal = on_terminal(monkeypatch)
    status = StatusLine()
    status.show("confirming")
    status.close()
    end = terminal.getvalue()
    assert end.endswith("\x1b[2K")
    status.close()
    assert terminal.getvalue() == end


def test_a_terminal_that_cannot_rewrite_a_line_is_treated_as_a_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such as that of an editor."""
    terminal = on_terminal(monkeypatch, "dumb")
    status = StatusLine(clock=lambda: 0.0)
    status.show("1/2 trials")
    status.show("2/2 trials")
    status.say("done")
    assert terminal.getvalue() == "1/2 trials\ndone\n"


def test_without_stderr_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A process may be started with it closed; standard output is not for progress."""
    monkeypatch.setattr(sys, "stderr", None)
    status = StatusLine()
    status.show("1/2 trials")
    status.say("done")
    status.close()
    assert capsys.readouterr().out == ""
