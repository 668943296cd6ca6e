"""`studies.dashboard.attributes`: what is written is what optuna-dashboard reads, and no note of a person."""

from pathlib import Path

import optuna
import pytest
from optuna_dashboard import get_note, save_note, save_plotly_graph_object

from studies.dashboard import attributes
from studies.dashboard.databases import Database
from studies.storage.open import storage_url

LONG = "a line with a | bar\n" * 500


@pytest.fixture
def database(study: optuna.Study, runs: Path) -> Database:
    """The small study's."""
    return Database(storage_url(runs, "tiny", None), folder=runs / "tiny", place=0)


def write(database: Database, changed: dict[str, object] | None) -> None:
    assert changed is not None
    attributes.write_attributes(database.rdb, database.url, 1, changed)


def stored(database: Database) -> dict[str, object]:
    return database.storage.get_study_system_attrs(1)


def test_optuna_dashboard_reads_our_note(study: optuna.Study, database: Database) -> None:
    """A note longer than one of its pieces, too."""
    write(database, attributes.note_attributes(stored(database), LONG, version=1))
    assert get_note(study).startswith(LONG)


def test_optuna_dashboard_reads_a_trials_note(study: optuna.Study, database: Database) -> None:
    """Under the trial's id, though the trial has ended."""
    write(database, attributes.note_attributes({}, "why", version=1, trial_id=4))
    running = optuna.trial.Trial(study, 4)
    assert get_note(running).startswith("why")


def test_the_same_note_is_written_once(database: Database) -> None:
    """Nothing is left to write the second time."""
    write(database, attributes.note_attributes({}, "text", version=1))
    assert attributes.note_attributes(stored(database), "text", version=1) == {}


def test_ours_gives_way_to_a_new_one(study: optuna.Study, database: Database) -> None:
    """And its number stays, so that a person who is editing it can save."""
    write(database, attributes.note_attributes({}, "old", version=1))
    changed = attributes.note_attributes(stored(database), "new", version=2)
    assert changed is not None
    assert "dashboard:note_ver" not in changed
    write(database, changed)
    assert get_note(study).startswith("new")
    assert attributes.note_version(stored(database)) == 2


@pytest.mark.parametrize("note", ["by hand", ""])
def test_a_persons_note_is_left(study: optuna.Study, database: Database, note: str) -> None:
    """An emptied one as well: a person emptied it."""
    write(database, attributes.note_attributes({}, "ours", version=1))
    save_note(study, note)
    assert attributes.note_attributes(stored(database), "new", version=2) is None


def test_an_edited_note_is_left(study: optuna.Study, database: Database) -> None:
    """Though the mark is still in it: it holds a digest of the original."""
    write(database, attributes.note_attributes({}, "ours", version=1))
    save_note(study, get_note(study).replace("ours", "ours, I think"))
    assert attributes.note_attributes(stored(database), "new", version=2) is None


def test_a_note_in_pieces_is_read_whole(study: optuna.Study, database: Database) -> None:
    """optuna-dashboard cuts what a person saves."""
    save_note(study, LONG)
    assert attributes.stored_note(stored(database)) == LONG


def test_ours_in_pieces_gives_way_whole(study: optuna.Study, database: Database) -> None:
    """A renamed study's notes were copied, and cut: no piece of the old one is left."""
    write(database, attributes.note_attributes({}, LONG, version=1))
    save_note(study, get_note(study))
    write(database, attributes.note_attributes(stored(database), "short", version=1))
    assert get_note(study).startswith("short\n[//]")


def test_optuna_dashboard_reads_our_plots(study: optuna.Study, database: Database) -> None:
    """As those that it saved itself."""
    import plotly.graph_objects as go
    from optuna_dashboard._custom_plot_data import get_plotly_graph_objects

    drawn = go.Figure(go.Scatter(x=[1, 2], y=[3, 4]))
    save_plotly_graph_object(study, drawn, graph_object_id="theirs")
    write(database, {attributes.plot_key("ours"): drawn.to_json()})
    plots = get_plotly_graph_objects(stored(database))
    assert plots["ours"] == plots["theirs"]


def test_ids_move_in_keys_and_pictures_and_back(database: Database) -> None:
    """A person's words that look like an id do not."""
    before = {
        "dashboard:4:note_ver": 1,
        "dashboard:4:note_str:0": "![c](/artifacts/1/4/ab) and 1/4 of /artifacts/1/4/ab",
        "dashboard:artifacts:4:ab": "{}",
        "dashboard:note_str:0": "dashboard:4:",
        "dashboard:plot_data:4:0": "{}",
    }
    after = attributes.with_shifted_ids(before, studies=1000, trials=50)
    assert after == {
        "dashboard:54:note_ver": 1,
        "dashboard:54:note_str:0": "![c](/artifacts/1001/54/ab) and 1/4 of /artifacts/1/4/ab",
        "dashboard:artifacts:54:ab": "{}",
        "dashboard:note_str:0": "dashboard:4:",
        "dashboard:plot_data:4:0": "{}",
    }
    assert attributes.with_shifted_ids(after, studies=-1000, trials=-50) == before
