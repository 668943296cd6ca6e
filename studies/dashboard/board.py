"""A study's notes, pictures and plots: writes those that are missing or out of date."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import optuna

from avq_core.files import whole_binary_file
from studies.dashboard import pictures, study_note, trial_note
from studies.dashboard.attributes import (
    Attributes,
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
from studies.records.read import read_study
from studies.records.stored import identity_in
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord
from studies.storage import optuna_internals as internals
from studies.storage.urls import explained, without_secrets

ARTIFACTS: Final = "artifacts"
"""Name of the folder of pictures in the study's folder."""


class Board:
    """What the page shows for a study in addition to optuna-dashboard.

    `missing`, `draw` and `keep` may be called while another thread runs `write_notes`.
    """

    def __init__(
        self, database: Database, study_id: int, *, runs: Path, notify: Callable[[str], None]
    ) -> None:
        """Opens the study.

        Args:
            database: The study's database.
            study_id: The study's id in the database.
            runs: Folder of all results.
            notify: Called with each line to print for the user.

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
        self._notify = notify
        self._where = _where(database, runs)
        self._written_of: object = None
        self._record: StudyRecord | None = None
        self._pictures: dict[str, TrialRecord] = {}

    @property
    def is_ours(self) -> bool:
        """Whether the search made the study and it still exists; other studies are never changed."""
        storage = self.database.storage
        try:
            with explained(self.database.url):
                return identity_in(storage.get_study_user_attrs(self._study_id)) is not None
        except KeyError:
            return False

    def write_notes(self) -> None:
        """Writes notes of the study and of ended trials, and records which pictures exist.

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
        # A trial that was added between the two reads is handled the next time.
        for trial, frozen in zip(record.trials, trials, strict=False):
            if trial.has_ended:
                changed |= self._of_trial(record, trial, internals.trial_id(frozen), stored)
        self._record = record
        self._write(changed)
        self._written_of = state

    def write_plots(self, *, slow: bool = False) -> None:
        """Writes the plots of `studies.plots` that have changed.

        Args:
            slow: Whether to write those that take seconds to compute instead of the quick ones.

        Raises:
            StudyError: The database cannot be read or written.
        """
        if self._record is not None:
            self._write(plot_attributes(self._record, self._stored(), slow=slow))

    def missing(self) -> list[str]:
        """Ids of pictures without a file, the latest trials' first."""
        present = {path.name for path in self.folder.iterdir()} if self.folder.is_dir() else set()
        return [name for name in reversed(self._pictures) if name not in present]

    def draw(self, artifact_id: str) -> bytes | None:
        """Draws a picture; `None` where the study has no picture of this id."""
        trial, record = self._pictures.get(artifact_id), self._record
        return pictures.draw(record, trial) if trial and record else None

    def keep(self, artifact_id: str, drawn: bytes) -> None:
        """Writes a picture's file.

        Raises:
            ConfigError: The file cannot be written.
        """
        with whole_binary_file(self.folder / artifact_id) as file:
            file.write(drawn)

    def _study_note(self, record: StudyRecord, stored: Attributes) -> Attributes:
        note = study_note.study_note(record, self._where)
        changed = note_attributes(stored, note, version=study_note.VERSION)
        if changed is None and self._written_of is None:
            self._notify(f"the note of {self.name} was written by hand and is left as it is")
        return changed or {}

    def _of_trial(
        self, record: StudyRecord, trial: TrialRecord, trial_id: int, stored: Attributes
    ) -> Attributes:
        changed: Attributes = {}
        path = None
        if pictures.has_picture(trial):
            name = pictures.artifact_id(record, trial)
            self._pictures[name] = trial
            path = picture_path(self._study_id, trial_id, name)
            if (key := picture_key(trial_id, name)) not in stored:
                changed[key] = picture_value(name, pictures.FILENAME)
        # An ended trial does not change: a note of the present format need not be rendered again.
        version_of_note = note_version(stored, trial_id)
        is_old = version_of_note is not None and version_of_note < trial_note.VERSION
        if is_old or stored_note(stored, trial_id) is None:
            note = trial_note.trial_note(record, trial, path)
            attributes_of_note = note_attributes(
                stored, note, version=trial_note.VERSION, trial_id=trial_id
            )
            changed |= attributes_of_note or {}
        return changed

    def _stored(self) -> Attributes:
        try:
            with explained(self.database.url):
                return self.database.storage.get_study_system_attrs(self._study_id)
        except KeyError as error:
            raise StudyError("the study was deleted in the meantime") from error

    def _write(self, changed: Attributes) -> None:
        write_attributes(self.database.rdb, self.database.url, self._study_id, changed)


def _state(record: StudyRecord) -> object:
    """Everything that the notes depend on and that may change."""
    ended = [(t.number, t.state) for t in record.trials if t.has_ended]
    return ended, record.chosen, record.total, record.stopped, record.confirmation


def _where(database: Database, runs: Path) -> Sequence[str]:
    """Options that select the database in a command, without a password."""
    place = [] if runs == Path("runs") else ["--runs", str(runs)]
    if database.folder is not None:
        return place
    return [*place, "--storage", without_secrets(database.url)]
