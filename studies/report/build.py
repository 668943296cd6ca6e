"""Builds a report, as HTML or as Markdown."""

from studies.records.study import StudyRecord
from studies.report.document import Document
from studies.summary import headline


def page(study: StudyRecord) -> str:
    """The whole HTML page."""
    from studies.report.page import render

    return render(document(study, with_plots=True))


def markdown(study: StudyRecord) -> str:
    """The same content as Markdown, without plots."""
    from studies.report.markdown import render

    return render(document(study, with_plots=False))


def document(study: StudyRecord, *, with_plots: bool) -> Document:
    """The content of the report, independent of its format.

    Args:
        study: The study.
        with_plots: Whether to draw plots, which imports Plotly.
    """
    from studies.report.course import course_sections
    from studies.report.provenance import provenance_sections
    from studies.report.results import result_sections

    return Document(
        title=study.name,
        facts=headline.facts(study),
        lead=headline.headline(study),
        points=headline.points(study),
        glance=headline.glance(study),
        sections=[
            *result_sections(study, with_plots=with_plots),
            *course_sections(study, with_plots=with_plots),
            *provenance_sections(study),
        ],
    )
