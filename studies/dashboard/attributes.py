"""The study attributes in which optuna-dashboard stores notes, pictures and plots.

Finished trials cannot be changed in Optuna, so optuna-dashboard stores what belongs to a trial in an
attribute of the study, with the trial's id in the key. It splits long texts into pieces for databases
that limit their length, and joins all pieces when it reads them. SQLite and PostgreSQL have no such
limit, so this module writes each text as a single piece, which is faster to write and to read.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from studies.storage.optuna_internals import write_study_attributes
from studies.storage.urls import explained

if TYPE_CHECKING:
    from optuna.storages import RDBStorage

_OF_TRIAL: Final = re.compile(r"(?<=^dashboard:)(artifacts:)?(\d+)(?=:)")
_PICTURE: Final = re.compile(r"(?<=\]\(/artifacts/)(\d+)/(\d+)(?=/)")
_MARK: Final = re.compile(
    r"\n\[//\]: # \(avq-search (?P<version>\d+) (?P<digest>[0-9a-f]{16})\)\n$"
)
"""A link definition without a use, which Markdown does not show."""

Attributes = dict[str, Any]
"""Attributes by key, with JSON values."""


def write_attributes(
    storage: "RDBStorage", url: str, study_id: int, attributes: Mapping[str, Any]
) -> None:
    """Writes attributes of a study in one transaction, since one for each would take minutes.

    Args:
        storage: The study's storage.
        url: The storage's URL, for error messages.
        study_id: The study's id in the storage.
        attributes: JSON values by key.

    Raises:
        StudyError: The storage cannot be written, or stays locked.
    """
    with explained(url):
        write_study_attributes(storage, study_id, attributes)


def note_attributes(
    stored: Mapping[str, Any], note: str, *, version: int, trial_id: int | None = None
) -> Attributes | None:
    """The attributes to write so that a study or a trial has this note.

    Args:
        stored: The study's attributes.
        note: Markdown.
        version: Version of the note's format.
        trial_id: The trial; `None` for the study itself.

    Returns:
        Attributes by key, empty where the note exists already; `None` where a person wrote another note.
    """
    marked = f"{note}\n[//]: # (avq-search {version} {_digest(note)})\n"
    present = stored_note(stored, trial_id)
    if present == marked:
        return {}
    if present is None:
        return {_version_key(trial_id): 1, f"{_prefix(trial_id)}0": marked}
    if not is_ours(present):
        return None
    # The note's version number stays, so that a person who is editing it can still save.
    pieces = _pieces(stored, trial_id)
    return dict.fromkeys(pieces, "") | {f"{_prefix(trial_id)}0": marked}


def stored_note(stored: Mapping[str, Any], trial_id: int | None = None) -> str | None:
    """The stored note; `None` where none was ever written."""
    if _version_key(trial_id) not in stored:
        return None
    return "".join(stored[key] for key in _pieces(stored, trial_id))


def note_version(stored: Mapping[str, Any], trial_id: int | None = None) -> int | None:
    """Format version of a stored note of this command, even if it was edited; `None` for other notes."""
    mark = _MARK.search(stored_note(stored, trial_id) or "")
    return int(mark["version"]) if mark else None


def is_ours(note: str) -> bool:
    """Whether this command wrote the note and it was not edited since, by the digest in its mark."""
    mark = _MARK.search(note)
    return mark is not None and mark["digest"] == _digest(note[: mark.start()])


def plot_key(name: str) -> str:
    """The key of a plot's JSON."""
    return f"dashboard:plot_data:{name}:0"


def picture_key(trial_id: int, artifact_id: str) -> str:
    """The key that records a picture of a trial."""
    return f"dashboard:artifacts:{trial_id}:{artifact_id}"


def picture_value(artifact_id: str, filename: str) -> str:
    """The value that describes a picture, as JSON."""
    meta = {"artifact_id": artifact_id, "filename": filename, "mimetype": "image/png"}
    return json.dumps(meta | {"encoding": None})


def picture_path(study_id: int, trial_id: int, artifact_id: str) -> str:
    """A picture's path on the page, for use in a note."""
    return f"/artifacts/{study_id}/{trial_id}/{artifact_id}"


def with_shifted_ids(attributes: Mapping[str, Any], *, studies: int, trials: int) -> Attributes:
    """The attributes of a study with shifted ids.

    Args:
        attributes: Values by key; ids are in keys, and in notes that show a picture.
        studies: Offset to add to the study's id.
        trials: Offset to add to the id of each trial.
    """
    if studies == 0 and trials == 0:
        return dict(attributes)

    def in_key(match: re.Match[str]) -> str:
        return f"{match[1] or ''}{int(match[2]) + trials}"

    def in_note(match: re.Match[str]) -> str:
        return f"{int(match[1]) + studies}/{int(match[2]) + trials}"

    return {
        _OF_TRIAL.sub(in_key, key): _PICTURE.sub(in_note, value) if "note_str:" in key else value
        for key, value in attributes.items()
    }


def _digest(note: str) -> str:
    return hashlib.sha256(note.encode()).hexdigest()[:16]


def _version_key(trial_id: int | None) -> str:
    return "dashboard:note_ver" if trial_id is None else f"dashboard:{trial_id}:note_ver"


def _prefix(trial_id: int | None) -> str:
    return "dashboard:note_str:" if trial_id is None else f"dashboard:{trial_id}:note_str:"


def _pieces(stored: Mapping[str, Any], trial_id: int | None) -> list[str]:
    """Keys of a note's pieces, in order."""
    keys: list[str] = []
    while (key := f"{_prefix(trial_id)}{len(keys)}") in stored:
        keys.append(key)
    return keys
