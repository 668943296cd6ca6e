"""The command line of `python -m search.run`. Imports nothing heavy, so that `--help` is quick."""

import argparse
from pathlib import Path

from avq_core.cli import CommandParser

DESCRIPTION = """\
Prepares the data if need be, runs or resumes a study, confirms its best trials with fresh seeds on
folds, opens the test split for the chosen one, writes RUNS/STUDY/best.yaml and prints a table.

The same command again resumes: --trials is the study's total, over all workers and all runs."""


def build_parser() -> argparse.ArgumentParser:
    """The parser; values that need the data or the machine to be checked are checked in `plan`."""
    parser = CommandParser(
        prog="python -m search.run",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--trials", type=int, default=200, metavar="N", help="the study's total (default 200)")
    add(
        "--data",
        metavar="PATH|demo",
        help="a file in the layout of ac.pkl (.pkl, .npz, .safetensors), or the built-in demo set "
        "(default: datasets/ac.pkl if it is there, else demo)",
    )
    add(
        "--layout",
        type=Path,
        metavar="FILE",
        help="YAML that says what the data calls things, its label ranges, PCA widths (docs/data.md)",
    )
    add("--study", metavar="NAME", help="the study's name (default: the data's name and the space)")
    add(
        "--storage",
        metavar="URL",
        help="an SQLAlchemy URL, such as postgresql+psycopg://user:password@host/database "
        "(default: SQLite at RUNS/STUDY/study.db)",
    )
    add("--runs", type=Path, default=Path("runs"), metavar="DIR", help="where all results go")
    add(
        "--store-limit",
        type=float,
        metavar="GB",
        help="what the prepared data under RUNS/prepared may take in all (default: the free disk)",
    )
    add(
        "--space",
        default="auto",
        metavar="NAME|FILE",
        help="what is searched: small or full (ten settings, for a CPU or a GPU), extended-small or "
        "extended (the network's parts too), or a YAML file; auto is extended with a GPU and "
        "extended-small without",
    )
    add(
        "--epochs",
        type=int,
        metavar="N",
        help="at most, for each trial; a run ends with its last whole cosine cycle "
        "(default: the space's)",
    )
    add(
        "--baseline-epochs",
        type=int,
        metavar="N",
        help="at most, for the manual's configuration, in whole cycles of its own (default: as many "
        "as a trial; on a CPU its first cycle of 10)",
    )
    add(
        "--workers",
        default="auto",
        metavar="N|auto",
        help="auto: one a CPU core, or up to 8 a GPU, as its memory and the cores carry them",
    )
    add("--devices", default="auto", metavar="LIST", help="auto, cpu, or cuda:0,cuda:1,…")
    add(
        "--objective",
        default="score",
        metavar="NAME",
        help="score (the weighted mean of both figures, default) or pareto (both for themselves)",
    )
    add(
        "--pruner",
        default="cycle",
        metavar="NAME",
        help="cycle (both figures, at cycle ends; default), iepoch (all stop at the first cycle "
        "end, the best few are finished), halving, hyperband, median or none",
    )
    add(
        "--audit-share",
        type=float,
        default=0.03,
        metavar="P",
        help="share of the trials marked for pruning that go on to their end all the same, to tell "
        "what pruning costs (default 0.03)",
    )
    add(
        "--sampler",
        default="tpe",
        metavar="NAME",
        help="tpe, gp (a Gaussian process), cmaes, random, or qmc (a Sobol sequence, then tpe)",
    )
    add(
        "--warm-start",
        metavar="STUDY",
        help="try the best points of another study under the same --runs or --storage first, as far "
        "as they fit this space; nothing is believed of them, and they are queued once",
    )
    add(
        "--enqueue",
        action="append",
        default=[],
        metavar="FILE",
        help="try the configuration of this best.yaml first; may be given several times",
    )
    add(
        "--stop",
        default="never",
        metavar="RULE",
        help="auto ends the study when what the trials left may gain, in the mean, falls below the "
        "standard error of its best score; never does not (default)",
    )
    add(
        "--watch",
        metavar="TASK[,TASK]",
        help="the tasks that play cross-modal and overall; one plays both "
        "(default: cross_modal,overall; the only task of data with one)",
    )
    add(
        "--score-weights",
        default="0.5,0.5",
        metavar="A,B",
        help="what the two watched R² count for in the score",
    )
    add(
        "--confirm",
        type=int,
        default=3,
        metavar="K",
        help="train the best K and the baseline again on folds, then open test; 0 does neither",
    )
    add(
        "--timeout",
        type=float,
        metavar="SECONDS",
        help="start no trial after this long; running ones end, and the best so far is confirmed",
    )
    add("--seed", type=int, default=0, metavar="N", help="of everything random (default 0)")
    return parser
