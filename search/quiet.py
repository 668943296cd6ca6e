"""Keeps Optuna's own log and its notes on experimental features off a command's terminal."""

import warnings

import optuna


def quiet_optuna() -> None:
    """Silences what would garble the progress display.

    Heartbeats and grouped TPE are marked experimental; both are used knowingly and are tested.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
