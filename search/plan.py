"""What a command line resolves to, with every value checked before anything is started."""

import argparse
import dataclasses
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from avq_core.config import manual
from avq_core.config_values import load_data_config
from avq_core.data.dataset import default_source
from avq_core.data.prepared import PreparedStore, prepare
from avq_core.errors import ConfigError
from avq_core.training.metrics import r2_score
from avq_core.training.schedule import cycle_ends
from search.configure import check_space
from search.launch.local import make_slots
from search.pruner import OF_BOTH_FIGURES, make_pruner
from search.sampler import OF_TWO_OBJECTIVES, check_sampler
from search.score import OBJECTIVES, Watch
from search.stopping import check_rule
from search.warm_start import Handed, handed_points, source_study
from search.worker import Job, Slot
from space.presets import preset
from space.space import Space, load_space
from studies.identity import Identity
from studies.storage import storage_url

_PREPARED: Final = "prepared"
_STUDY_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A checked command line."""

    job: Job
    slots: tuple[Slot, ...]
    source: str
    """The data, as the user named it."""
    store: PreparedStore
    identity: Identity
    objective: str
    """`score` or `pareto`."""
    runs: Path
    confirm: int
    """Candidates beside the baseline; 0 leaves the test split closed."""
    handed: tuple[Handed, ...] = ()
    """Points to try before the search's own."""

    @property
    def folder(self) -> Path:
        """Where the study's results go."""
        return self.runs / self.job.study


def make_plan(options: argparse.Namespace, *, say: Callable[[str], None]) -> Plan:
    """Checks everything, cheap things first, and prepares the data.

    Args:
        options: From `cli.build_parser`.
        say: Told what was chosen for `auto` and for what was left out.

    Raises:
        AvqError, SpaceError: What is wrong, in one line.
    """
    _check_numbers(options)
    slots = tuple(make_slots(workers=options.workers, devices=options.devices))
    check_sampler(options.sampler)
    check_rule(options.stop)
    space_name = _space_name(options.space, slots, say)
    loaded = load_space(Path(space_name)) if _is_file(space_name) else None
    share = _cross_modal_weight(options.score_weights)
    make_pruner(options.pruner, Watch(), epochs=1)
    _check_objective(options)
    data = load_data_config(options.layout)
    if loaded is None:
        preset(space_name, ())  # an unknown name is told before the data is prepared
    source = default_source() if options.data is None else options.data
    if options.data is None:
        say(f"data: {source} (no --data given)")
    space_label = loaded.name if loaded else space_name
    study = _default_study(source, space_label) if options.study is None else options.study
    if not _STUDY_NAME.fullmatch(study) or study == _PREPARED:
        raise ConfigError(
            f"--study is {study!r}, expected letters, digits, dots, dashes and underscores, and "
            f"not {_PREPARED!r}, where the prepared data lies"
        )
    url = storage_url(options.runs, study, options.storage)
    other = source_study(options.warm_start, into=study, runs=options.runs, storage=options.storage)
    store = prepare(
        source,
        data,
        root=options.runs / _PREPARED,
        on_note=say,
        limit=None if options.store_limit is None else int(options.store_limit * 1e9),
    )
    tasks = store.schema.tasks
    watch = _watch(options.watch, tasks, share, say)
    space = loaded or preset(space_name, tasks)
    epochs = options.epochs or space.epochs
    check_space(space, tasks=tasks, epochs=epochs)
    handed = handed_points(options.enqueue, other, space, tasks)
    _check_watched(store, watch)
    _note_epochs(space, epochs, say)
    job = Job(
        study=study,
        url=url,
        store=store.path,
        data=data,
        space=space,
        watch=watch,
        epochs=epochs,
        trials=options.trials,
        sampler=options.sampler,
        pruner=options.pruner,
        audit_share=options.audit_share,
        stop=options.stop,
        seed=options.seed,
        deadline=None if options.timeout is None else time.time() + options.timeout,
        logs=options.runs / study / "logs",
    )
    try:
        job.logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"cannot write to {job.logs} ({error.strerror}); give --runs a folder that can be written"
        ) from error
    return Plan(
        job=job,
        slots=slots,
        source=source,
        store=store,
        identity=_identity(store, job, options.objective),
        objective=options.objective,
        runs=options.runs,
        confirm=options.confirm,
        handed=handed,
    )


