"""The samples of each split, in whichever layout a file has them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from avq_core.config.data import DataConfig
from avq_core.data.files.label_rule import label_rule
from avq_core.data.files.layout import Names, shown
from avq_core.data.files.stacked import is_stacked, read_stacked
from avq_core.errors import DataError

FILE: Final = "a dict {'train': [...], 'val': [...], 'test': [...]}"


def samples_by_split(
    content: Mapping[Any, Any],
    file_names: Mapping[str, Any],
    names: Names,
    config: DataConfig,
    source: str,
    *,
    needs_labels: bool,
) -> tuple[dict[str, Sequence[object]], DataConfig, tuple[str, ...], tuple[str, ...]]:
    """The samples of splits, in whichever of the layouts the file has.

    Args:
        content: The file's splits.
        file_names: Our name of a split to the file's.
        names: The names inside a sample.
        config: The data settings.
        source: The file's name in errors.
        needs_labels: Whether the labels are wanted for training.

    Returns:
        Samples by our name of the split, the settings to read their labels with, lines for the user,
        and names to ignore that have been left out.
    """
    raw: dict[str, Sequence[object]] = {}
    notes: dict[str, None] = {}
    ignored: dict[str, None] = {}
    stacked: list[dict[str, Any]] = []
    for ours, theirs in file_names.items():
        if theirs != ours and ours not in config.splits:
            notes[f"split {ours} is the file's {str(theirs)!r}"] = None
        if not is_stacked(content.get(theirs)):
            raw[ours] = _samples(content, theirs, source)
            continue
        read = read_stacked(content[theirs], names, config, f"{source}: {ours}")
        raw[ours] = read.samples
        stacked += read.samples
        notes |= dict.fromkeys(f"{ours}: {note}" for note in read.notes)
        ignored |= dict.fromkeys(read.ignored)
    if stacked:
        config, about_labels = label_rule(config, stacked, names, source, needs_labels=needs_labels)
        notes |= dict.fromkeys(about_labels)
    return raw, config, tuple(notes), tuple(ignored)


def _samples(content: Mapping[Any, Any], name: str, source: str) -> Sequence[object]:
    """The samples of a split, as the file has them."""
    if name not in content:
        raise DataError(
            f"{source} has no split {name!r}, only {shown(content)}; expected {FILE}, or their "
            "names under `splits` of `layout`"
        )
    samples = content[name]
    if not isinstance(samples, list | tuple):
        got = type(samples).__name__
        raise DataError(
            f"{source}: split {name!r} is a {got}, expected a list of samples, or a dict of arrays "
            "with a row for each sample (docs/data.md)"
        )
    if not samples:
        raise DataError(f"{source}: split {name!r} is empty, expected at least one sample")
    return samples
