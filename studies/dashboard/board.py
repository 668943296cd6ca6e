"""One study's notes, pictures and plots: what is missing or out of date is written, and no more."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import optuna

from avq_core.files import whole_binary_file
from studies.dashboard import pictures, study_note, trial_note
from studies.dashboard.attributes import (
    note_attributes,
    note_version,
    picture_key,
    picture_path,
    picture_value,
    stored_note,
    write_attributes,
)
from studies.dashboard.databases import Database
from studies.dashboard.plots import plot_attributes
from studies.errors import StudyError
from studies.names import results_folder
from studies.records import attributes
from studies.records.read import read_study
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord
from studies.storage import optuna_internals as internals
from studies.storage.urls import explained, shown, sqlite_path

ARTIFACTS: Final = "artifacts"
"""Name of the folder of pictures within the study's."""


class Board:
    """What the page shows of a study beside optuna-dashboard's own.

    `missing`, `draw` and `keep` may be called while another thread is in `write_notes`.
    """

    def __init__(
        self, database: Database, study_id: int, *, runs: Path, tell: Callable[[str], None]
    ) -> None:
        """Takes the study.

        Args:
            database: Where it is.
            study_id: Its id there.
            runs: Folder of all results.
            tell: Is told what a user should know, a line each.

        Raises:
            KeyError: There is no such study.
            StudyError: The database cannot be read.
        """
        self.database = database
        with explained(database.url):
            self.name = database.storage.get_study_name_from_id(study_id)
            self._study = optuna.load_study(study_name=self.name, storage=database.storage)
        self.folder = (database.folder or results_folder(runs, self.name)) / ARTIFACTS
        self._study_id = study_id
        self._tell = tell
        self._where = _where(database, runs)
        self._written_of: object = None
        self._record: StudyRecord | None = None
        self._pictures: dict[str, TrialRecord] = {}

    @property
    def is_ours(self) -> bool:
        """Whether the search made the study, and it is still there; others are left alone."""
        storage = self.database.storage
        try:
            with explained(self.database.url):
                return attributes.IDENTITY in storage.get_study_user_attrs(self._study_id)
        except KeyError:
            return False

    def write_notes(self) -> None:
        """Notes of the study and of the trials that have ended, and which pictures there are.

        Raises:
            StudyError: The database cannot be read or written.
        """
        with explained(self.database.url):
            record = read_study(self._study)
            trials = self._study.get_trials(deepcopy=False)
        state = _state(record)
        if state == self._written_of:
            return
        stored = self._stored()
        changed = self._study_note(record, stored)
        # A trial that was added between the two readings has its turn the next time.
        for trial, frozen in zip(record.trials, trials, strict=False):
            if trial.has_ended:
                changed |= self._of_trial(record, trial, internals.trial_id(frozen), stored)
        self._record = record
        self._write(changed)
        self._written_of = state

    def write_plots(self, *, slow: bool = False) -> None:
        """The plots of `studies.plots`, where they would be others than those that are there.

        Args:
            slow: Whether those that take seconds, in place of those that do not.

        Raises:
            StudyError: The database cannot be read or written.
        """
        if self._record is not None:
            self._write(plot_attributes(self._record, self._stored(), slow=slow))

    def missing(self) -> list[str]:
        """Ids of pictures that no file is there of, the last trials' first."""
        there = {path.name for path in self.folder.iterdir()} if self.folder.is_dir() else set()
        return [name for name in reversed(self._pictures) if name not in there]

    def draw(self, artifact_id: str) -> bytes | None:
        """Draws a picture; `None` where the study has none of this id."""
        trial, record = self._pictures.get(artifact_id), self._record
        return pictures.draw(record, trial) if trial and record else None

    def keep(self, artifact_id: str, drawn: bytes) -> None:
        """Writes a picture's file.

        Raises:
            ConfigError: It cannot be written.
        """
        with whole_binary_file(self.folder / artifact_id) as file:
            file.write(drawn)

    def _study_note(self, record: StudyRecord, stored: dict[str, Any]) -> dict[str, Any]:
        note = study_note.study_note(record, self._where)
        changed = note_attributes(stored, note, version=study_note.VERSION)
        if changed is None and self._written_of is None:
            self._tell(f"the note of {self.name} was written by hand and is left as it is")
        return changed or {}

    def _of_trial(
        self, record: StudyRecord, trial: TrialRecord, trial_id: int, stored: dict[str, Any]
    ) -> dict[str, Any]:
        changed: dict[str, Any] = {}
        path = None
        if pictures.has_picture(trial):
            name = pictures.artifact_id(record, trial)
            self._pictures[name] = trial
            path = picture_path(self._study_id, trial_id, name)
            if (key := picture_key(trial_id, name)) not in stored:
                changed[key] = picture_value(name, pictures.FILENAME)
        # What has ended changes no more: a note of this form need not be made again.
        form = note_version(stored, trial_id)
        is_old = form is not None and form < trial_note.VERSION
        if is_old or stored_note(stored, trial_id) is None:
            note = trial_note.trial_note(record, trial, path)
            made = note_attributes(stored, note, version=trial_note.VERSION, trial_id=trial_id)
            changed |= made or {}
        return changed

    def _stored(self) -> dict[str, Any]:
        try:
            with explained(self.database.url):
                return self.database.storage.get_study_system_attrs(self._study_id)
        except KeyError as error:
            raise StudyError("it was deleted meanwhile") from error

    def _write(self, changed: dict[str, Any]) -> None:
        write_attributes(self.database.rdb, self.database.url, self._study_id, changed)


def _state(record: StudyRecord) -> object:
    """What the notes are made of, as far as it changes."""
    ended = [(t.number, t.state) for t in record.trials if t.has_ended]
    return ended, record.chosen, record.total, record.stopped, record.confirmation


def _where(database: Database, runs: Path) -> Sequence[str]:
    """Options that lead a command to the database; a password is not among them."""
    place = [] if runs == Path("runs") else ["--runs", str(runs)]
    if database.folder is not None:
        return place
    path = sqlite_path(database.url)
    return [*place, "--storage", f"sqlite:///{path}" if path else shown(database.url)]
