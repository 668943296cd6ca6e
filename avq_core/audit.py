"""`python -m avq_core.audit DATA`: what is in a file, and what about it should worry its owner."""

import argparse
import json
import math
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from avq_core.cli import CommandParser, run_command

if TYPE_CHECKING:
    from avq_core.data.audit_report import AuditReport

FOUND_ERRORS = 1


def main(argv: Sequence[str]) -> int:
    """Prints the audit; 1 where a finding is an error, which a search would stumble over."""
    options = _parser().parse_args(argv)
    from avq_core.data.checks import audit
    from avq_core.data.dataset import default_source, load_dataset
    from avq_core.data_config import DataConfig

    source = options.data or default_source()
    config = DataConfig()
    report = audit(load_dataset(source, config), config)
    if options.json:
        print(json.dumps({"data": source, **report.to_dict()}, indent=1))
    else:
        print(f"data: {source}" + ("" if options.data else " (none was named)"))
        print("\n".join(_text(report)))
    return FOUND_ERRORS if any(f.level == "error" for f in report.findings) else 0


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="python -m avq_core.audit",
        description="Says what is in a data file: shapes, missing values, labels, ranges, leaks "
        "between splits. Changes nothing. Exits with 1 where a finding is an error.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "data",
        nargs="?",
        metavar="DATA",
        help="a pickle, or `demo`; default: datasets/ac.pkl if it is there, else demo",
    )
    parser.add_argument("--json", action="store_true", help="prints JSON in place of tables")
    return parser


def _text(report: "AuditReport") -> Iterator[str]:
    yield ""
    yield from _table(
        ("split", "samples", "groups", "without group"),
        [(s.split, str(s.samples), str(s.groups), str(s.ungrouped)) for s in report.splits],
    )
    yield ""
    yield from _table(
        ("stream", "split", "shape", "NaN", "infinite", "constant", "empty", "lowest", "highest"),
        [
            (
                *(s.stream, s.split, " x ".join(map(str, s.shape))),
                *(f"{count:,}" for count in (s.nan, s.infinite, s.constant, s.empty)),
                *(_number(s.low), _number(s.high)),
            )
            for s in report.streams
        ],
    )
    yield ""
    made = any(not math.isnan(task.attainable_r2) for task in report.tasks)
    yield from _table(
        ("task", "split", "valid", "missing", "lowest", "highest", "mean")
        + (("attainable R²",) if made else ()),
        [
            (
                *(t.task, t.split, str(t.valid), f"{t.missing_share:.1%}"),
                *(_number(t.low), _number(t.high), _number(t.mean)),
                *((_number(t.attainable_r2),) if made else ()),
            )
            for t in report.tasks
        ],
    )
    yield ""
    for finding in report.findings:
        yield f"{finding.level}: {finding.message}; {finding.mend}"
    if not report.findings:
        yield "nothing to remark"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Aligned columns: names to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    names = sum(title in ("split", "stream", "task", "shape") for title in header)
    for row in (header, *rows):
        cells = (
            cell.ljust(width) if index < names else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4g}"


if __name__ == "__main__":
    sys.exit(run_command(main))