def _check_numbers(options: argparse.Namespace) -> None:
    bounds = (
        ("--trials", options.trials, 1),
        ("--epochs", options.epochs, 1),
        ("--confirm", options.confirm, 0),
        ("--seed", options.seed, 0),
        ("--timeout", options.timeout, 0),
        ("--store-limit", options.store_limit, 0),
    )
    for name, value, least in bounds:
        if value is not None and not value >= least:
            raise ConfigError(f"{name} is {value}, expected a number >= {least}")
    if not 0 <= options.audit_share <= 1:
        raise ConfigError(f"--audit-share is {options.audit_share}, expected a share in [0, 1]")


def _check_objective(options: argparse.Namespace) -> None:
    if options.objective not in OBJECTIVES:
        raise ConfigError(
            f"--objective is {options.objective!r}, expected one of {', '.join(OBJECTIVES)}"
        )
    if options.objective != "pareto":
        return
    for name, value, taken in (
        ("--pruner", options.pruner, OF_BOTH_FIGURES),
        ("--sampler", options.sampler, OF_TWO_OBJECTIVES),
        ("--stop", options.stop, ("never",)),
    ):
        if value not in taken:
            raise ConfigError(
                f"{name} is {value!r}, which goes by a single value; "
                f"--objective pareto takes {', '.join(taken)}"
            )


def _space_name(wanted: str, slots: tuple[Slot, ...], say: Callable[[str], None]) -> str:
    if wanted != "auto":
        return wanted
    on_cpu = slots[0].device == "cpu"
    name = "extended-small" if on_cpu else "extended"
    say(f"space: {name} ({'no GPU here' if on_cpu else 'a GPU is here'})")
    return name


def _is_file(space: str) -> bool:
    return space.endswith((".yaml", ".yml")) or "/" in space


def _default_study(source: str, space: str) -> str:
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(source).stem).strip("-.") or "study"
    return f"{stem}-{space}"


def _cross_modal_weight(weights: str) -> float:
    try:
        first, second = (float(weight) for weight in weights.split(","))
    except ValueError as error:
        raise ConfigError(
            f"--score-weights is {weights!r}, expected two numbers such as 0.5,0.5"
        ) from error
    if not (first >= 0 and second >= 0 and 0 < first + second < float("inf")):
        raise ConfigError(f"--score-weights is {weights!r}, expected two numbers >= 0, not both 0")
    return first / (first + second)


def _watch(
    asked: str | None, tasks: tuple[str, ...], share: float, say: Callable[[str], None]
) -> Watch:
    """The watched tasks: those asked for, else the spec's two, else the only one there is."""
    usual = Watch(cross_modal_weight=share)
    if asked is None:
        if len(tasks) == 1:
            say(f"watching the only task, {tasks[0]}, as both figures")
            return dataclasses.replace(usual, cross_modal=tasks[0], overall=tasks[0])
        if not {usual.cross_modal, usual.overall} <= set(tasks):
            raise ConfigError(
                f"the data's tasks are {', '.join(tasks)}, not {usual.cross_modal} and "
                f"{usual.overall}; say with --watch which two play them, or which one plays both"
            )
        return usual
    names = [name.strip() for name in asked.split(",")]
    if len(names) not in (1, 2) or not all(names):
        raise ConfigError(
            f"--watch is {asked!r}, expected two tasks such as cross_modal,overall, or one"
        )
    return dataclasses.replace(usual, cross_modal=names[0], overall=names[-1])


def _check_watched(store: PreparedStore, watch: Watch) -> None:
    """The score must exist: both watched tasks are in the data and vary in val."""
    targets = store.search_splits().val.targets
    for task in (watch.cross_modal, watch.overall):
        if task not in store.schema.tasks:
            raise ConfigError(
                f"--watch names {task!r}, but the data's tasks are {', '.join(store.schema.tasks)}"
            )
        column = targets[:, store.schema.tasks.index(task)]
        if np.isnan(r2_score(np.zeros_like(column), column)):
            raise ConfigError(
                f"the task {task!r} has no R² in val: expected at least two valid labels that "
                "differ; add labelled clips or watch another task"
            )


def _note_epochs(space: Space, epochs: int, say: Callable[[str], None]) -> None:
    """Says so where the baseline cannot end a cosine cycle in time: its figures mean less then."""
    if not cycle_ends(manual().optim, epochs):
        first = manual().optim.cycle_epochs
        mend = f"; --epochs {first} or more would let it" if space.epochs >= first else ""
        say(f"note: {epochs} epochs end inside the manual's first cosine cycle of {first}{mend}")


def _identity(store: PreparedStore, job: Job, objective: str) -> Identity:
    settings: dict[str, Any] = {
        "objective": objective,
        "epochs": job.epochs,
        "watch": job.watch.to_dict(),
        "seed": job.seed,
        "pruner": job.pruner,
    }
    return Identity(data=store.key, space=job.space.fingerprint(), settings=settings)
