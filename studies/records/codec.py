"""From stored JSON to typed records and back: the only place that knows how a record is stored.

JSON has no NaN. An `R2` is a number that may be undefined: NaN in Python, null in JSON. A value that
does not exist yet is `None` in Python and null in JSON. Unknown keys are ignored when a record is
decoded; fields that were never set are left out when it is encoded.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, Self, TypeVar, overload

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    ValidationError,
)

JsonObject = dict[str, Any]
"""A JSON object as it goes to a storage, a file or the output of `--json`."""
PlainConfig = dict[str, Any]
"""A training configuration as plain values, as `avq_core.config.values.to_dict` gives it."""


def _nan_for_null(value: object) -> object:
    return math.nan if value is None else value


R2 = Annotated[float, BeforeValidator(_nan_for_null)]
"""A number that is NaN where it is not defined, such as the R² of a task with a single label."""


class Stored(BaseModel):
    """Base of all records that are stored as JSON."""

    # Validators are built at first use: most commands need only a few of the records.
    model_config = ConfigDict(
        frozen=True, extra="ignore", defer_build=True, validate_by_name=True, validate_by_alias=True
    )

    @classmethod
    def decode(cls, value: object) -> Self:
        """Reads a record from a stored value.

        Raises:
            pydantic.ValidationError: The value does not fit the record; the message names the field.
        """
        return cls.model_validate(value)

    @classmethod
    def decode_optional(cls, value: object) -> Self | None:
        """As `decode`; `None` where nothing is stored."""
        return cls.model_validate(value) if value else None

    def encode(self) -> JsonObject:
        """The record as a JSON object: null for NaN, and only the fields that were set."""
        encoded: JsonObject = json.loads(self.model_dump_json(exclude_unset=True, by_alias=True))
        return encoded


Record = TypeVar("Record", bound=Stored)


class StoredList(Sequence[Record]):
    """A stored list of records, decoded at the first access to an entry.

    A command that only counts trials and epochs does not have to decode every epoch. Entries that do not
    decode are left out then.
    """

    def __init__(self, kind: type[Record], values: Sequence[object]) -> None:
        self._kind = kind
        self._values = values
        self._records: tuple[Record, ...] | None = None

    def __len__(self) -> int:
        return len(self._values if self._records is None else self._records)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        return self._decoded()[index]

    def __iter__(self) -> Iterator[Record]:
        return iter(self._decoded())

    def __repr__(self) -> str:
        return repr(self._decoded())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self._decoded())

    def _decoded(self) -> tuple[Record, ...]:
        if self._records is None:
            self._records = tuple(filter(None, map(self._decode, self._values)))
        return self._records

    def _decode(self, value: object) -> Record | None:
        try:
            return self._kind.decode(value)
        except ValidationError:
            return None


def encode_r2(r2: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float | None]]:
    """R² by name and task, ready for JSON: null for NaN."""
    return {
        name: {task: value if math.isfinite(value) else None for task, value in by_task.items()}
        for name, by_task in r2.items()
    }


def decode_r2(
    stored: Mapping[str, Mapping[str, float | None]],
) -> dict[str, dict[str, float]]:
    """The inverse of `encode_r2`."""
    return {
        name: {task: math.nan if value is None else value for task, value in by_task.items()}
        for name, by_task in stored.items()
    }


class RunKey(NamedTuple):
    """Identifies a run of a confirmation by trial, seed and fold."""

    trial: int
    seed: int
    """Index of the fresh seed, from 0."""
    fold: int
    """Index of the fold, from 0."""


def _parse_run_key(value: object) -> RunKey:
    if isinstance(value, RunKey):
        return value
    words = str(value).split()
    if len(words) != 6 or words[::2] != ["trial", "seed", "fold"]:
        raise ValueError(f"got {value!r}, expected a key such as 'trial 3 seed 0 fold 1'")
    return RunKey(trial=int(words[1]), seed=int(words[3]), fold=int(words[5]))


def _write_run_key(key: RunKey) -> str:
    return f"trial {key.trial} seed {key.seed} fold {key.fold}"


StoredRunKey = Annotated[RunKey, PlainValidator(_parse_run_key), PlainSerializer(_write_run_key)]
"""A `RunKey` as the key of a JSON object: `trial 3 seed 0 fold 1`."""
