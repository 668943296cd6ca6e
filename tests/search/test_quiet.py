"""What is kept off a command's terminal."""

import itertools
import logging

import pytest

from search.quiet import is_news, quiet_libraries


def record(name: str, *errors: BaseException) -> logging.LogRecord:
    """As a library logs the last of several errors, each of which came while one handled that before."""
    for before, error in itertools.pairwise(errors):
        error.__context__ = before
    info = (type(errors[-1]), errors[-1], None) if errors else None
    return logging.LogRecord(name, logging.ERROR, "", 0, "Error closing cursor", (), info)


@pytest.mark.parametrize(
    ("name", "errors", "told"),
    [
        ("sqlalchemy.pool.impl.QueuePool", (KeyboardInterrupt(), ValueError()), False),
        ("sqlalchemy.pool.impl.QueuePool", (KeyboardInterrupt(),), False),
        ("sqlalchemy.pool.impl.QueuePool", (OSError(), ValueError()), True),
        ("sqlalchemy.pool.impl.QueuePool", (), True),
        ("avq_core", (KeyboardInterrupt(), ValueError()), True),
    ],
)
def test_a_read_that_ctrl_c_cut_off_is_no_news(
    name: str, errors: tuple[BaseException, ...], told: bool
) -> None:
    """Whatever else a connection suffers is."""
    assert is_news(record(name, *errors)) is told


def test_the_terminal_gets_no_other_records() -> None:
    """Without handlers of its own, a command's records end at the last resort."""
    quiet_libraries()
    assert logging.lastResort is not None
    assert not logging.lastResort.filter(record("sqlalchemy.pool", KeyboardInterrupt()))
    assert logging.lastResort.filter(record("sqlalchemy.pool", ValueError()))
