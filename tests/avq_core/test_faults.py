"""A full disk, found under what libraries make of it."""

import errno
import itertools
import sqlite3
from pathlib import Path

import pytest

from avq_core.faults import describe, full_disk, is_full
from avq_core.run_command import run_command


def raised(*errors: Exception) -> Exception:
    """The last of some errors, each raised while the one before was handled."""
    for before, error in itertools.pairwise(errors):
        error.__context__ = before
    return errors[-1]


@pytest.mark.parametrize(
    ("first", "text"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "a.npz"),
            "No space left on device (a.npz)",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (sqlite3.OperationalError("database or disk is full"), "database or disk is full"),
    ],
)
def test_a_full_disk_is_found_however_deep_it_lies(first: Exception, text: str) -> None:
    """As where Optuna's own clean-up fails on it, with an error that says nothing."""
    last = raised(first, RuntimeError("storage"), UnboundLocalError("cannot access local variable"))
    assert full_disk(last) == text
    assert describe(last) == text


def test_other_errors_are_told_by_type_and_first_line() -> None:
    """Queries and the like follow on further lines."""
    assert full_disk(ValueError("x")) is None
    assert describe(ValueError("first\nsecond")) == "ValueError: first"
    assert describe(ValueError()) == "ValueError"
    circle = ValueError("round")
    circle.__cause__ = KeyError("and round")
    circle.__cause__.__context__ = circle
    assert describe(circle) == "ValueError: round"


def test_a_full_disk_ends_a_command_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """It is no bug of the program; another error still is."""

    def full(_: object) -> int:
        raise RuntimeError from OSError(errno.ENOSPC, "No space left on device", "x")

    def bug(_: object) -> int:
        raise RuntimeError("a bug")

    assert run_command(full, []) == 2
    assert capsys.readouterr().err == (
        "error: No space left on device (x); free some space and give the same command again\n"
    )
    with pytest.raises(RuntimeError, match="a bug"):
        run_command(bug, [])


def test_whether_a_disk_is_full_is_asked_of_its_folder(tmp_path: Path) -> None:
    """One that is gone is not called full."""
    assert not is_full(tmp_path)
    assert not is_full(tmp_path / "gone")
