"""Studies that a search must not enter are refused before anything is written to them."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
import pytest
from commands import assert_one_line, run, write_space, write_tiny
from optuna.exceptions import StorageInternalError
from optuna.trial import TrialState, create_trial
from storages import new_storage

from avq_core.errors import AvqError
from search.main_job.existing import check_not_shared, check_storage, check_study
from search.main_job.open_study import open_study
from search.main_job.plan import make_plan
from search.settings import Settings
from studies.errors import StudyError
from studies.records import attributes
from studies.storage.find import found_study
from studies.storage.open import open_storage
from studies.storage.rdb import table_names

IDENTITY = {"data": "d", "space": "s", "settings": {}}


def theirs(url: str, direction: str = "minimize", **noted: Any) -> optuna.Study:
    """A study of another program: three trials of a loss."""
    study = optuna.create_study(study_name="fusion", storage=url, direction=direction)
    study.optimize(lambda trial: trial.suggest_float("lr", 0, 1), n_trials=3)
    for name, value in noted.items():
        study.set_user_attr(name, value)
    return study


def dump(path: Path) -> list[str]:
    """All that a SQLite file holds, and how it keeps its journal."""
    with closing(sqlite3.connect(path)) as database:
        return [*database.iterdump(), *database.execute("PRAGMA journal_mode").fetchone()]


def test_a_colleagues_study_is_left_alone(tmp_path: Path) -> None:
    """In one line, before the data is prepared; its file stays as it is, and none appears beside it."""
    url, path = f"sqlite:///{tmp_path}/team.db", tmp_path / "team.db"
    theirs(url)
    before, files = dump(path), sorted(tmp_path.iterdir())
    done = run(
        "search.run", "--data", "nowhere.pkl", "--study", "fusion", "--storage", url,
        "--runs", tmp_path / "runs", "--space", "small",
    )  # fmt: skip
    assert_one_line(
        done, "'fusion' was not made by this program", "3 trials (3 complete)", "--study"
    )
    assert dump(path) == before
    assert sorted(tmp_path.iterdir()) == files


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a tiny search into a database."""
    data, space = write_tiny(tmp_path), write_space(tmp_path)

    def make(**changes: Any) -> Settings:
        return Settings(
            data=str(data), space=str(space), runs=tmp_path / "runs", study="fusion", devices=("cpu",),
            storage=f"sqlite:///{tmp_path}/team.db", **changes,
        )  # fmt: skip

    return make


def opened(settings: Settings) -> optuna.Study:
    """The study of a search with these settings."""
    return open_study(make_plan(settings, say=lambda _: None), say=lambda _: None)


