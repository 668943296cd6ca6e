"""The note of a study: verdict, counts and provenance, results, and the next commands."""

import shlex
from collections.abc import Sequence
from typing import Final

from studies.records.provenance import Provenance
from studies.records.study import StudyRecord
from studies.summary.headline import glance, headline, points
from studies.summary.markdown import plain, table, titled
from studies.summary.tables import confirmation_table, front_table, search_table, test_table

VERSION: Final = 1


def study_note(study: StudyRecord, where: Sequence[str]) -> str:
    """The note of a study, in Markdown.

    It counts ended trials only, so that it changes only when a trial ends.

    Args:
        study: The study.
        where: Options that select the storage, such as `--runs DIR`; without a password.
    """
    parts = [
        f"## {plain(study.name)}",
        f"**{plain(' '.join(headline(study)))}**",
        "\n".join(f"- {plain(point)}" for point in points(study)),
        titled(glance(study)),
    ]
    sections = {
        "The study": _facts(study),
        "Confirmed with fresh seeds": titled(confirmation_table(study)),
        "The test split": titled(test_table(study)),
        "What the search saw": titled(search_table(study)),
        "The front": titled(front_table(study)),
        "What to do next": _commands(study, where),
    }
    parts += [f"### {title}\n\n{body}" for title, body in sections.items() if body]
    return "\n\n".join(part for part in parts if part)


def _facts(study: StudyRecord) -> str:
    counts = study.counts
    asked = f" of {study.total}" if study.total and study.total >= counts.finished else ""
    saved = study.epochs_saved
    # Epochs of running trials are left out: they would change the note at every epoch.
    spent = sum(trial.epochs for trial in study.trials if trial.has_ended)
    share = f" ({saved / (spent + saved):.0%})" if spent + saved else ""
    provenance = study.provenance or Provenance()
    trials = (
        f"{counts.finished}{asked} finished: {counts.complete} complete, {counts.pruned} pruned; "
        f"{counts.failed} failed or requeued"
    )
    rows = [
        ["data", study.data_source or "unknown"],
        ["space", study.space.name or "unknown"],
        ["trials", trials],
        ["epochs", f"{spent} spent, {saved} saved by pruning{share}"],
        ["stopped", study.stopped or ""],
        ["started", provenance.started or ""],
        ["machine", provenance.machine or ""],
        ["versions", ", ".join(f"{name} {number}" for name, number in provenance.versions.items())],
    ]
    return table(["", ""], [row for row in rows if row[1]], words=(0, 1))


def _commands(study: StudyRecord, where: Sequence[str]) -> str:
    """The next commands, ready to be copied."""
    place, name = shlex.join(where), shlex.quote(study.name)
    data = shlex.quote(study.data_source or "DATA")
    provenance = study.provenance or Provenance()
    search = provenance.command or _join(
        f"python -m search.run --study {name} --data {data} --trials {study.total or 200}", place
    )
    lines = [
        "# the search: the same command goes on, and a higher --trials adds trials",
        search,
        "# the report, one page to send around",
        _join(f"python -m studies.report {name}", place),
        "# the chosen configuration, and a model of it",
        _join(f"python -m studies.export {name} --out best.yaml", place),
        f"python -m avq_core.train --config best.yaml --data {data} --out models/best",
    ]
    return "```sh\n" + "\n".join(lines) + "\n```"


def _join(command: str, place: str) -> str:
    return f"{command} {place}" if place else command
