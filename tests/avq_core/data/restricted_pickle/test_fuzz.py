"""Mutated pickles: each is read as plain values or refused in one line, and runs nothing.

The long form, guided by coverage, is `python -m benchmarks.fuzz_pickles`.
"""

import os
import pickle
import random
import subprocess
from pathlib import Path

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pickle_fuzz import CANARY, HONEST, KEPT, CanaryError, check, corpus, mutated

SOURCES = corpus()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that inputs are written to."""
    return tmp_path_factory.mktemp("fuzz") / "data.pkl"


def test_the_corpus_itself_is_read(place: Path) -> None:
    """Valid pickles are read; otherwise the fuzzing would only test refusals."""
    assert [check(data, place) for data in SOURCES[:HONEST]] == ["read"] * HONEST


@pytest.mark.slow
@settings(
    max_examples=examples(3000),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rng=st.randoms(use_true_random=False))
def test_a_mutated_pickle_is_read_or_refused(place: Path, rng: random.Random) -> None:
    """Nothing runs, hangs, crashes, or takes more memory than a small multiple of the file."""
    check(mutated(rng, SOURCES), place)


@pytest.mark.parametrize("path", sorted(KEPT.glob("*.pkl")), ids=lambda path: path.stem)
def test_a_kept_input_is_read_or_refused(place: Path, path: Path) -> None:
    """Inputs that once failed, or that only coverage-guided fuzzing reached."""
    check(path.read_bytes(), place)


@pytest.mark.parametrize(
    "act",
    [
        lambda: os.system("true"),  # noqa: S605
        lambda: subprocess.run(["true"], check=False),
        lambda: eval("1"),  # noqa: S307
        lambda: __import__("a_module_that_nobody_has"),
        lambda: pickle.loads(pickle.dumps(os.getcwd)),
        lambda: Path(os.devnull).write_text(""),
        lambda: os.remove("/nonexistent"),  # noqa: PTH107
    ],
    ids=["system", "subprocess", "eval", "import", "unpickle", "write", "remove"],
)
def test_the_canary_sings(act: object) -> None:
    """The canary detects a reader that runs something."""
    with pytest.raises(CanaryError), CANARY.watching():
        act()  # type: ignore[operator]
