"""What of a command line can be checked before the data is looked at."""

import argparse

from avq_core.errors import ConfigError
from search.pruners.factory import OF_BOTH_FIGURES, make_pruner
from search.samplers.factory import OF_TWO_OBJECTIVES, check_sampler
from search.stopping import check_rule
from studies.score import OBJECTIVES, Watch


def check_options(options: argparse.Namespace) -> None:
    """Checks numbers and names.

    Raises:
        ConfigError: The first that is wrong.
    """
    _check_numbers(options)
    check_sampler(options.sampler)
    check_rule(options.stop)
    make_pruner(options.pruner, Watch(), epochs=1)
    _check_objective(options)


def _check_numbers(options: argparse.Namespace) -> None:
    bounds = (
        ("--trials", options.trials, 1),
        ("--epochs", options.epochs, 1),
        ("--baseline-epochs", options.baseline_epochs, 1),
        ("--confirm", options.confirm, 0),
        ("--seed", options.seed, 0),
        ("--timeout", options.timeout, 0),
        ("--store-limit", options.store_limit, 0),
    )
    for name, value, least in bounds:
        if value is not None and not value >= least:
            raise ConfigError(f"{name} is {value}, expected a number >= {least}")
    if not 0 <= options.audit_share <= 1:
        raise ConfigError(f"--audit-share is {options.audit_share}, expected a share in [0, 1]")


def _check_objective(options: argparse.Namespace) -> None:
    if options.objective not in OBJECTIVES:
        raise ConfigError(
            f"--objective is {options.objective!r}, expected one of {', '.join(OBJECTIVES)}"
        )
    if options.pruner == "iepoch":
        _check_iepoch(options)
    if options.objective != "pareto":
        return
    for name, value, taken in (
        ("--pruner", options.pruner, OF_BOTH_FIGURES),
        ("--sampler", options.sampler, OF_TWO_OBJECTIVES),
        ("--stop", options.stop, ("never",)),
    ):
        if value not in taken:
            raise ConfigError(
                f"{name} is {value!r}, which goes by a single value; "
                f"--objective pareto takes {', '.join(taken)}"
            )


def _check_iepoch(options: argparse.Namespace) -> None:
    """It finishes its best at the study's total, so a study that may end before finishes none."""
    if options.stop != "never":
        raise ConfigError(f"--stop is {options.stop!r}, expected never with --pruner iepoch")
    if options.timeout is not None:
        raise ConfigError(
            f"--timeout is {options.timeout:g}, expected none with --pruner iepoch, which finishes "
            "its best trials at the end; give fewer --trials"
        )
