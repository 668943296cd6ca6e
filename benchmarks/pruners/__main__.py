"""How many epochs does a pruning rule save, and how often does it stop the best trial?

    python -m benchmarks.pruners --curves learning_curves.npz --json pruners.json --plot pruners.png
    python -m benchmarks.pruners --study NAME --rules cycle cycle:keep_share=0.25,noise=0 halving:eta=3

Curves that are recorded to their last epoch are replayed. A simulated study draws configurations in random
order for one worker, and every rule sees the same ones. With --curves two tasks of a file stand for the two
watched metrics; a value that is not finite ends a trial under every rule. With --study the complete trials
of a finished study are replayed in many orders, so the intervals cover the choice of the order alone. No
rule is asked at a trial's last epoch. Shares of epochs are relative to no pruning, where diverged trials end
early as well.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from avq_core.cli import CommandParser
from avq_core.errors import ConfigError
from avq_core.files import check_place, whole_file
from avq_core.run_command import run_command
from benchmarks.pruners.curves import pair_trials, parse_pairs, read_curves, rungs_of
from benchmarks.pruners.rules import DEFAULT, KINDS, MEDIAN, NOTHING, parse_rule
from benchmarks.pruners.simulate import Plan, SimulatedStudy, simulate
from benchmarks.pruners.summary import INTERVALS, Row, summarise, table
from benchmarks.pruners.trials import Trials
from benchmarks.settings_text import describe


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m benchmarks.pruners",
        description=__doc__,
        epilog=f"rules and their settings:\n{describe(KINDS)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--curves", type=Path, metavar="FILE", help=".npz with valid_loss")
    source.add_argument(
        "--study", metavar="NAME", help="a finished study, ideally run with --pruner none"
    )
    parser.add_argument(
        "--pairs", nargs="+", default=["all"], metavar="A,B", help="tasks of the file, or all"
    )
    parser.add_argument("--studies", type=int, default=300, help="in total (default: %(default)s)")
    parser.add_argument("--trials", type=int, default=200, help="of a study (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--learning",
        type=float,
        default=0.0,
        metavar="S",
        help="share of the order that final scores decide: later trials are better, as with a sampler "
        "that learns (default: 0, a random order)",
    )
    parser.add_argument(
        "--rules", nargs="+", default=list(DEFAULT), metavar="RULE",
        help="NAME or NAME:key=value,key=value (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--cycle", type=int, metavar="T_0", help="default: a fifteenth of the curves' epochs"
    )
    parser.add_argument("--mult", type=int, default=2, metavar="T_MULT", help="default: 2")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="writes all results there, study by study"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="writes a PNG there")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="the runs folder")
    parser.add_argument("--storage", metavar="URL", help="an SQLAlchemy URL of the study's storage")
    return parser


def main(argv: Sequence[str]) -> int:
    """Replays and prints the table."""
    options = build_parser().parse_args(argv)
    plan = make_plan(options)
    for place in (options.json, options.plot):
        if place is not None:
            check_place(place)
    pairs, notes = from_study(options) if options.study else from_curves(options)
    studies = simulate(pairs, plan, workers=options.workers)
    rows = summarise(studies, seed=options.seed)
    print("\n".join([*notes, "", table(rows), "", INTERVALS]))
    if options.json is not None:
        write_json(options, rows, studies, notes)
    if options.plot is not None:
        from benchmarks.pruners.plot import write_plot

        write_plot(options.plot, rows, title=notes[0])
    return 0


def make_plan(options: argparse.Namespace) -> Plan:
    """What to simulate; no pruning and the median rule, which the others are compared with, are always in it.

    Raises:
        ConfigError: A number out of range, or an unknown rule.
    """
    for name, minimum in (("studies", 1), ("trials", 2), ("seed", 0), ("mult", 1), ("workers", 1)):
        value = getattr(options, name)
        if value < minimum:
            raise ConfigError(f"--{name} is {value}, expected at least {minimum}")
    rules = {name: parse_rule(name) for name in (NOTHING, MEDIAN, *options.rules)}
    if not 0 <= options.learning < 1:
        raise ConfigError(f"--learning is {options.learning}, expected a share in [0, 1)")
    return Plan(
        rules=rules,
        studies=options.studies,
        trials=options.trials,
        seed=options.seed,
        learning=options.learning,
    )


def from_curves(options: argparse.Namespace) -> tuple[list[Trials], list[str]]:
    """The pairs of tasks of a file, and a description of them."""
    curves = read_curves(options.curves)
    pairs = parse_pairs(options.pairs, curves.tasks)
    rungs = rungs_of(options.cycle, options.mult, curves.num_epochs)
    trials = list(pair_trials(curves, pairs, rungs))
    count = len(trials[0])
    headline = (
        f"{options.studies} studies of {min(options.trials, count)} trials, {len(pairs)} pairs of "
        f"tasks, {curves.num_epochs} epochs, rungs {', '.join(map(str, rungs))}"
    )
    notes = [headline]
    if options.trials > count:
        notes.append(f"the file holds {count} configurations, so no study can have more trials")
    return trials, notes


def from_study(options: argparse.Namespace) -> tuple[list[Trials], list[str]]:
    """The complete trials of a study, and a description of them."""
    from benchmarks.pruners.stored import stored_trials
    from studies.errors import ForeignStudyError
    from studies.records.read import read_study
    from studies.storage.open import open_study

    study = read_study(open_study(options.runs, options.study, options.storage))
    if study.is_foreign:
        raise ForeignStudyError(study.name, "so its trials have no curves to simulate with")
    trials = stored_trials(study)
    rungs = sorted({epoch for epochs in trials.rungs for epoch in epochs})
    left_out = len(study.trials) - len(trials)
    headline = (
        f"{options.studies} orders of {min(options.trials, len(trials))} trials of the study "
        f"{study.name}, up to {trials.lengths.max()} epochs, judged at {', '.join(map(str, rungs))}"
    )
    notes = [headline]
    if left_out:
        pruned = sum(trial.state == "pruned" for trial in study.trials)
        notes.append(
            f"left out: {pruned} pruned trials, whose curves end early, and {left_out - pruned} others: "
            "manual baseline, failed or not finished"
        )
    return [trials], notes


def write_json(
    options: argparse.Namespace,
    rows: Sequence[Row],
    studies: Sequence[SimulatedStudy],
    notes: Sequence[str],
) -> None:
    """Settings, rules and studies as strict JSON.

    Raises:
        ConfigError: The file cannot be written.
    """
    settings: dict[str, Any] = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(options).items()
        # A storage's URL may contain a password.
        if name not in {"json", "plot", "storage"}
    }
    content = {
        "settings": settings,
        "notes": list(notes),
        "intervals": INTERVALS,
        "rules": [row.to_dict() for row in rows],
        "studies": [dataclasses.asdict(study) for study in studies],
    }
    with whole_file(options.json) as file:
        json.dump(content, file, indent=1, allow_nan=False)
        file.write("\n")


if __name__ == "__main__":
    sys.exit(run_command(main))
