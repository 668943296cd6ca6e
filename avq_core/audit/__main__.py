"""`python -m avq_core.audit DATA`: reports the content of a data file and the problems in it."""

if __name__ == "__main__":  # before any other import
    from avq_search.start import begin

    begin()

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from avq_core.cli import CommandParser
from avq_core.invocation import typed
from avq_core.run_command import leave, run_command

FOUND_ERRORS = 1


def main(argv: Sequence[str]) -> int:
    """Prints the audit; returns 1 if a finding is an error, in which case scores are not reliable."""
    options = build_parser().parse_args(argv)
    from avq_core.audit.run import audit
    from avq_core.audit.text import text
    from avq_core.config.values import load_data_config
    from avq_core.data.files.read import default_source, load_dataset
    from avq_core.files import check_place

    source = options.data or default_source()
    config = load_data_config(options.layout)
    if options.html is not None:
        check_place(options.html)
    report = audit(load_dataset(source, config), config)
    if options.html is not None:
        from avq_core.audit.page import write_page

        write_page(report, source, options.html)
    if options.json:
        print(json.dumps({"data": source, **report.to_dict()}, indent=1))
    else:
        print(f"data: {source}" + ("" if options.data else " (none was named)") + "\n")
        print("\n".join(text(report)))
    if options.html is not None:
        print(f"page: {options.html}", file=sys.stderr if options.json else sys.stdout)
    return FOUND_ERRORS if any(f.level == "error" for f in report.findings) else 0


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog=typed("avq_core.audit"),
        description="Reports the content of a data file and the problems in it: shapes, missing "
        "values and where they are concentrated, labels, duplicates and groups in two splits, drift, "
        "redundancy. Changes nothing. Exits with 1 if a finding is an error.",
    )
    parser.add_argument(
        "data",
        nargs="?",
        metavar="DATA",
        help="a .pkl, .npz or .safetensors file, or `demo`; default: datasets/ac.pkl if it exists, "
        "else demo",
    )
    parser.add_argument(
        "--layout",
        type=Path,
        metavar="FILE",
        help="YAML with the names in the file and its label ranges (docs/data.md)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="also write an HTML page with charts, which opens offline",
    )
    return parser


if __name__ == "__main__":
    leave(run_command(main))
