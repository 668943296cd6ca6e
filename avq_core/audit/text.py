"""An audit for the terminal: tables, then findings."""

import math
from collections.abc import Iterator, Sequence

from avq_core.audit.report import AuditReport, StreamCheck, TaskCheck
from avq_core.display.tables import text_table

Row = Sequence[str]
Table = tuple[Row, Sequence[Row], int]
"""Header, rows, and the number of columns that are names."""


def text(report: AuditReport) -> Iterator[str]:
    """The lines of an audit."""
    for header, rows, names in tables(report):
        yield text_table([header, *rows], num_left=names)
        yield ""
    yield from verdict(report)
    for finding in report.findings:
        yield f"{finding.level}: {finding.message}; {finding.mend}"


def tables(report: AuditReport) -> list[Table]:
    """The tables of splits, of streams by split, of stream profiles, and of tasks."""
    return [
        (_SPLITS, list(_splits(report)), 1),
        (_STREAMS, list(_streams(report)), 3),
        (_PROFILES, list(_profiles(report)), 1),
        (*_tasks(report), 1),
    ]


def verdict(report: AuditReport) -> Iterator[str]:
    """The result of the audit in one sentence."""
    counts = dict.fromkeys(("error", "warning", "note"), 0)
    for finding in report.findings:
        counts[finding.level] += 1
    if not report.findings:
        yield "no findings"
        return
    sentence = ", ".join(f"{n} {level}{'s' * (n != 1)}" for level, n in counts.items() if n)
    if counts["error"]:
        sentence += ": do not trust scores on this data before the errors are corrected"
    elif counts["warning"]:
        sentence += ": consider the warnings before you trust scores on this data"
    yield sentence


_SPLITS = ("split", "samples", "groups", "without group", "frames")
_STREAMS = (
    "stream",
    "split",
    "shape",
    "absent",
    "NaN",
    "infinite",
    "constant",
    "empty",
    "lowest",
    "highest",
)
_PROFILES = (
    "stream",
    "deviations of columns",
    "wild columns",
    "largest",
    "components for 99 %",
    "drift val",
    "test",
)


def _splits(report: AuditReport) -> Iterator[Row]:
    for s in report.splits:
        frames = str(s.longest) if s.shortest == s.longest else f"{s.shortest} to {s.longest}"
        yield s.split, str(s.samples), str(s.groups), str(s.ungrouped), frames


def _streams(report: AuditReport) -> Iterator[Row]:
    for s in report.streams:
        counts = (s.absent, s.nan, s.infinite, s.constant, len(s.empty))
        yield (
            *(s.stream, s.split, shape_text(s)),
            *(f"{count:,}" for count in counts),
            *(number(s.low), number(s.high)),
        )


def shape_text(check: StreamCheck) -> str:
    """A shape as text, such as `320 x 30 x 163`."""
    return " x ".join(map(str, check.shape))


def _profiles(report: AuditReport) -> Iterator[Row]:
    for p in report.profiles:
        scale = f"{number(p.deviation_low)} to {number(p.deviation_high)}"
        drift = {d.split: f"{d.median:.2f}, {d.share:.0%} over 1" for d in p.drift}
        yield (
            p.stream, scale, f"{p.wild} of {p.dim}", f"{p.wildest:,.0f}" if p.wildest else "-",
            f"{p.components} of {p.dim}", drift.get("val", "-"), drift.get("test", "-"),
        )  # fmt: skip


def _tasks(report: AuditReport) -> tuple[Row, list[Row]]:
    """One row for each task, with the splits side by side, so that many tasks stay readable."""
    splits = [s.split for s in report.splits]
    synthetic = any(not math.isnan(task.attainable_r2) for task in report.tasks)
    header = ["task", *(f"{split}: valid, range, mean ± sd" for split in splits)]
    rows: list[Row] = []
    for task in dict.fromkeys(t.task for t in report.tasks):
        checks = [t for t in report.tasks if t.task == task]
        ceilings = [", ".join(f"{t.attainable_r2:.2f}" for t in checks)] if synthetic else []
        rows.append([task, *(_labels(check) for check in checks), *ceilings])
    return [*header, *(["attainable R²"] if synthetic else [])], rows


def _labels(check: TaskCheck) -> str:
    share = f"{check.valid} ({1 - check.missing_share:.0%})"
    if not check.valid:
        return share
    return f"{share}, {check.low:.3g} to {check.high:.3g}, {check.mean:.3g} ± {check.deviation:.2g}"


def number(value: float) -> str:
    """A number with four digits, or a dash if it is not defined."""
    return "-" if math.isnan(value) else f"{value:.4g}"