def test_a_study_that_appeared_since_the_plan_is_left_alone_too(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    """Preparing the data may take minutes."""
    plan = make_plan(settings(), say=lambda _: None)
    theirs(f"sqlite:///{tmp_path}/team.db")
    before = dump(tmp_path / "team.db")
    with pytest.raises(StudyError, match="was not made by this program"):
        open_study(plan, say=lambda _: None)
    assert dump(tmp_path / "team.db") == before


def test_an_empty_study_of_our_direction_is_taken(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    """Such as one of `optuna create-study --direction maximize`; and one that a killed search began."""
    optuna.create_study(
        study_name="fusion", storage=f"sqlite:///{tmp_path}/team.db", direction="maximize"
    )
    study = opened(settings(trials=3))
    assert attributes.IDENTITY in study.user_attrs
    assert len(study.trials) == 1  # the manual baseline of a short study


def test_a_study_that_a_killed_search_began_is_gone_on_with(
    settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no identity yet, but nothing of another program either; the baseline is queued once."""
    with monkeypatch.context() as patch:
        patch.setattr("studies.identity.Identity.to_dict", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            opened(settings(trials=3))
    study = opened(settings(trials=3))
    assert attributes.IDENTITY in study.user_attrs
    assert len(study.trials) == 1


REFUSED: dict[str, tuple[Callable[[optuna.Study], object], str]] = {
    "trials": (lambda s: s.add_trial(create_trial(value=1.0)), r"1 trial \(1 complete\)"),
    "queued": (lambda s: s.enqueue_trial({"x": 1}), r"1 trial \(1 waiting\)"),
    "running": (lambda s: s.ask(), "another program may be running it now"),
    "attributes": (lambda s: s.set_user_attr("made by", "Ann"), "it holds attributes"),
    "identity": (lambda s: s.set_user_attr("identity", "cmu-mosi"), "it holds attributes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_another_program_has_begun_is_not_ours(name: str) -> None:
    """Also where it maximises."""
    fill, message = REFUSED[name]
    study = optuna.create_study(direction="maximize")
    fill(study)
    with pytest.raises(StudyError, match=message):
        check_study(study, "score")


@pytest.mark.parametrize(
    ("directions", "objective", "message"),
    [
        (["minimize"], "score", "has the direction minimize, expected maximize"),
        (["maximize", "minimize"], "pareto", "maximize, minimize, expected maximize"),
        (
            ["maximize"],
            "pareto",
            r"has 1 objective \(`objective` score\), asked 2 \(`objective` par",
        ),
        (
            ["maximize"] * 2,
            "score",
            r"2 objectives \(`objective` pareto\), asked 1 \(`objective` sc",
        ),
        (["maximize"] * 3, "score", r"has 3 objectives, asked 1"),
    ],
)
@pytest.mark.parametrize("is_ours", [True, False])
def test_other_objectives_are_told(
    directions: list[str], objective: str, message: str, *, is_ours: bool
) -> None:
    """Of an empty study and of one of the search."""
    study = optuna.create_study(directions=directions)
    if is_ours:
        study.set_user_attr(attributes.IDENTITY, IDENTITY)
    with pytest.raises(StudyError, match=message):
        check_study(study, objective)


def test_a_study_that_another_program_runs_as_well_is_refused(tmp_path: Path) -> None:
    """Its workers send no heartbeat; trials of the search, and one without a value yet, are none of its."""
    url = new_storage(tmp_path, "one")
    storage = open_storage(url)
    study = optuna.create_study(study_name="one", storage=storage, direction="maximize")
    study.add_trial(
        create_trial(state=TrialState.RUNNING, user_attrs={attributes.WORKER: "host:1"})
    )
    other = optuna.load_study(study_name="one", storage=url)
    other.ask()
    check_not_shared(study, storage)
    other.ask().suggest_float("x", 0, 1)
    with pytest.raises(StudyError, match=r"another program runs trial 2 of the study 'one'; end"):
        check_not_shared(study, storage)


def test_records_of_a_later_version_are_not_written_over(
    settings: Callable[..., Settings],
) -> None:
    """A search that took its confirmation for missing would open the test split again."""
    opened(settings()).set_user_attr(attributes.CONFIRMATION, {"folds": "many"})
    with pytest.raises(StudyError, match="this version cannot read, such as avq:confirmation"):
        opened(settings())


def test_a_server_is_only_read(postgresql: str) -> None:
    """A database without tables stays without them; one study in it is refused, another name is free."""
    check_storage(postgresql, "fusion", "score")
    assert table_names(postgresql) == []
    theirs(postgresql)
    with pytest.raises(StudyError, match="was not made by this program"):
        check_storage(postgresql, "fusion", "score")
    check_storage(postgresql, "other", "score")
    with found_study(postgresql, "fusion") as study:
        assert study is not None
        with pytest.raises(StorageInternalError, match="exception is raised during the commit"):
            study.set_user_attr("a", 1)


def make_prices(path: Path) -> None:
    """A database of something else."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE prices (amount REAL)")


def make_later(path: Path) -> None:
    """A storage of an Optuna to come."""
    theirs(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE alembic_version SET version_num = 'v9.9.9'")
        database.commit()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (make_prices, r"a database of another program, with tables such as 'prices'"),
        (make_later, r"no longer compatible with the table schema"),
        (lambda path: path.write_bytes(b"some notes of mine " * 99), "file is not a database"),
    ],
)
def test_a_file_that_holds_no_storage_of_this_optuna_stays_as_it_is(
    make: Callable[[Path], object], message: str, settings: Callable[..., Settings], tmp_path: Path
) -> None:
    """Byte for byte."""
    path = tmp_path / "team.db"
    make(path)
    before, files = path.read_bytes(), sorted(tmp_path.iterdir())
    with pytest.raises(AvqError, match=message):
        opened(settings())
    assert path.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == files
