"""A study of version 0.1: its data and its space have the identity that was stored with it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from avq_core.config.data import DataConfig
from avq_core.data.store.fingerprint import read_fingerprint
from avq_core.data.store.store import store_key
from space.space import load_space

FOLDER = Path(__file__).parents[1] / "fixtures" / "study_of_0_1"


@pytest.fixture
def identity() -> dict[str, str]:
    """What the study says that it is of."""
    uri = f"file:{FOLDER / 'study.db'}?immutable=1"
    query = "SELECT value_json FROM study_user_attributes WHERE key = 'identity'"
    with closing(sqlite3.connect(uri, uri=True)) as database:
        ((text,),) = database.execute(query).fetchall()
    stored: dict[str, str] = json.loads(text)
    return stored


def test_the_data_keeps_its_key(identity: dict[str, str]) -> None:
    """Else the data would be prepared again, and the study could not be resumed."""
    assert store_key(read_fingerprint(FOLDER / "clips.npz"), DataConfig()) == identity["data"]


def test_the_space_keeps_its_fingerprint(identity: dict[str, str]) -> None:
    """Read from its file, whatever the reader."""
    assert load_space(FOLDER / "space.yaml").fingerprint() == identity["space"]
