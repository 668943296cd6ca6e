"""Simple models are fitted while the search runs, and are there when it has ended."""

import os
import sys
import threading
from pathlib import Path

import optuna
import pytest
from commands import TASKS, write_tiny

from avq_core.config.data import DataConfig
from avq_core.data.store.store import PreparedStore, prepare
from search import simple_models as simple
from search.simple_models import note_simple_models, simple_models_fitted_meanwhile
from studies.records import attributes


@pytest.fixture
def store(tmp_path: Path) -> PreparedStore:
    """Of a tiny file."""
    data = write_tiny(tmp_path)
    return prepare(str(data), DataConfig(), root=tmp_path / "prepared", on_note=lambda _: None)


def test_they_are_there_when_the_search_has_ended(
    study: optuna.Study, store: PreparedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waited for, if the search ends first; fitted once."""
    searching = threading.Event()

    def note_late(*arguments: object) -> None:
        searching.wait()
        note_simple_models(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(simple, "note_simple_models", note_late)
    with simple_models_fitted_meanwhile(study, store, on_wait=searching.set):
        assert attributes.SIMPLE_MODELS not in study.user_attrs
    assert set(study.user_attrs[attributes.SIMPLE_MODELS]["ridge"]) == set(TASKS)
    monkeypatch.undo()
    monkeypatch.setattr(
        "avq_core.evaluation.simple_models.fit_simple_models", lambda *_, **__: 1 / 0
    )
    waited: list[bool] = []
    with simple_models_fitted_meanwhile(study, store, on_wait=lambda: waited.append(True)):
        pass
    assert not waited


def test_what_goes_wrong_is_raised_where_the_search_ends(
    study: optuna.Study, store: PreparedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not lost with the thread, and not in the middle of the search."""
    monkeypatch.setattr(
        "avq_core.evaluation.simple_models.fit_simple_models", lambda *_, **__: 1 / 0
    )
    ended, waited = False, list[bool]()
    with (
        pytest.raises(ZeroDivisionError),
        simple_models_fitted_meanwhile(study, store, on_wait=lambda: waited.append(True)),
    ):
        ended = True
    assert ended
    assert waited


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere threads have no priority of their own"
)
def test_workers_that_share_the_cores_go_first(
    study: optuna.Study, store: PreparedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread's priority is lowered, and that of nobody else."""
    found: list[int] = []

    def note(*_: object) -> None:
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        study.set_user_attr(attributes.SIMPLE_MODELS, {})

    monkeypatch.setattr(simple, "note_simple_models", note)
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    monkeypatch.setattr(simple, "_NICE", before + 3)
    with simple_models_fitted_meanwhile(study, store, on_wait=lambda: None):
        pass
    assert found[0] == before + 3
    assert found[-1] == before


def test_a_search_that_is_stopped_does_not_wait_for_them(
    study: optuna.Study, store: PreparedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C goes on up at once, and the thread ends with the process."""
    forever = threading.Event()
    monkeypatch.setattr(simple, "note_simple_models", lambda *_: forever.wait())
    with (
        pytest.raises(KeyboardInterrupt),
        simple_models_fitted_meanwhile(study, store, on_wait=lambda: None),
    ):
        raise KeyboardInterrupt
    forever.set()
