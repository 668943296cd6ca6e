"""`python -m search.run` and `run_search`: from a data file to a confirmed best configuration."""

from avq_search.start import begin, check_packages

if __name__ == "__main__":  # before any other import
    begin()
else:  # imported by a script, whose folder may hold modules of our names
    check_packages()

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from avq_core.cli import with_flags
from avq_core.errors import ConfigError
from avq_core.invocation import as_typed
from avq_core.run_command import leave, run_command
from avq_core.status_line import StatusLine
from search.cli import SETTING_NAMES, arguments, read_settings
from search.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from studies.records.study import StudyRecord


def _ignore(_: str) -> None:
    pass


def run_search(
    settings: Settings,
    *,
    on_note: Callable[[str], None] = _ignore,
    on_progress: Callable[[str], None] = _ignore,
) -> "StudyRecord":
    """Runs or resumes a study to its total, confirms its best trials, writes the results.

    Does what `python -m search.run` does, but prints nothing. `best.yaml` and `report.html` go to the
    folder `settings.runs / study`, which `results_of` names. Trials run in worker processes that
    import the calling script again, so a script must call this under `if __name__ == "__main__":`.

    Args:
        settings: The search's settings.
        on_note: Called with each line that a log should keep, such as a choice that the settings leave open.
        on_progress: Called with the current state in one line, about twice a second.

    Returns:
        The stored study.

    Raises:
        AvqError: A setting, the data or the machine is at fault; the message says how to mend it
            and has names of settings in backticks.
        WorkerFailedError: A worker ended with a bug; its log has the traceback.
        KeyboardInterrupt: Ctrl-C; running trials were requeued.
    """
    record = _search(settings, on_note=on_note, on_progress=on_progress)
    write_results(record, settings)
    return record


def _search(
    settings: Settings, *, on_note: Callable[[str], None], on_progress: Callable[[str], None]
) -> "StudyRecord":
    """Runs or resumes the study, and its confirmation; all results are stored in it."""
    from search.main_job.open_study import open_study
    from search.main_job.plan import make_plan
    from search.main_job.provenance import note_provenance
    from search.main_job.stages import (
        Listener,
        audit_data,
        confirm_best,
        note_missing_baseline,
        run_trials,
    )
    from studies.errors import StudyError
    from studies.records.read import read_study

    listener = Listener(say=on_note, show=on_progress)
    plan = make_plan(settings, say=on_note)
    study = open_study(plan, say=on_note)
    note_provenance(study, arguments(settings), [slot.device for slot in plan.slots])
    audit_data(plan, study, listener)
    run_trials(plan, study, listener)
    if read_study(study).best is None:
        raise StudyError(
            f"the study {plan.job.study!r} has no complete trial yet, so there is nothing to confirm "
            "or to export; the same search goes on, with a longer `timeout` or none"
        )
    note_missing_baseline(plan, study, listener)
    if settings.confirm:
        confirm_best(plan, study, listener)
    return read_study(study)


def write_results(record: "StudyRecord", settings: Settings) -> "tuple[Path, Path]":
    """Writes the best configuration and the report of a study to the files of `results_of`.

    Raises:
        ConfigError: One of them cannot be made or written; the other one is, where it can be.
    """
    from avq_core.faults import describe
    from studies.export.configuration import to_yaml, write
    from studies.export.selection import pick
    from studies.report import build as report

    chosen, page = results_of(record, settings)
    texts: dict[Path, Callable[[], str]] = {
        chosen: lambda: to_yaml(record, pick(record, None)),
        page: lambda: report.page(record),
    }
    problems = []
    for path, text in texts.items():
        try:
            write(path, text())
        except ConfigError as error:
            problems.append(str(error).rsplit(";", 1)[0])
        except OSError as error:  # of a library's cache, say
            problems.append(f"cannot make {path} ({describe(error)})")
    if problems:
        raise ConfigError(
            f"{'; '.join(problems)}; the study holds all results, and the same search writes them "
            "when they can be written"
        )
    return chosen, page


def results_of(record: "StudyRecord", settings: Settings) -> "tuple[Path, Path]":
    """Where `run_search` writes a study's best configuration and its report."""
    folder = settings.runs / record.name
    return folder / "best.yaml", folder / "report.html"


def main(argv: Sequence[str]) -> int:
    """Runs the command: settings from flags, the search, a closing table."""
    settings = read_settings(argv)
    from search.quiet import quiet_libraries
    from studies.summary.closing_text import render

    quiet_libraries()
    status = StatusLine()
    try:
        record = _search(
            settings,
            on_note=lambda line: status.say(as_typed(with_flags(line, SETTING_NAMES))),
            on_progress=status.show,
        )
    finally:
        status.close()
    # Results are on the disk before anything is printed, and are printed whatever keeps them from it.
    try:
        chosen, page = write_results(record, settings)
    except Exception:
        print(render(record))
        raise
    print(render(record))
    print(f"\nbest configuration: {chosen}\nreport: {page}")
    return 0


def command(argv: Sequence[str]) -> int:
    """Runs `main`; prints one line for a failed worker."""
    from search.workers.failure import WorkerFailedError

    try:
        return main(argv)
    except WorkerFailedError as error:
        print(f"error: {with_flags(str(error), SETTING_NAMES)}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    leave(run_command(command, settings=SETTING_NAMES))
