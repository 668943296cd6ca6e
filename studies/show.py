"""`python -m studies.show`: a study's results as text or, for programs, as JSON or CSV."""

if __name__ == "__main__":  # before any other import
    from avq_search.start import begin

    begin()

import argparse
import json
import sys
from collections.abc import Sequence

from avq_core.cli import CommandParser
from avq_core.invocation import typed
from avq_core.run_command import leave, run_command
from studies.cli import add_study_options
from studies.errors import ForeignStudyError, StudyError


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog=typed("studies.show"),
        description="Shows a study: trials by state, manual baseline and best trial, confirmation, test.",
    )
    add_study_options(parser)
    parser.add_argument(
        "other",
        nargs="?",
        metavar="OTHER",
        help="a second study, to compare with the first: data, space, settings, cost and results",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print JSON, for programs")
    how.add_argument(
        "--csv", action="store_true", help="a row a trial: state, metrics, cost, parameters, reason"
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Reads and prints."""
    # Intermixed: the name of the second study may follow an option.
    options = build_parser().parse_intermixed_args(argv)
    if options.other is not None:
        return _compare(options)
    from studies.records.read import read_study
    from studies.storage.open import list_studies, open_study

    if options.study is None and len(names := list_studies(options.runs, options.storage)) > 1:
        print(f"studies: {', '.join(names)}; showing {names[0]}", file=sys.stderr)
    study = read_study(open_study(options.runs, options.study, options.storage))
    if study.is_foreign:
        from studies.summary.foreign import as_csv, render, summary
    else:
        from studies.summary.closing_text import render
        from studies.summary.trial_rows import as_csv
        from studies.summary.values import summary
    if options.csv:
        print(as_csv(study), end="")
    elif options.json:
        print(json.dumps(summary(study), indent=2, allow_nan=False))
    else:
        print(render(study))
    return 0


def _compare(options: argparse.Namespace) -> int:
    from studies.records.read import read_study
    from studies.storage.open import open_study
    from studies.summary import comparison as compare

    if options.csv:
        raise StudyError("--csv shows one study, got two; leave one out, or use --json")
    first, second = (
        read_study(open_study(options.runs, name, options.storage))
        for name in (options.study, options.other)
    )
    for study in (first, second):
        if study.is_foreign:
            raise ForeignStudyError(study.name, "so there are no metrics to compare")
    if options.json:
        print(json.dumps(compare.as_json(first, second), indent=2, allow_nan=False))
    else:
        print(compare.render(first, second))
    return 0


if __name__ == "__main__":
    leave(run_command(main))
