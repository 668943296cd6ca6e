"""Resolves a search's settings and checks every value before the search starts."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avq_core.config.presets import manual
from avq_core.config.values import load_data_config
from avq_core.data.dataset import NO_TEST
from avq_core.data.files.read import default_source
from avq_core.data.store.store import PreparedStore, prepare
from avq_core.errors import ConfigError
from avq_core.training.schedule import cycle_ends
from search.configure import check_space
from search.job import Job, Slot
from search.main_job.existing import check_storage
from search.main_job.watching import check_watched, watched_tasks
from search.queue.baseline import baseline_epochs
from search.queue.warm_start import RequestedPoints, requested_points, source_study
from search.settings import Settings
from search.workers.slots import device_names, make_slots
from space.presets import named_space
from space.space import Space
from studies.identity import Identity
from studies.names import EXPECTED, PREPARED, is_name
from studies.storage.open import storage_url


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A search that is ready to start."""

    settings: Settings
    job: Job
    """The settings with every default resolved."""
    slots: tuple[Slot, ...]
    source: str
    """The data, as the user named it."""
    store: PreparedStore
    identity: Identity
    requested: tuple[RequestedPoints, ...] = ()
    """Points that the user asks to try first."""

    @property
    def folder(self) -> Path:
        """Where the study's results go."""
        return self.settings.runs / self.job.study


def make_plan(settings: Settings, *, say: Callable[[str], None]) -> Plan:
    """Checks the settings, quick checks first, and prepares the data.

    Args:
        settings: The user's.
        say: Called with a line for each choice that the settings leave open.

    Raises:
        AvqError: A setting or the data is wrong; one line.
    """
    devices = device_names(settings.devices)
    on_cpu = devices[0] == "cpu"
    space_name = _space_name(settings.space, on_cpu=on_cpu, say=say)
    # Before the data is prepared, so that a mistake in the space shows at once.
    named = named_space(space_name, ())
    data = load_data_config(settings.layout)
    source = default_source() if settings.data is None else settings.data
    if settings.data is None:
        say(f"data: {source} (no `data` given)")
    study = _study_name(settings.study, source, named.name)
    url = storage_url(settings.runs, study, settings.storage)
    check_storage(url, study, settings.objective)
    other = source_study(
        settings.warm_start, into=study, runs=settings.runs, storage=settings.storage
    )
    limit = settings.store_limit
    store = prepare(
        source,
        data,
        root=settings.runs / PREPARED,
        on_note=say,
        limit=None if limit is None else int(limit * 1e9),
    )
    if not store.has_test:
        say(f"{NO_TEST}, so metrics on test will be missing")
    tasks = store.schema.tasks
    watch = watched_tasks(settings, tasks, say)
    space = named_space(space_name, tasks)
    epochs = settings.epochs or space.epochs
    check_space(space, tasks=tasks, epochs=epochs)
    requested = requested_points(settings.enqueue, other, space, tasks)
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
        baseline_epochs=_baseline_epochs(settings, epochs, on_cpu=on_cpu, say=say),
        trials=settings.trials,
        sampler=settings.sampler,
        pruner=settings.pruner,
        # `iepoch` stops every trial at the first rung: it makes no decision to check.
        audit_share=0.0 if settings.pruner == "iepoch" else settings.audit_share,
        stop=settings.stop,
        seed=settings.seed,
        deadline=None if settings.timeout is None else time.time() + settings.timeout,
        logs=settings.runs / study / "logs",
    )
    _make_folder(job.logs)
    return Plan(
        settings=settings,
        job=job,
        slots=tuple(
            make_slots(workers=settings.workers, devices=devices, data_bytes=store.num_bytes)
        ),
        source=source,
        store=store,
        identity=_identity(store, job, settings.objective),
        requested=requested,
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"cannot write to {folder} ({error.strerror}); give `runs` a folder that can be written"
        ) from error


def _baseline_epochs(
    settings: Settings, epochs: int, *, on_cpu: bool, say: Callable[[str], None]
) -> int:
    """Upper bound of the manual baseline's epochs; says so where it is less than a trial's."""
    bound = baseline_epochs(settings.baseline_epochs, epochs, on_cpu=on_cpu)
    if settings.baseline_epochs is None and bound < epochs:
        say(
            f"the manual's configuration gets its first cycle of {bound} epochs, since there is no "
            "GPU (`baseline_epochs` for more)"
        )
    return bound


def _space_name(wanted: str, *, on_cpu: bool, say: Callable[[str], None]) -> str:
    if wanted != "auto":
        return wanted
    name = "extended-small" if on_cpu else "extended"
    say(f"space: {name} ({'no GPU was found' if on_cpu else 'a GPU was found'})")
    return name


def _study_name(asked: str | None, source: str, space: str) -> str:
    """The user's name, else one made of the data's and the space's."""
    if asked is not None:
        return asked
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(source).stem).strip("-.") or "study"
    study = f"{stem}-{space}"
    if not is_name(study):
        raise ConfigError(
            f"the study would be called {study!r}, expected {EXPECTED}; name it with `study`"
        )
    return study


def _note_epochs(space: Space, epochs: int, say: Callable[[str], None]) -> None:
    """Says so where the manual baseline ends no cosine cycle, since its scores mean less then."""
    if not cycle_ends(manual().optim, epochs):
        first = manual().optim.cycle_epochs
        remedy = f"; `epochs` {first} or more reach its end" if space.epochs >= first else ""
        say(f"note: {epochs} epochs end inside the manual's first cosine cycle of {first}{remedy}")


def _identity(store: PreparedStore, job: Job, objective: str) -> Identity:
    settings: dict[str, Any] = {
        "objective": objective,
        "epochs": job.epochs,
        "watch": job.watch.to_dict(),
        "seed": job.seed,
        "pruner": job.pruner,
    }
    return Identity(data=store.key, space=job.space.fingerprint(), settings=settings)
