"""The settings of the data: what a file calls things, what its values mean, how it is preprocessed.

They are part of the prepared store's key and of every exported configuration. `--layout FILE` reads
them from YAML. Nothing here imports NumPy or torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from avq_core.config.checks import check, is_int, is_number

SPLITS: Final = ("train", "val", "test")
STORAGES: Final = ("float16", "float32")
_PARTS: Final = ("features", "labels", "group")
_LARGEST_FLOAT16: Final = 65_504


@dataclass(frozen=True, kw_only=True, slots=True)
class DataConfig:
    """The data contract and the preprocessing."""

    label_min: float = -0.8
    """Lowest valid label, in the user's units."""
    label_max: float = 1.0
    """Highest valid label, in the user's units."""
    label_ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Task to its own lowest and highest valid label, where those differ from the two above."""
    missing_label: float | None = -1.0
    """A label within 1e-6 of this is missing; lies outside every valid range. NaN, null and a label
    that is not there are always missing; `None`: nothing else is."""
    missing_value: float | None = None
    """A value of a stream that means missing, such as -999; `None`: only NaN and infinities do."""
    splits: Mapping[str, str] = field(default_factory=dict)
    """What the file calls a split: of train, val and test those that it calls otherwise."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """What a sample calls its features, labels and group, where it calls them otherwise."""
    streams: Mapping[str, str] = field(default_factory=dict)
    """Stream to what the file calls it; one that is not named here keeps the file's name."""
    tasks: Mapping[str, str] = field(default_factory=dict)
    """Task to what the file calls its label; one that is not named here is the label's name, less
    a `_score` at its end."""
    ignore: tuple[str, ...] = ()
    """Streams and labels to leave out, by the file's names."""
    clip: float | None = 10.0
    """Standardised values beyond this many train deviations are set to it, > 0; `None` clips none.
    A broken sensor or a column that hardly varied in train would drown all else."""
    pca: Mapping[str, int] = field(default_factory=dict)
    """Streams to reduce, each to this many principal components of the train split."""
    storage: str = "float16"
    """What prepared values are kept as: `float16` (half the disk and memory; the network computes
    as before) or `float32`."""

    def __post_init__(self) -> None:
        for name in ("label_min", "label_max"):
            check(is_number(getattr(self, name)), f"data.{name}", getattr(self, name), "a number")
        check(
            self.label_min < self.label_max,
            "data.label_min",
            self.label_min,
            f"less than data.label_max = {self.label_max}",
        )
        for name in ("missing_label", "missing_value"):
            value = getattr(self, name)
            check(value is None or is_number(value), f"data.{name}", value, "a number or null")
        self._check_ranges()
        self._check_names()
        self._check_preprocessing()

    def label_range(self, task: str) -> tuple[float, float]:
        """Lowest and highest valid label of a task, in the user's units."""
        return self.label_ranges.get(task, (self.label_min, self.label_max))

    def _check_ranges(self) -> None:
        _check_mapping("label_ranges", self.label_ranges, "a mapping of task to [lowest, highest]")
        ranges: dict[str, tuple[float, float]] = {}
        for task, bounds in self.label_ranges.items():
            sound = isinstance(bounds, list | tuple) and len(bounds) == 2
            sound = sound and all(map(is_number, bounds)) and bounds[0] < bounds[1]
            check(sound, f"data.label_ranges.{task}", bounds, "[lowest, highest], two numbers")
            ranges[task] = (float(bounds[0]), float(bounds[1]))
        object.__setattr__(self, "label_ranges", ranges)
        if self.missing_label is not None:
            for low, high in ((self.label_min, self.label_max), *ranges.values()):
                check(
                    not low - 1e-6 <= self.missing_label <= high + 1e-6,
                    "data.missing_label",
                    self.missing_label,
                    f"a value outside the valid labels [{low}, {high}], or null",
                )

    def _check_names(self) -> None:
        for name, known in (
            ("splits", SPLITS),
            ("keys", _PARTS),
            ("streams", None),
            ("tasks", None),
        ):
            names: Mapping[Any, Any] = getattr(self, name)
            _check_mapping(name, names, "a mapping of our name to the file's")
            for ours, theirs in names.items():
                where = f"data.{name}.{ours}"
                check(isinstance(theirs, str), where, theirs, "the file's name for it")
                fits = known is None or ours in known
                check(fits, f"data.{name}", ours, f"one of {', '.join(known or ())}")
            twice = len(set(names.values())) < len(names)
            check(not twice, f"data.{name}", dict(names), "a different name of the file for each")
        ignored = self.ignore
        sound = isinstance(ignored, list | tuple) and all(isinstance(n, str) for n in ignored)
        check(sound, "data.ignore", ignored, "a list of names")
        object.__setattr__(self, "ignore", tuple(ignored))

    def _check_preprocessing(self) -> None:
        clips = self.clip is None or (is_number(self.clip) and self.clip > 0)
        check(clips, "data.clip", self.clip, "a number > 0, or null for no clipping")
        _check_mapping("pca", self.pca, "a mapping of stream to width")
        for stream, width in self.pca.items():
            check(is_int(width) and width >= 1, f"data.pca.{stream}", width, "an integer >= 1")
        check(self.storage in STORAGES, "data.storage", self.storage, f"one of {STORAGES}")
        check(
            self.storage == "float32" or (self.clip is not None and self.clip < _LARGEST_FLOAT16),
            "data.clip",
            self.clip,
            f"less than {_LARGEST_FLOAT16} with data.storage = float16, which holds no more",
        )


def _check_mapping(name: str, value: object, expected: str) -> None:
    check(isinstance(value, Mapping), f"data.{name}", value, expected)
