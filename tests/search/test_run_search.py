"""The search as a function."""

import json
from pathlib import Path

import pytest
from commands import write_space, write_tiny

from search.cli import arguments
from search.run import results_of, run_search
from search.settings import Settings
from studies import show
from studies.errors import StudyError
from studies.summary.values import summary


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A search of two trials over a tiny file."""
    return Settings(
        data=str(write_tiny(tmp_path)),
        space=str(write_space(tmp_path)),
        runs=tmp_path / "runs",
        study="tiny",
        trials=2,
        workers=1,
        devices=("cpu",),
        baseline_epochs=1,
        confirm=1,
    )


@pytest.mark.slow
def test_a_search_from_python_gives_the_study_as_it_is_shown(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """The record is the one that `studies.show` reads; progress is told and nothing is printed."""
    notes: list[str] = []
    states: list[str] = []
    record = run_search(settings, on_note=notes.append, on_progress=states.append)
    assert capsys.readouterr() == ("", "")
    assert any("study tiny starts: 0 of 2 trials done" in note for note in notes)
    assert any(state.startswith("confirming: ") for state in states)
    assert record.confirmation is not None
    for path in results_of(record, settings):
        assert path.is_file()
    assert record.provenance is not None
    command = record.provenance.command
    assert command.split()[3:] == arguments(settings)

    assert show.main(["tiny", "--runs", str(settings.runs), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(summary(record)))

    again = run_search(settings, on_note=notes.append)
    assert "study tiny: all 2 trials are done" in notes
    assert again == record


@pytest.mark.slow
def test_a_search_that_no_trial_completes_raises(settings: Settings) -> None:
    """An error for the caller to mend, in the settings' own names."""
    hasty = Settings(
        data=settings.data, space=settings.space, runs=settings.runs, study="hasty", workers=1,
        devices=("cpu",), timeout=0,
    )  # fmt: skip
    with pytest.raises(StudyError, match=r"no complete trial yet.*a longer `timeout` or none"):
        run_search(hasty)
