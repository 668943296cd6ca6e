"""The command line of `python -m search.run`, from flags to `Settings` and back.

Imports nothing heavy, so that `--help` is quick. No other module of the search speaks of flags.
"""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from avq_core.cli import CommandParser, bounded, refused
from avq_core.invocation import typed
from search.settings import BOUNDS, CHOICES, Settings

DESCRIPTION = """\
Prepares the data if need be, runs or resumes a study, confirms its best trials with fresh seeds on
folds, scores the chosen one on the test split, writes RUNS/STUDY/best.yaml and prints a table.

The same command again resumes: --trials is the study's total, over all workers and all runs."""
_DEFAULTS: Final = Settings()
SETTING_NAMES: Final = frozenset(field.name for field in dataclasses.fields(Settings))


def read_settings(argv: Sequence[str]) -> Settings:
    """The settings that a command line asks for.

    Args:
        argv: The arguments after the program's name.

    Raises:
        AvqError: A flag that does not exist, a value out of its range, or two that do not go together.
    """
    options = vars(build_parser().parse_args(argv))
    return Settings(**options | {"enqueue": tuple(options["enqueue"])})


def arguments(settings: Settings) -> list[str]:
    """The command line of these settings; defaults are left out, and a password in `storage` is hidden."""
    if settings.storage is not None:
        from studies.storage.urls import without_secrets

        settings = dataclasses.replace(settings, storage=without_secrets(settings.storage))
    argv: list[str] = []
    for field in dataclasses.fields(Settings):
        value = getattr(settings, field.name)
        if value == field.default:
            continue
        flag = f"--{field.name.replace('_', '-')}"
        if field.name == "enqueue":
            argv += [argument for file in value for argument in (flag, file)]
        elif isinstance(value, tuple):
            argv += [flag, ",".join(map(str, value))]
        else:
            argv += [flag, str(value)]
    return argv


