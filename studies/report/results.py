"""The report's sections on results: search, confirmation, test, predictions."""

from collections.abc import Iterator

from studies.records.study import StudyRecord
from studies.report.document import Block, Plots, Section
from studies.summary.headline import headline, searched
from studies.summary.tables import confirmation_table, front_table, search_table, test_table
from studies.summary.winners_curse import agreement_table, winners_curse


def result_sections(study: StudyRecord, *, with_plots: bool) -> Iterator[Section]:
    """Results of the search, of the confirmation and of the test split, in this order.

    Args:
        study: The study.
        with_plots: Whether to draw plots.
    """
    best = study.best
    tables = [table for table in (search_table(study), front_table(study)) if table is not None]
    sentences = searched(study, best) if best is not None else []
    sentences = [sentence for sentence in sentences if sentence not in headline(study)]
    if sentences or tables:
        yield Section(
            anchor="search", title="Search results", short="Search", blocks=[*sentences, *tables]
        )
    if (confirmed := confirmation_table(study)) is not None:
        yield Section(
            anchor="confirmation",
            title="Search score and confirmed score",
            short="Confirmation",
            blocks=[
                *winners_curse(study),
                confirmed,
                *_confirmed_plot(study, with_plots=with_plots),
            ],
        )
    if (tested := test_table(study)) is not None:
        agreement = agreement_table(study)
        yield Section(
            anchor="test",
            title="Test results",
            short="Test",
            blocks=[tested, *([agreement] if agreement else [])],
        )
    if with_plots and (panels := _predictions(study)):
        yield Section(
            anchor="predictions",
            title="Predicted and true labels",
            short="Predictions",
            blocks=panels,
        )


def _confirmed_plot(study: StudyRecord, *, with_plots: bool) -> list[Block]:
    if not with_plots:
        return []
    from studies.plots.confirmed import confirmed

    drawn = confirmed(study)
    return [] if drawn is None else [Plots(plots=[drawn], column=560)]


def _predictions(study: StudyRecord) -> list[Block]:
    from studies.plots.predictions import predicted_tasks, prediction

    drawn = [prediction(study, task) for task in predicted_tasks(study)]
    if not drawn:
        return []
    note = (
        "The chosen configuration on the clips of the test split, in the labels' own units; on the "
        "dashed line a prediction is right. Point at a clip to read its group."
    )
    kept = study.predictions
    if kept is not None and kept.clips > len(kept.truth):
        note += f" The study keeps {len(kept.truth)} of {kept.clips} clips."
    return [Plots(plots=[one for one in drawn if one is not None], column=270, note=note)]
