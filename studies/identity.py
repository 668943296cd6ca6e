"""What identifies a study: a search resumes it only with the same data, space and settings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_NOTHING: Final = "nothing"
_SHOWN: Final = 12
"""Number of digits of a fingerprint that a reader sees."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Everything that two runs must share for their trials to be comparable."""

    data: str
    """Fingerprint of the data and of how it was prepared."""
    space: str
    """Fingerprint of the space."""
    settings: Mapping[str, Any]
    """Further fixed settings by name, as JSON holds them."""

    def __post_init__(self) -> None:
        # As a storage gives them back: JSON has no tuples.
        object.__setattr__(self, "settings", json.loads(json.dumps(dict(self.settings))))

    def to_dict(self) -> dict[str, Any]:
        """The identity as plain values, for a study's attribute."""
        return {"data": self.data, "space": self.space, "settings": dict(self.settings)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Identity":
        """The inverse of `to_dict`."""
        return cls(data=values["data"], space=values["space"], settings=values["settings"])

    @classmethod
    def decode(cls, value: object) -> "Identity | None":
        """The identity in a stored value; `None` where it holds none."""
        if not isinstance(value, Mapping) or value.keys() != {"data", "space", "settings"}:
            return None
        kinds = {"data": str, "space": str, "settings": Mapping}
        if not all(isinstance(value[name], kind) for name, kind in kinds.items()):
            return None
        return cls.from_dict(value)


def differences(stored: Identity, asked: Identity) -> list[str]:
    """Why a run cannot resume a study, a line for each difference; empty if it can.

    Args:
        stored: Identity of the study.
        asked: Identity of the run.
    """
    lines = [
        f"{name}: the study is of another {name} "
        f"(fingerprint {of_study[:_SHOWN]}, asked {of_run[:_SHOWN]})"
        for name, of_study, of_run in (
            ("data set", stored.data, asked.data),
            ("space", stored.space, asked.space),
        )
        if of_study != of_run
    ]
    before, now = _flat(stored.settings), _flat(asked.settings)
    for name in dict.fromkeys((*before, *now)):
        of_study, of_run = before.get(name, _NOTHING), now.get(name, _NOTHING)
        if of_study != of_run:
            lines.append(f"{name}: the study has {of_study}, asked {of_run}")
    return lines


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested settings by dotted path, each as text."""
    by_path: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            by_path |= _flat(value, f"{prefix}{name}.")
        else:
            by_path[f"{prefix}{name}"] = value if isinstance(value, str) else json.dumps(value)
    return by_path
