"""`python -m search.run`: the main job, from a data file to a confirmed best configuration."""

import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

from avq_core.cli import leave, run_command
from avq_core.errors import AvqError
from search.cli import build_parser
from space.errors import SpaceError

if TYPE_CHECKING:
    from pathlib import Path

    import optuna

    from search.plan import Plan


def main(argv: Sequence[str]) -> int:
    """Runs the command: data, trials, confirmation, what they gave."""
    options = build_parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    from search.plan import make_plan
    from search.provenance import note_origin
    from search.quiet import quiet_libraries
    from search.setup import open_study
    from studies.errors import StudyError
    from studies.export import configuration as export
    from studies.records import best, read_study, read_trials
    from studies.report import build as report
    from studies.summary.closing_text import render

    quiet_libraries()
    plan = make_plan(options, say=_say)
    study = open_study(plan, say=_say)
    note_origin(study, argv, [slot.device for slot in plan.slots])
    _look_at_data(plan, study)
    _search(plan, study)
    if best(read_trials(study)) is None:
        raise StudyError(
            f"the study {plan.job.study!r} has no complete trial yet, so there is nothing to confirm "
            "or to export; the same command goes on, with a longer --timeout or none"
        )
    _note_missing_baseline(plan, study)
    if plan.confirm:
        _confirm(plan, study)
    record = read_study(study)
    chosen = plan.folder / "best.yaml"
    export.write(chosen, export.to_yaml(record, export.pick(record, None)))
    page = plan.folder / "report.html"
    export.write(page, report.page(record))
    print(render(record))
    print(f"\nbest configuration: {chosen}\nreport: {page}")
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """A scheduler's SIGTERM means what Ctrl-C means."""
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _look_at_data(plan: "Plan", study: "optuna.Study") -> None:
    from search.progress import StatusLine
    from search.provenance import note_audit
    from studies import records

    if records.AUDIT in study.user_attrs:
        return
    status = StatusLine()
    status.show("auditing the data")
    note_audit(study, plan.source, plan.job.data)
    findings = study.user_attrs[records.AUDIT]["findings"]
    errors = [found for found in findings if found["level"] == "error"]
    warnings = sum(found["level"] == "warning" for found in findings)
    status.end(
        f"audited the data: {len(errors)} error(s), {warnings} warning(s); "
        f"python -m avq_core.audit {plan.source} tells all"
    )
    for found in errors:
        _say(f"data error: {found['message']}; {found['mend']}")


def _search(plan: "Plan", study: "optuna.Study") -> None:
    """Runs workers until the study holds its total of finished trials, and fits what is simple."""
    from search.simple_models import simple_baselines_beside

    with simple_baselines_beside(
        study,
        plan.store,
        on_wait=lambda: _say("fitting simple baselines: train mean, ridge, random forest"),
    ):
        _run_trials(plan, study)


def _run_trials(plan: "Plan", study: "optuna.Study") -> None:
    from search.progress import StatusLine, describe, take_snapshot
    from search.workers.processes import run_workers

    start = time.monotonic()
    first = take_snapshot(study, total=plan.job.trials, finished_at_start=0, elapsed=0.0)
    if first.finished >= plan.job.trials:
        _say(f"study {plan.job.study}: all {first.finished} trials are done")
        return
    if first.stopped is not None:
        _say(f"study {plan.job.study} stopped: {first.stopped}; --stop never goes on")
        return
    verb = "resumes" if first.finished else "starts"
    _say(
        f"study {plan.job.study} {verb}: {first.finished} of {plan.job.trials} trials done, "
        f"{len(plan.slots)} worker(s) on {', '.join(sorted({s.device for s in plan.slots}))}"
    )
    status = StatusLine()

    def tick() -> str:
        snapshot = take_snapshot(
            study,
            total=plan.job.trials,
            finished_at_start=first.finished,
            elapsed=time.monotonic() - start,
        )
        return describe(snapshot, plan.job.watch)

    try:
        run_workers(plan.job, plan.slots, on_tick=lambda: status.show(tick()))
    finally:
        status.end(tick())


def _note_missing_baseline(plan: "Plan", study: "optuna.Study") -> None:
    """A study may end without it: where `--trials` was lowered, time was up, or it killed its workers."""
    from studies.records import counts, read_trials

    trials = read_trials(study)
    own = {trial.state for trial in trials if trial.baseline}
    if own & {"complete", "pruned"}:
        return
    by_state = counts(trials)
    needed = sum(by_state[state] for state in ("complete", "pruned", "waiting"))
    needed += "waiting" not in own  # its own place
    with_more = f" with --trials {needed}" if needed > plan.job.trials else ""
    _say(
        "the manual's configuration was not trained, so nothing is compared with it; the same "
        f"command{with_more} trains it"
    )


def _confirm(plan: "Plan", study: "optuna.Study") -> None:
    import shutil

    from avq_core.data.store.folds import prepare_folds
    from search.confirmation.confirm import confirm
    from search.progress import StatusLine
    from studies.storage.lock import study_lock

    status = StatusLine()
    status.show("confirming")
    root = plan.folder / "folds"

    def folds(num_folds: int, seed: int) -> "list[Path]":
        stores = prepare_folds(
            plan.source,
            plan.job.data,
            of=plan.store,
            root=root,
            num_folds=num_folds,
            seed=seed,
            on_note=lambda line: status.show(f"confirming: {line}"),
        )
        return [store.path for store in stores]

    with study_lock(plan.job.url, plan.job.study, "confirm"):
        confirm(
            study,
            store=plan.job.store,
            folds=folds,
            slots=plan.slots,
            watch=plan.job.watch,
            seed=plan.job.seed,
            num_best=plan.confirm,
            on_progress=lambda what, done, total: status.show(f"{what}: {done}/{total} runs"),
        )
        shutil.rmtree(root, ignore_errors=True)  # large, and made again where they are needed
    status.end("confirmed")


def command(argv: Sequence[str]) -> int:
    """As `main`, with one line for a worker that ended with a bug: its log has the traceback."""
    from search.workers.failure import WorkerFailedError

    try:
        return main(argv)
    except WorkerFailedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    leave(run_command(command, user_errors=(AvqError, SpaceError)))
