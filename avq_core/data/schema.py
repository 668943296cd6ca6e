"""The schema of a data set: its streams and tasks, read from the data and recorded with it.

Shapes: T frames, D columns of a stream.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

LABEL_SUFFIX: Final = "_score"
"""Suffix of label names in a file (`<task>_score`); everywhere else tasks are named without it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """One kind of feature."""

    name: str
    dim: int
    """Columns D; in a prepared schema, after any reduction."""
    temporal: bool
    """True: (T, D) for each sample. False: clip-level, (D,), the same for every frame."""
    optional: bool = False
    """Whether some train samples lack it; the network then learns a stand-in for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """Streams and tasks of a data set, in the order of the file."""

    streams: tuple[Stream, ...]
    num_frames: int
    """Frames T of the longest train sample; 1 if no stream is temporal."""
    tasks: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """The schema as plain values, for JSON and YAML."""
        return {
            "streams": [dataclasses.asdict(stream) for stream in self.streams],
            "num_frames": self.num_frames,
            "tasks": list(self.tasks),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Schema":
        """The inverse of `to_dict`."""
        return cls(
            streams=tuple(Stream(**stream) for stream in values["streams"]),
            num_frames=values["num_frames"],
            tasks=tuple(values["tasks"]),
        )


DEFAULT_STREAM_SHAPES: Final[Mapping[str, tuple[int, ...]]] = {
    "visual": (150, 163),
    "audio": (150, 768),
    "keypoint": (150, 1404),
    "au": (150, 17),
    "syncnet": (2,),
    "consistency": (1,),
}
"""Shape of each stream of one sample in the user's own file, and so in the demo set."""
