"""What a command line resolves to, with every value checked before anything is started."""

import argparse
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avq_core.config.presets import manual
from avq_core.config.values import load_data_config
from avq_core.data.files.read import default_source
from avq_core.data.store.store import PreparedStore, prepare
from avq_core.errors import ConfigError
from avq_core.training.schedule import cycle_ends
from search.configure import check_space
from search.option_checks import check_options
from search.queue.warm_start import Handed, handed_points, source_study
from search.settings import Job, Slot
from search.watching import check_watched, cross_modal_weight, watched_tasks
from search.workers.slots import check_workers, device_names, make_slots
from space.presets import named_space
from space.space import Space
from studies.identity import Identity
from studies.names import EXPECTED, PREPARED, is_name
from studies.storage.open import storage_url


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
    check_options(options)
    check_workers(options.workers)
    devices = device_names(options.devices)
    on_cpu = devices[0] == "cpu"
    space_name = _space_name(options.space, on_cpu=on_cpu, say=say)
    named = named_space(space_name, ())  # what is wrong is told before the data is prepared
    share = cross_modal_weight(options.score_weights)
    data = load_data_config(options.layout)
    source = default_source() if options.data is None else options.data
    if options.data is None:
        say(f"data: {source} (no --data given)")
    study = _study_name(options.study, source, named.name)
    url = storage_url(options.runs, study, options.storage)
    other = source_study(options.warm_start, into=study, runs=options.runs, storage=options.storage)
    store = prepare(
        source,
        data,
        root=options.runs / PREPARED,
        on_note=say,
        limit=None if options.store_limit is None else int(options.store_limit * 1e9),
    )
    tasks = store.schema.tasks
    watch = watched_tasks(options.watch, tasks, share, say)
    space = named_space(space_name, tasks)
    epochs = options.epochs or space.epochs
    check_space(space, tasks=tasks, epochs=epochs)
    handed = handed_points(options.enqueue, other, space, tasks)
    check_watched(store, watch)
    _note_epochs(space, epochs, say)
    job = Job(
        study=study,
        url=url,
        store=store.path,
        data=data,
        space=space,
        watch=watch,
        epochs=epochs,
        baseline_epochs=_baseline_epochs(options.baseline_epochs, epochs, on_cpu=on_cpu, say=say),
        trials=options.trials,
        sampler=options.sampler,
        pruner=options.pruner,
        # Where all stop there is no verdict to audit.
        audit_share=0.0 if options.pruner == "iepoch" else options.audit_share,
        stop=options.stop,
        seed=options.seed,
        deadline=None if options.timeout is None else time.time() + options.timeout,
        logs=options.runs / study / "logs",
    )
    _make_folder(job.logs)
    return Plan(
        job=job,
        slots=tuple(
            make_slots(
                workers=options.workers,
                devices=devices,
                data_bytes=store.num_bytes,
            )
        ),
        source=source,
        store=store,
        identity=_identity(store, job, options.objective),
        objective=options.objective,
        runs=options.runs,
        confirm=options.confirm,
        handed=handed,
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"cannot write to {folder} ({error.strerror}); give --runs a folder that can be written"
        ) from error


def _baseline_epochs(
    asked: int | None, epochs: int, *, on_cpu: bool, say: Callable[[str], None]
) -> int:
    """Epochs of the manual's configuration, at most: on a CPU one cycle of it is dear enough."""
    if asked is not None:
        return asked
    first = manual().optim.cycle_epochs
    if not on_cpu or epochs <= first:
        return epochs
    say(
        f"the manual's configuration gets its first cycle of {first} epochs, since there is no GPU "
        "(--baseline-epochs for more)"
    )
    return first


def _space_name(wanted: str, *, on_cpu: bool, say: Callable[[str], None]) -> str:
    if wanted != "auto":
        return wanted
    name = "extended-small" if on_cpu else "extended"
    say(f"space: {name} ({'no GPU here' if on_cpu else 'a GPU is here'})")
    return name


def _study_name(asked: str | None, source: str, space: str) -> str:
    """The name asked for, else the data's and the space's."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(source).stem).strip("-.") or "study"
    study = f"{stem}-{space}" if asked is None else asked
    if not is_name(study):
        raise ConfigError(
            f"--study is {study!r}, expected {EXPECTED}, and not {PREPARED!r}, where the prepared "
            "data lies"
        )
    return study


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
