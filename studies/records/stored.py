"""The user attributes of a study and its trials, under today's names, whichever version wrote them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from studies.identity import Identity
from studies.records import attributes as names

if TYPE_CHECKING:
    import optuna
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

_OLD_WORDS: Final[Mapping[str, str]] = {
    names.METRICS: "figures",
    names.SPARED: "audited",
    names.SIMPLE_MODELS: "simple_baselines",
    names.DATA_AUDIT: "audit",
    names.PROVENANCE: "made_with",
    names.COPIED_FROM: "carried_from",
}
_TODAY: Final[Mapping[str, str]] = {
    _OLD_WORDS.get(name, name.removeprefix(names.PREFIX)): name
    for constant, name in vars(names).items()
    if constant.isupper() and name != names.PREFIX
}
"""Today's names by those of version 0.1, which had no prefix."""
_PASSWORD: Final = re.compile(r"(://[^\s:/]*:)\S*@")
"""The password in a URL; version 0.1 left some in the command that it stored."""
_OLD_IDENTITY: Final = names.IDENTITY.removeprefix(names.PREFIX)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredAttributes:
    """The user attributes of a study, and the way to those of its trials."""

    of_study: Mapping[str, Any]
    is_old: bool
    """Whether version 0.1 made the study. Only then are names without a prefix read: in another study
    they are another program's."""

    def of_trial(self, trial: "FrozenTrial") -> Mapping[str, Any]:
        """The attributes of a trial of this study."""
        return _renamed(trial.user_attrs) if self.is_old else trial.user_attrs


def attributes_of(study: "optuna.Study") -> StoredAttributes:
    """The attributes of a study, whichever version of this program made it, or another program."""
    stored = study.user_attrs
    is_old = _is_old(stored)
    return StoredAttributes(of_study=_renamed(stored) if is_old else stored, is_old=is_old)


def identity_in(stored: Mapping[str, Any]) -> Identity | None:
    """The identity among the attributes of a study; `None` where this program did not make the study."""
    return Identity.decode(stored.get(_OLD_IDENTITY if _is_old(stored) else names.IDENTITY))


def is_foreign_trial(trial: "FrozenTrial") -> bool:
    """Whether another program suggested the values of a running trial that recorded no heartbeat.

    A worker of the search records a heartbeat before it suggests a value (`search.workers.worker`).
    """
    return bool(trial.params) and not any(
        name.startswith(names.PREFIX) for name in trial.user_attrs
    )


def rename_old_attributes(study: "optuna.Study", storage: "RDBStorage") -> bool:
    """Gives the attributes of a study of version 0.1 today's names, before a search goes on with it.

    A password in the stored command is masked. Does nothing to any other study. Called under the study's
    lock, before the trials are read.

    Returns:
        Whether version 0.1 made the study.
    """
    if not _is_old(study.user_attrs):
        return False
    from studies.storage.optuna_internals import rename_attributes, study_id

    provenance = _renamed(study.user_attrs).get(names.PROVENANCE)
    rename_attributes(storage, study_id(study), _TODAY)
    if provenance is not None:
        study.set_user_attr(names.PROVENANCE, provenance)
    return True


def _is_old(stored: Mapping[str, Any]) -> bool:
    return names.IDENTITY not in stored and Identity.decode(stored.get(_OLD_IDENTITY)) is not None


def _renamed(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    # Today's names come last, so that they win.
    old = {_TODAY[name]: value for name, value in stored.items() if name in _TODAY}
    renamed = old | {name: value for name, value in stored.items() if name not in _TODAY}
    provenance = renamed.get(names.PROVENANCE)
    if isinstance(provenance, Mapping) and isinstance(provenance.get("command"), str):
        command = _PASSWORD.sub(r"\1***@", provenance["command"])
        renamed[names.PROVENANCE] = {**provenance, "command": command}
    return renamed
