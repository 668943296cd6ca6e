"""Attributes of studies of version 0.1 under today's names, and how a search renames them."""

import shutil
from pathlib import Path

import optuna
import pytest

from studies.identity import Identity
from studies.records import attributes
from studies.records.read import read_study
from studies.records.stored import attributes_of, identity_in, rename_old_attributes
from studies.storage.open import open_storage

OLD = Path(__file__).parents[2] / "fixtures" / "study_of_0_1" / "study.db"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A copy of a study of version 0.1."""
    return f"sqlite:///{shutil.copy(OLD, tmp_path)}"


def load(url: str) -> optuna.Study:
    return optuna.load_study(study_name="before", storage=open_storage(url))


def test_all_names_have_the_prefix_and_differ() -> None:
    """So that no other program's attribute has one of them."""
    names = [value for name, value in vars(attributes).items() if name.isupper()]
    assert len(set(names)) == len(names)
    assert all(name.startswith(attributes.PREFIX) for name in names)


def test_a_study_of_0_1_is_read_under_todays_names(url: str) -> None:
    """And its trials; nothing is changed by that."""
    study = load(url)
    stored = attributes_of(study)
    assert {"made_with", "audit", "simple_baselines"} <= study.user_attrs.keys()
    assert all(name.startswith(attributes.PREFIX) for name in stored.of_study)
    assert attributes.METRICS in stored.of_trial(study.trials[0])
    assert identity_in(study.user_attrs) is not None


def test_a_search_renames_them_all(url: str) -> None:
    """In finished trials too, which Optuna does not change; the record stays the same."""
    before = read_study(load(url))
    rename_old_attributes(load(url), open_storage(url))
    study = load(url)
    for holder in (study, *study.trials):
        assert holder.user_attrs
        assert all(name.startswith(attributes.PREFIX) for name in holder.user_attrs)
    assert read_study(study) == before
    rename_old_attributes(study, open_storage(url))
    assert read_study(load(url)) == before


def test_only_such_a_study_is_renamed(tmp_path: Path, url: str) -> None:
    """Another one in the same database keeps the attributes that others gave it."""
    other = optuna.create_study(study_name="other", storage=url)
    other.set_user_attr("audit", "by hand")
    other.set_user_attr("identity", "cmu-mosi")
    for study in (load(url), other):
        rename_old_attributes(study, open_storage(url))
    assert other.user_attrs == {"audit": "by hand", "identity": "cmu-mosi"}


@pytest.mark.parametrize(
    "value",
    [None, "cmu-mosi", [], {}, {"data": 1, "space": "s", "settings": {}}, {"data": "d"}],
)
def test_what_is_no_identity_makes_no_study_ours(value: object) -> None:
    """Under either name."""
    assert Identity.decode(value) is None
    for name in (attributes.IDENTITY, "identity"):
        assert identity_in({name: value}) is None


@pytest.mark.parametrize(
    ("url_of_server", "masked"),
    [
        (
            "postgresql+psycopg://me@server:s3cret@host/db",
            "postgresql+psycopg://me@server:***@host/db",
        ),
        ("postgresql://me:p%40ss@w@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me@host/db", "postgresql://me@host/db"),
        ("sqlite:////tmp/a.db", "sqlite:////tmp/a.db"),
    ],
)
def test_a_password_that_0_1_stored_is_masked(url: str, url_of_server: str, masked: str) -> None:
    """When it is read, and in the database as soon as a search goes on."""
    command = f"python -m search.run --storage {url_of_server} --trials 3"
    load(url).set_user_attr("made_with", {"command": command})
    expected = command.replace(url_of_server, masked)
    assert attributes_of(load(url)).of_study[attributes.PROVENANCE] == {"command": expected}
    assert rename_old_attributes(load(url), open_storage(url))
    assert load(url).user_attrs[attributes.PROVENANCE] == {"command": expected}
