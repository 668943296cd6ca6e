"""SQLite storages for tests: Optuna makes its tables once a process, and each test gets a copy."""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path

import optuna

from studies.storage.open import make_schema, open_storage, storage_url


def new_storage(runs: Path, name: str) -> str:
    """The URL of a storage without studies in a study's folder, as `make_schema` leaves it."""
    return _write(runs, name, _empty())


def new_study(runs: Path, name: str, *, pareto: bool = False) -> optuna.Study:
    """An empty study in a storage of its own."""
    return optuna.create_study(
        study_name=name,
        storage=open_storage(new_storage(runs, name)),
        directions=["maximize"] * (2 if pareto else 1),
    )


def filled_study(runs: Path, name: str, fill: Callable[[optuna.Study], None]) -> optuna.Study:
    """A study with all that `fill` adds to it; filled once a process and copied from then on.

    Args:
        runs: Folder of all results.
        name: The study's name.
        fill: Adds attributes and trials; a function of a module that does the same each time.
    """
    storage = open_storage(_write(runs, name, _filled(name, fill)))
    return optuna.load_study(study_name=name, storage=storage)


def _write(runs: Path, name: str, content: bytes) -> str:
    path = runs / name / "study.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return storage_url(runs, name, None)


@functools.cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        make_schema(storage_url(Path(folder), "template", None))
        return _content(Path(folder), "template")


@functools.cache
def _filled(name: str, fill: Callable[[optuna.Study], None]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        storage = open_storage(new_storage(Path(folder), name))
        fill(optuna.create_study(study_name=name, storage=storage, direction="maximize"))
        storage.engine.dispose()
        return _content(Path(folder), name)


def _content(runs: Path, name: str) -> bytes:
    """The file of a database whose connections are closed, so that it has no log beside it."""
    assert not (runs / name / "study.db-wal").exists()
    return (runs / name / "study.db").read_bytes()
