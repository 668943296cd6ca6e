"""Keeps libraries' logs and notes that say nothing to a user off a command's terminal."""

import logging
import warnings

import optuna


def quiet_libraries() -> None:
    """Silences what would garble the progress display.

    Optuna's log; that heartbeats and grouped TPE are experimental, both used knowingly and tested; and the
    traceback with which SQLAlchemy tells that Ctrl-C came while it read.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    if logging.lastResort is not None:
        logging.lastResort.addFilter(is_news)


def is_news(record: logging.LogRecord) -> bool:
    """Whether a record tells more than that a connection was interrupted, which the command tells itself."""
    if not record.name.startswith("sqlalchemy.pool") or record.exc_info is None:
        return True
    error = record.exc_info[1]
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return False
        error = error.__context__
    return True
