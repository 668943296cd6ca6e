"""The settings of the data: what a file calls things, what its values mean, how it is preprocessed.

They are part of the prepared store's key and of every exported configuration. `--layout FILE` reads
them from YAML. Nothing here imports NumPy or torch.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from avq_core.config.constraints import (
    Expected,
    Number,
    OneOf,
    PositiveInt,
    PositiveNumber,
    instance_of,
    mismatch,
)
from avq_core.config.messages import Wording
from avq_core.config.settings import Settings

SPLITS: Final = ("train", "val", "test")
_PARTS: Final = ("features", "labels", "group")
Storage = Literal["float16", "float32"]
_MAX_FLOAT16: Final = 65_504


def _check_order(bounds: tuple[float, float]) -> tuple[float, float]:
    if not bounds[0] < bounds[1]:
        raise ValueError("the lowest is not below the highest")
    return bounds


def _check_different(names: Mapping[str, str]) -> Mapping[str, str]:
    if len(set(names.values())) < len(names):
        raise mismatch((), names, "a different name of the file for each")
    return names


_SplitName = Annotated[str, OneOf(SPLITS)]
_PartName = Annotated[str, OneOf(_PARTS)]
_Range = Annotated[
    tuple[Number, Number],
    AfterValidator(_check_order),
    Expected("[lowest, highest], two numbers"),
]
_NumberOrNone = Annotated[Number | None, Expected("a number or null")]
_Name = Annotated[str, Expected("the file's name for it")]
_NAMES: Final = instance_of(Mapping, "a mapping of our name to the file's")
_DIFFERENT: Final = AfterValidator(_check_different)


class DataConfig(Settings, frozen=True):
    """The data contract and the preprocessing."""

    wording: ClassVar[Wording] = Wording(section="data")

    label_min: Number = -0.8
    """Lowest valid label, in the user's units."""
    label_max: Number = 1.0
    """Highest valid label, in the user's units."""
    label_ranges: Annotated[
        Mapping[str, _Range], instance_of(Mapping, "a mapping of task to [lowest, highest]")
    ] = Field(default_factory=dict)
    """Task to its lowest and highest valid label, where those differ from the two above."""
    missing_label: _NumberOrNone = -1.0
    """A label within 1e-6 of this is missing; lies outside every valid range. NaN, null and a label
    that is not there are always missing; `None`: nothing else is."""
    missing_value: _NumberOrNone = None
    """A value of a stream that means missing, such as -999; `None`: only NaN and infinities do."""
    splits: Annotated[Mapping[_SplitName, _Name], _NAMES, _DIFFERENT] = Field(default_factory=dict)
    """What the file calls a split: of train, val and test those that it calls otherwise."""
    keys: Annotated[Mapping[_PartName, _Name], _NAMES, _DIFFERENT] = Field(default_factory=dict)
    """What a sample calls its features, labels and group, where it calls them otherwise."""
    streams: Annotated[Mapping[str, _Name], _NAMES, _DIFFERENT] = Field(default_factory=dict)
    """Stream to what the file calls it; one that is not named here keeps the file's name."""
    tasks: Annotated[Mapping[str, _Name], _NAMES, _DIFFERENT] = Field(default_factory=dict)
    """Task to what the file calls its label; one that is not named here is the label's name, less
    a `_score` at its end."""
    ignore: Annotated[tuple[str, ...], Expected("a list of names")] = ()
    """Streams and labels to leave out, by the file's names."""
    clip: Annotated[PositiveNumber | None, Expected("a number > 0, or null for no clipping")] = 10.0
    """Standardised values beyond this many train deviations are set to it, > 0; `None` clips none.
    Without it, a broken sensor or a column that hardly varied in train would dominate."""
    pca: Annotated[
        Mapping[str, PositiveInt], instance_of(Mapping, "a mapping of stream to width")
    ] = Field(default_factory=dict)
    """Streams to reduce, each to this many principal components of the train split."""
    storage: Annotated[Storage, OneOf()] = "float16"
    """What prepared values are kept as: `float16` (half the disk and memory; the network computes
    as before) or `float32`."""

    @model_validator(mode="after")
    def _check_labels(self) -> Self:
        if not self.label_min < self.label_max:
            expected = f"less than data.label_max = {self.label_max}"
            raise mismatch("label_min", self.label_min, expected)
        if self.missing_label is not None:
            for low, high in ((self.label_min, self.label_max), *self.label_ranges.values()):
                if low - 1e-6 <= self.missing_label <= high + 1e-6:
                    expected = f"a value outside the valid labels [{low}, {high}], or null"
                    raise mismatch("missing_label", self.missing_label, expected)
        return self

    @model_validator(mode="after")
    def _check_clip(self) -> Self:
        if self.storage == "float16" and (self.clip is None or self.clip >= _MAX_FLOAT16):
            expected = f"less than {_MAX_FLOAT16} with data.storage = float16, which holds no more"
            raise mismatch("clip", self.clip, expected)
        return self

    def label_range(self, task: str) -> tuple[float, float]:
        """Lowest and highest valid label of a task, in the user's units."""
        return self.label_ranges.get(task, (self.label_min, self.label_max))
