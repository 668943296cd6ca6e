"""Keeps libraries' logs and warnings that do not help a user off the terminal."""

import logging
import warnings

import optuna


def quiet_libraries() -> None:
    """Silences output that would disturb the progress display.

    That is Optuna's log, its warnings that heartbeats and grouped TPE are experimental (both are tested
    here), and the traceback that SQLAlchemy logs when Ctrl-C comes during a read.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    if logging.lastResort is not None:
        logging.lastResort.addFilter(is_news)


def is_news(record: logging.LogRecord) -> bool:
    """Whether a log record is not just SQLAlchemy's on Ctrl-C, which the command reports itself."""
    if not record.name.startswith("sqlalchemy.pool") or record.exc_info is None:
        return True
    error = record.exc_info[1]
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return False
        error = error.__context__
    return True
