"""An audit as one page that opens offline: findings first, then tables and charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from avq_core.audit.plots import Chart, label_charts, stream_charts
from avq_core.audit.report import AuditReport
from avq_core.audit.text import Table, tables, verdict
from avq_core.display.pages import render_page
from avq_core.display.palette import SPLITS
from avq_core.files import whole_file


@dataclass(frozen=True, kw_only=True, slots=True)
class _Section:
    anchor: str
    title: str
    tables: Sequence[Table]
    charts: Sequence[Chart] = ()


def write_page(report: AuditReport, source: str, path: Path) -> None:
    """Writes the page, completely or not at all.

    Args:
        report: The audit.
        source: The data's name, for the title.
        path: The HTML file.

    Raises:
        ConfigError: The file cannot be written.
    """
    with whole_file(path) as file:
        file.write(page(report, source))


def page(report: AuditReport, source: str) -> str:
    """The page as text."""
    splits, streams, profiles, tasks = tables(report)
    return render_page(
        "avq_core.audit",
        "audit.html.j2",
        title=f"Data audit of {source}",
        verdict=list(verdict(report)),
        worst=report.findings[0].level if report.findings else "note",
        findings=report.findings,
        key=list(zip((split.split for split in report.splits), SPLITS, strict=False)),
        sections=[
            _Section(anchor="samples", title="Samples", tables=[splits]),
            _Section(
                anchor="streams",
                title="Streams",
                tables=[streams, profiles],
                charts=list(stream_charts(report)),
            ),
            _Section(
                anchor="labels", title="Labels", tables=[tasks], charts=list(label_charts(report))
            ),
        ],
    )
