"""`python -m studies.export`: a trial's full training configuration, for `avq_core.train`."""

if __name__ == "__main__":  # before any other import
    from avq_search.start import begin

    begin()

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from avq_core.cli import CommandParser, integer
from avq_core.invocation import typed
from avq_core.outputs import check_stdout
from avq_core.run_command import leave, run_command
from studies.cli import add_study_options
from studies.errors import ForeignStudyError, StudyError

if TYPE_CHECKING:
    from studies.records.study import StudyRecord


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog=typed("studies.export"),
        description="Writes a trial's full, effective training configuration as YAML.",
    )
    add_study_options(parser)
    parser.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="the YAML to write; - prints it; with --pareto a folder",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--trial",
        type=integer(0),
        metavar="N",
        help="default: the one that the confirmation chose, else the best",
    )
    which.add_argument(
        "--ensemble",
        action="store_true",
        help="write all confirmed configurations; a model of them scores by their mean",
    )
    which.add_argument(
        "--pareto",
        action="store_true",
        help="write a file trial-N.yaml for each complete trial that no other beats in both watched "
        "R² on val; --out is their folder",
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Selects the trial and writes its configuration."""
    options = build_parser().parse_args(argv)
    from studies.export.configuration import to_yaml, write
    from studies.export.selection import ensemble, pick
    from studies.records.read import read_study
    from studies.storage.open import open_study

    study = read_study(open_study(options.runs, options.study, options.storage))
    if study.is_foreign:
        raise ForeignStudyError(
            study.name, "so its trials have no training configuration to export"
        )
    if options.pareto:
        return _write_front(study, options.out)
    trial = pick(study, options.trial)
    members = ensemble(study) if options.ensemble else ()
    text = to_yaml(study, trial, members=members)
    if options.out == "-":
        check_stdout()
        print(text, end="")
        return 0
    write(Path(options.out), text)
    what = (
        f", ensemble of trials {', '.join(str(member.trial) for member in members)}"
        if members
        else ""
    )
    print(f"trial {trial.number} of {study.name}{what}: {options.out}")
    return 0


def _write_front(study: "StudyRecord", out: str) -> int:
    from studies.export.configuration import to_yaml, write
    from studies.export.selection import front

    if out == "-":
        raise StudyError("--pareto writes a file for each trial, got --out -, expected a folder")
    files = {Path(out) / f"trial-{t.number}.yaml": t for t in front(study)}
    texts = {path: to_yaml(study, trial) for path, trial in files.items()}
    for path, text in texts.items():
        write(path, text)
        r2 = files[path].r2
        watched = ", ".join(f"{task} {r2[task]:.3f}" for task in study.watch.tasks)
        print(f"trial {files[path].number} of {study.name} ({watched}): {path}")
    return 0


if __name__ == "__main__":
    leave(run_command(main))
