"""`python -m studies.report`: a study as one self-contained HTML page, or as Markdown."""

if __name__ == "__main__":  # before any other import
    from avq_search.start import begin

    begin()

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from avq_core.cli import CommandParser
from avq_core.invocation import typed
from avq_core.outputs import check_stdout
from avq_core.run_command import leave, run_command
from studies.cli import add_study_options
from studies.errors import ForeignStudyError

_FORMATS: Final = ("html", "md")


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog=typed("studies.report"),
        description="Writes a study as one self-contained HTML page with plots and tables, or as "
        "Markdown with the same sentences and tables.",
    )
    add_study_options(parser)
    parser.add_argument(
        "--format", choices=_FORMATS, default="html", help="html, or md without plots"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the page (default: RUNS/STUDY/report.html or report.md); - prints it",
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Reads the study and writes the page."""
    options = build_parser().parse_args(argv)
    from studies.export.configuration import write
    from studies.names import results_folder
    from studies.records.read import read_study
    from studies.report.build import markdown, page
    from studies.storage.open import open_study

    study = read_study(open_study(options.runs, options.study, options.storage))
    if study.is_foreign:
        raise ForeignStudyError(study.name, "so there are no metrics of the search to report")
    text = page(study) if options.format == "html" else markdown(study)
    if options.out == Path("-"):
        check_stdout()
        print(text, end="")
        return 0
    out = options.out or results_folder(options.runs, study.name) / f"report.{options.format}"
    write(out, text)
    print(f"report of {study.name}: {out}")
    return 0


if __name__ == "__main__":
    leave(run_command(main))
