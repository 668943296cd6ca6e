"""The study attributes in which optuna-dashboard keeps notes, pictures and plots.

Optuna lets nobody change a trial that has finished, so what belongs to a trial stands at its study,
under a key that holds the trial's id. optuna-dashboard cuts long texts into pieces, for databases
whose texts are short; it joins whatever pieces it finds. SQLite and PostgreSQL take a text whole, so
each is one piece here: one row to write, and to look through at each of the page's requests.
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
"""A link that nothing refers to: Markdown shows none of it."""


def write_attributes(
    storage: "RDBStorage", url: str, study_id: int, attributes: Mapping[str, Any]
) -> None:
    """Writes attributes of a study, all or none: a transaction each would take minutes.

    Args:
        storage: Where the study is.
        url: The storage's URL, to be named in an error.
        study_id: The study's id there.
        attributes: Values as JSON takes them, by key.

    Raises:
        StudyError: The storage cannot be written, or is locked for long.
    """
    with explained(url):
        write_study_attributes(storage, study_id, attributes)


def note_attributes(
    stored: Mapping[str, Any], note: str, *, version: int, trial_id: int | None = None
) -> dict[str, Any] | None:
    """What to write so that a study or a trial has this note.

    Args:
        stored: The study's attributes.
        note: Markdown.
        version: Of the note's form.
        trial_id: The trial; `None` is the study itself.

    Returns:
        Attributes by key, empty where the note is there; `None` where a person wrote another.
    """
    marked = f"{note}\n[//]: # (avq-search {version} {_digest(note)})\n"
    found = stored_note(stored, trial_id)
    if found == marked:
        return {}
    if found is None:
        return {_version_key(trial_id): 1, f"{_prefix(trial_id)}0": marked}
    if not is_ours(found):
        return None
    # The note's number stays, so that a person who is editing it meanwhile can save.
    written = _pieces(stored, trial_id)
    return dict.fromkeys(written, "") | {f"{_prefix(trial_id)}0": marked}


def stored_note(stored: Mapping[str, Any], trial_id: int | None = None) -> str | None:
    """The note that is there; `None` where nobody ever wrote one."""
    if _version_key(trial_id) not in stored:
        return None
    return "".join(stored[key] for key in _pieces(stored, trial_id))


def note_version(stored: Mapping[str, Any], trial_id: int | None = None) -> int | None:
    """The form of our note that is there, without a look at whether it was edited."""
    mark = _MARK.search(stored_note(stored, trial_id) or "")
    return int(mark["version"]) if mark else None


def is_ours(note: str) -> bool:
    """Whether a note is as we wrote it: its mark holds a digest of the rest."""
    mark = _MARK.search(note)
    return mark is not None and mark["digest"] == _digest(note[: mark.start()])


def plot_key(name: str) -> str:
    """Where a plot's JSON is kept."""
    return f"dashboard:plot_data:{name}:0"


def picture_key(trial_id: int, artifact_id: str) -> str:
    """Where it is noted that a trial has a picture."""
    return f"dashboard:artifacts:{trial_id}:{artifact_id}"


def picture_value(artifact_id: str, filename: str) -> str:
    """What is noted of a picture."""
    meta = {"artifact_id": artifact_id, "filename": filename, "mimetype": "image/png"}
    return json.dumps(meta | {"encoding": None})


def picture_path(study_id: int, trial_id: int, artifact_id: str) -> str:
    """A picture's path on the page, as a note shows it."""
    return f"/artifacts/{study_id}/{trial_id}/{artifact_id}"


def moved(attributes: Mapping[str, Any], *, studies: int, trials: int) -> dict[str, Any]:
    """The attributes of a study where ids are other ones, as they are on the page.

    Args:
        attributes: Values by key; ids stand in keys, and in notes that show a picture.
        studies: What is added to the study's id.
        trials: What is added to the id of each trial.
    """
    if studies == 0 and trials == 0:
        return dict(attributes)

    def in_key(found: re.Match[str]) -> str:
        return f"{found[1] or ''}{int(found[2]) + trials}"

    def in_note(found: re.Match[str]) -> str:
        return f"{int(found[1]) + studies}/{int(found[2]) + trials}"

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
