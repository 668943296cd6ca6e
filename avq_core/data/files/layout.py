"""Translates a file's names into ours: of splits, of the parts of a sample, of streams and tasks."""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from avq_core.config.data import DataConfig
from avq_core.data.schema import LABEL_SUFFIX
from avq_core.errors import DataError

_NAME: Final = re.compile(r"[\w-]{1,64}\Z")
"""Names become parts of file names and of dotted settings: no slashes and no dots."""
_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "train": ("training",),
    "val": ("valid", "validation", "dev"),
    "test": ("testing",),
}
"""Other names of a split that need no layout."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One sample under our names; its values are not checked yet."""

    features: Mapping[str, Any]
    """Stream to the file's value; streams that are `None` in the file are left out."""
    labels: Mapping[str, Any]
    """Task to the file's value."""
    group: object
    """The file's value; `None` for a sample without a group."""


class Names:
    """Translates the names of one file, as the data settings (`DataConfig`) say."""

    def __init__(self, config: DataConfig) -> None:
        self._splits = config.splits
        self.features = config.keys.get("features", "features")
        """What a sample calls its features."""
        self.labels = config.keys.get("labels", "labels")
        self.group = config.keys.get("group", "group")
        self._streams = {theirs: ours for ours, theirs in config.streams.items()}
        self._tasks = {theirs: ours for ours, theirs in config.tasks.items()}
        self._ignored = frozenset(config.ignore)

    def split(self, ours: str, content: Container[object]) -> str:
        """The file's name for a split: the layout's, ours, or another usual one that the file has.

        Raises:
            DataError: The file has two of those.
        """
        if ours in self._splits or ours in content:
            return self._splits.get(ours, ours)
        usual = [name for name in _USUAL.get(ours, ()) if name in content]
        if len(usual) > 1:
            raise DataError(
                f"the file has {' and '.join(map(repr, usual))}, expected one {ours!r}; say which "
                "under `splits` of `layout`"
            )
        return usual[0] if usual else ours

    def check_used(
        self, samples: Iterable[Any], where: str, *, ignored: Iterable[str] = ()
    ) -> None:
        """Checks that the file has every name of the layout: a typo would have no effect otherwise.

        Args:
            samples: Samples of the train split, each a dict of dicts.
            where: The split's name in errors.
            ignored: Names to ignore that have been left out of the samples already.

        Raises:
            DataError: No sample has a stream, task or name to ignore of the layout.
        """
        streams: dict[str, None] = {}
        labels: dict[str, None] = {}
        for sample in samples:
            streams |= dict.fromkeys(sample[self.features])
            labels |= dict.fromkeys(sample.get(self.labels) or ())
        for part, layout_names, file_names in (
            ("streams", self._streams, streams),
            ("tasks", self._tasks, labels),
            ("ignore", self._ignored, {**streams, **labels, **dict.fromkeys(ignored)}),
        ):
            for theirs in layout_names:
                if theirs not in file_names:
                    raise DataError(
                        f"`layout` names {theirs!r} under `{part}`, but no sample of {where} has it, "
                        f"only {shown(file_names)}"
                    )

    def sample(self, candidate: object, where: str, *, needs_labels: bool) -> Sample:
        """Translates one sample of the file.

        Args:
            candidate: The sample as the file has it.
            where: Its name in errors.
            needs_labels: Whether labels are required.

        Raises:
            DataError: It is not a dict, lacks features or labels, has a name that is not allowed,
                or two names that become the same one.
        """
        expected = f"a dict with {self.features!r} and {self.labels!r}"
        if not isinstance(candidate, dict):
            raise DataError(f"{where} is a {type(candidate).__name__}, expected {expected}")
        for part in (self.features, self.labels) if needs_labels else (self.features,):
            if part not in candidate:
                raise DataError(
                    f"{where} has no {part!r}, only {shown(candidate)}; expected {expected}, or "
                    "their names under `keys` of `layout`"
                )
        features = _named(candidate[self.features], f"{where}: {self.features}")
        labels = candidate.get(self.labels)
        labels = {} if labels is None else _named(labels, f"{where}: {self.labels}")
        streams = {
            theirs: self._streams.get(theirs, theirs)
            for theirs, value in features.items()
            if theirs not in self._ignored and value is not None
        }
        tasks = {theirs: self._task(theirs) for theirs in labels if theirs not in self._ignored}
        return Sample(
            features=_renamed(features, streams, f"{where}: stream"),
            labels=_renamed(labels, tasks, f"{where}: label"),
            group=candidate.get(self.group),
        )

    def _task(self, label: object) -> str:
        if label in self._tasks:
            return self._tasks[str(label)]
        name = str(label)
        return name.removesuffix(LABEL_SUFFIX) or name


def shown(named: Iterable[object]) -> str:
    """Names as text for an error, at most 20 of at most 64 characters."""
    names = [str(name)[:64] for name in named]
    return repr(names[:20]) if names else "none"


def _named(part: object, where: str) -> Mapping[Any, Any]:
    if not isinstance(part, dict):
        raise DataError(f"{where} is a {type(part).__name__}, expected a dict by name")
    return part


def _renamed(values: Mapping[Any, Any], names: Mapping[Any, str], what: str) -> dict[str, Any]:
    renamed: dict[str, Any] = {}
    for theirs, ours in names.items():
        if not isinstance(theirs, str) or _NAME.match(ours) is None:
            raise DataError(
                f"{what} name {str(theirs)[:80]!r}, expected up to 64 letters, digits, '_' and "
                "'-', or another name for it with `layout`"
            )
        if ours in renamed:
            raise DataError(f"{what} {theirs!r} would be a second {ours!r}; rename one of them")
        renamed[ours] = values[theirs]
    return renamed