def build_parser() -> argparse.ArgumentParser:
    """The parser; values that need the data or the machine to be checked are checked in `plan`."""
    parser = CommandParser(
        prog=typed("search.run"),
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_study(parser)
    _add_training(parser)
    _add_method(parser)
    _add_score(parser)
    return parser


def _add_study(parser: argparse.ArgumentParser) -> None:
    """The data, the study and where results are stored."""
    _add(parser, "trials", metavar="N", help="the study's total (default 200)")
    _add(
        parser,
        "data",
        metavar="PATH|demo",
        help="a file in the layout of ac.pkl (.pkl, .npz, .safetensors), or the built-in demo set "
        "(default: datasets/ac.pkl if it exists, else demo)",
    )
    _add(
        parser,
        "layout",
        type=Path,
        metavar="FILE",
        help="YAML with the data's names, label ranges and PCA widths (docs/data.md)",
    )
    _add(
        parser,
        "study",
        metavar="NAME",
        help="the study's name (default: the data's name and the space)",
    )
    _add(
        parser,
        "storage",
        metavar="URL",
        help="an SQLAlchemy URL, such as postgresql+psycopg://user:password@host/database "
        "(default: SQLite at RUNS/STUDY/study.db)",
    )
    _add(parser, "runs", type=Path, metavar="DIR", help="where all results go")
    _add(
        parser,
        "store_limit",
        metavar="GB",
        help="upper bound on all prepared data under RUNS/prepared (default: the free disk)",
    )


def _add_training(parser: argparse.ArgumentParser) -> None:
    """The space, the epochs, the workers and the devices."""
    _add(
        parser,
        "space",
        metavar="NAME|FILE",
        help="what is searched: small or full (ten settings, for a CPU or a GPU), extended-small or "
        "extended (the network's parts too), or a YAML file; auto is extended with a GPU and "
        "extended-small without",
    )
    _add(
        parser,
        "epochs",
        metavar="N",
        help="upper bound for each trial; a run ends with its last whole cosine cycle "
        "(default: the space's)",
    )
    _add(
        parser,
        "baseline_epochs",
        metavar="N",
        help="upper bound for the manual baseline, which runs whole cycles of 10 (default: a trial's; "
        "on a CPU one cycle)",
    )
    _add(
        parser,
        "workers",
        type=_workers,
        metavar="N|auto",
        help="auto: one for each CPU core, or up to 8 for each GPU, as its memory and the cores allow",
    )
    _add(
        parser,
        "devices",
        type=_devices,
        metavar="LIST",
        help="auto, cpu, or cuda:0,cuda:1,… (auto)",
    )


def _add_method(parser: argparse.ArgumentParser) -> None:
    """The objective, the pruner, the sampler and what is tried first."""
    _add(
        parser,
        "objective",
        metavar="NAME",
        help="score (the weighted mean of both R², default) or pareto (both as separate objectives)",
    )
    _add(
        parser,
        "pruner",
        metavar="NAME",
        help="cycle (both R², at cycle ends; default), iepoch (all stop at the first cycle "
        "end, the best few are finished), halving, hyperband, median or none",
    )
    _add(
        parser,
        "audit_share",
        metavar="P",
        help="share of the trials that run on even if the pruner would stop them, to check "
        "what pruning costs (default 0.03)",
    )
    _add(
        parser,
        "sampler",
        metavar="NAME",
        help="tpe, gp (a Gaussian process), cmaes, random, or qmc (a Sobol sequence, then tpe)",
    )
    _add(
        parser,
        "warm_start",
        metavar="STUDY",
        help="try the best points of another study under the same --runs or --storage first, where "
        "they fit this space; each is trained anew, and they are queued once",
    )
    _add(
        parser,
        "enqueue",
        action="append",
        default=[],
        metavar="FILE",
        help="try the configuration of this best.yaml first; may be given several times",
    )
    _add(
        parser,
        "stop",
        metavar="RULE",
        help="auto ends the study when the expected gain of the trials left falls below the "
        "standard error of its best score; never does not (default)",
    )


def _add_score(parser: argparse.ArgumentParser) -> None:
    """The score, the confirmation, the time limit and the seed."""
    _add(
        parser,
        "watch",
        type=_names,
        metavar="TASK[,TASK]",
        help="the tasks watched as cross-modal and overall; one serves as both "
        "(default: cross_modal,overall; the only task of data with one)",
    )
    _add(
        parser,
        "score_weights",
        type=_weights,
        metavar="A,B",
        help="weights of the two watched R² in the score (default 0.5,0.5)",
    )
    _add(
        parser,
        "confirm",
        metavar="K",
        help="re-train the best K and the manual baseline on folds, then open the test split; 0 does neither",
    )
    _add(
        parser,
        "timeout",
        metavar="SECONDS",
        help="start no trial after this long; running trials finish, and the best so far is confirmed",
    )
    _add(parser, "seed", metavar="N", help="seed of all random numbers (default 0)")


def _add(parser: argparse.ArgumentParser, setting: str, **details: Any) -> None:
    """Adds the flag of a setting, with its default, its bounds or its choices."""
    if setting in BOUNDS:
        details.setdefault("type", bounded(BOUNDS[setting]))
    if setting in CHOICES:
        details["choices"] = CHOICES[setting]
    details.setdefault("default", getattr(_DEFAULTS, setting))
    parser.add_argument(f"--{setting.replace('_', '-')}", **details)


def _workers(text: str) -> int | None:
    """A number of workers; `None` for auto."""
    if text == "auto":
        return None
    bounds = BOUNDS["workers"]
    try:
        workers: int = bounded(bounds)(text)
    except argparse.ArgumentTypeError:
        raise refused(repr(text), f"auto or {bounds}") from None
    return workers


def _devices(text: str) -> tuple[str, ...] | None:
    """Devices by name; `None` for auto."""
    return None if text == "auto" else _names(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _weights(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(weight) for weight in text.split(","))
    except ValueError:
        raise refused(repr(text), "two numbers such as 0.5,0.5") from None
