"""What the page tells of a study: the verdict, what was tried, what was confirmed, what to do next."""

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

    It counts what has ended only, so that it changes no more often than there is something new.

    Args:
        study: The study.
        where: Options that lead the commands to it, such as `--runs DIR`; without a password.
    """
    parts = [
        f"## {plain(study.name)}",
        f"**{plain(' '.join(headline(study)))}**",
        "\n".join(f"- {plain(point)}" for point in points(study)),
        titled(glance(study)),
    ]
    found = {
        "The study": _facts(study),
        "Confirmed with fresh seeds": titled(confirmation_table(study)),
        "The test split": titled(test_table(study)),
        "What the search saw": titled(search_table(study)),
        "The front": titled(front_table(study)),
        "What to do next": _commands(study, where),
    }
    parts += [f"### {title}\n\n{body}" for title, body in found.items() if body]
    return "\n\n".join(part for part in parts if part)


def _facts(study: StudyRecord) -> str:
    counts = study.counts
    asked = f" of {study.total}" if study.total and study.total >= counts.finished else ""
    saved = study.epochs_saved
    # A running trial's epochs would change the note at every epoch.
    spent = sum(trial.epochs for trial in study.trials if trial.has_ended)
    share = f" ({saved / (spent + saved):.0%})" if spent + saved else ""
    made = study.provenance or Provenance()
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
        ["started", made.started or ""],
        ["machine", made.machine or ""],
        ["versions", ", ".join(f"{name} {number}" for name, number in made.versions.items())],
    ]
    return table(["", ""], [row for row in rows if row[1]], words=(0, 1))


def _commands(study: StudyRecord, where: Sequence[str]) -> str:
    """Commands to go on with, ready to be copied."""
    place, name = shlex.join(where), shlex.quote(study.name)
    data = shlex.quote(study.data_source or "DATA")
    made = study.provenance or Provenance()
    started = made.command or _join(
        f"python -m search.run --study {name} --data {data} --trials {study.total or 200}", place
    )
    lines = [
        "# the search: the same command goes on, and a higher --trials adds trials",
        started,
        "# the report, one page to send around",
        _join(f"python -m studies.report {name}", place),
        "# the chosen configuration, and a model of it",
        _join(f"python -m studies.export {name} --out best.yaml", place),
        f"python -m avq_core.train --config best.yaml --data {data} --out models/best",
    ]
    return "```sh\n" + "\n".join(lines) + "\n```"


def _join(command: str, place: str) -> str:
    return f"{command} {place}" if place else command
