"""Ctrl-C at random moments of every phase of a search; `python -m benchmarks.interrupts` tries more."""

import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.interrupts import PHASES, STUDY, Searches, interrupt
from studies.records.read import read_study
from studies.storage.open import open_study


@pytest.fixture(scope="module")
def searches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searches]:
    """Searches in folders of their own."""
    return Searches(tmp_path_factory.mktemp("interrupted"))


@pytest.mark.slow
@pytest.mark.parametrize("name", PHASES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_search_ends_within_ten_seconds(
    searches: Searches, name: str, number: signal.Signals
) -> None:
    """With 130, without a traceback, with nothing left running."""
    rng = np.random.default_rng([number, *name.encode()])
    phase = PHASES[name]
    wait = float(rng.uniform(phase.earliest, phase.seconds))
    outcome = interrupt(
        searches, phase, wait=wait, number=number, whole_group=bool(rng.integers(2))
    )
    assert not outcome.problem, f"{wait:.2f} s after {name} had begun: {outcome.problem}"


@pytest.mark.slow
def test_an_interrupted_search_goes_on_to_the_same_end(searches: Searches, tmp_path: Path) -> None:
    """Interrupted while its workers start, among its trials, and in the confirmation."""
    runs = tmp_path / "runs"
    for name, wait in (("workers", 1.0), ("trials", 2.0), ("runs", 2.0)):
        outcome = interrupt(
            searches, PHASES[name], wait=wait, number=signal.SIGINT, whole_group=True, runs=runs
        )
        assert not outcome.problem
    done = searches.start(runs)
    out, _ = done.communicate(timeout=300)
    assert done.returncode == 0, out
    study = read_study(open_study(runs, STUDY, None))
    assert study.counts.finished == 4
    assert not study.counts.running
    assert study.confirmation is not None
    assert study.confirmation.test_openings == 1
