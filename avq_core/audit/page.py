"""An audit as one page that opens offline: findings first, then tables and pictures."""

import html
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from avq_core.audit.plots import COLOURS, Chart, label_charts, stream_charts
from avq_core.audit.report import AuditReport
from avq_core.audit.text import tables, verdict
from avq_core.files import whole_file

_STYLE: Final = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 0 auto;
  max-width: 1180px; padding: 1.2rem; }
h1 { font-size: 1.5rem; margin: 0 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid #ddd; padding-bottom: .2rem; }
.verdict { font-size: 1.1rem; padding: .6rem .9rem; border-left-width: 6px; border-left-style: solid;
  background: #f6f6f6; }
.error { border-color: #b5002f; } .warning { border-color: #e69f00; } .note { border-color: #0072b2; }
ul.findings { list-style: none; padding: 0; margin: 0; }
ul.findings li { border-left-width: 4px; border-left-style: solid; padding: .25rem .8rem; margin: .5rem 0; overflow-wrap: anywhere; }
ul.findings b { text-transform: uppercase; font-size: .72rem; letter-spacing: .06em; margin-right: .5rem; }
.mend { color: #555; display: block; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #eee; }
th { color: #555; font-weight: 600; } td.name, th.name { text-align: left; }
.charts { display: grid; gap: 1.4rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); }
figure { margin: 0; } figure svg { width: 100%; height: auto; max-width: 460px; }
figcaption b { display: block; } figcaption { font-size: .84rem; color: #444; }
.key span { display: inline-block; width: .8rem; height: .8rem; margin: 0 .3rem 0 .9rem; }
"""


def write_page(report: AuditReport, source: str, path: Path) -> None:
    """Writes the page, whole or not at all.

    Args:
        report: The audit.
        source: The data's name, for the title.
        path: The HTML file.

    Raises:
        ConfigError: It cannot be written.
    """
    with whole_file(path) as file:
        file.write(page(report, source))


def page(report: AuditReport, source: str) -> str:
    """The page as text."""
    title = html.escape(f"What is in {source}")
    worst = report.findings[0].level if report.findings else "note"
    parts = [
        f"<h1>{title}</h1>",
        *(f'<p class="verdict {worst}">{html.escape(line)}.</p>' for line in verdict(report)),
        "<h2>Findings</h2>",
        *_findings(report),
    ]
    splits, streams, profiles, tasks = tables(report)
    keys = "".join(
        f'<span style="background:{colour}"></span>{check.split}'
        for check, colour in zip(report.splits, COLOURS, strict=False)
    )
    for heading, shown, charts in (
        ("Samples", [splits], []),
        ("Streams", [streams, profiles], list(stream_charts(report))),
        ("Labels", [tasks], list(label_charts(report))),
    ):
        parts.append(f"<h2>{heading}</h2>")
        parts += [line for header, rows, names in shown for line in _table(header, rows, names)]
        if charts:
            parts += [
                f'<p class="key">{keys}</p>',
                '<div class="charts">',
                *_charts(charts),
                "</div>",
            ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _findings(report: AuditReport) -> Iterator[str]:
    if not report.findings:
        yield "<p>Nothing to remark.</p>"
        return
    yield '<ul class="findings">'
    for finding in report.findings:
        yield (
            f'<li class="{finding.level}"><b>{finding.level}</b>{html.escape(finding.message)}'
            f'<span class="mend">{html.escape(finding.mend)}</span></li>'
        )
    yield "</ul>"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], names: int) -> Iterator[str]:
    yield '<div class="scroll"><table>'
    for tag, row in (("th", header), *(("td", row) for row in rows)):
        cells = "".join(
            f"<{tag}{' class=name' if index < names else ''}>{html.escape(cell)}</{tag}>"
            for index, cell in enumerate(row)
        )
        yield f"<tr>{cells}</tr>"
    yield "</table></div><br>"


def _charts(charts: Iterable[Chart]) -> Iterator[str]:
    for chart in charts:
        yield (
            f"<figure><figcaption><b>{html.escape(chart.title)}</b>{html.escape(chart.caption)}"
            f"</figcaption>{chart.svg}</figure>"
        )
