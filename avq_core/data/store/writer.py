"""Writes the files of a prepared store, with little more memory than the raw data takes."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np

from avq_core.data.dataset import RawSplit
from avq_core.data.preprocessing.splits import SplitShape, shape_of, transform
from avq_core.data.preprocessing.statistics import Statistics
from avq_core.data.preprocessing.value_range import FloatArray, ValueRange
from avq_core.data.schema import Schema, Stream
from avq_core.data.store import files as store_files

_THREADS: Final = 2


def store_bytes(splits: Mapping[str, RawSplit], schema: Schema, storage: str) -> int:
    """Bytes on disk that the streams of a store will take; `schema` is the prepared schema."""
    values = 0
    for split in splits.values():
        frames = shape_of(split, schema).num_frames
        values += len(split) * sum(s.dim * (frames if s.temporal else 1) for s in schema.streams)
    return values * np.dtype(storage).itemsize


def write_store(
    splits: dict[str, RawSplit],
    schema: Schema,
    statistics: Statistics,
    folder: Path,
    *,
    storage: str,
    about: Mapping[str, Any],
) -> None:
    """Applies the statistics to every split and writes the store's files, `meta.json` last.

    Args:
        splits: The raw data; its features are dropped sample by sample as they are written.
        schema: The raw schema.
        statistics: The preprocessing, fitted on the train split.
        folder: The store's folder.
        storage: `float16` or `float32`.
        about: Further entries of `meta.json`: fingerprint, settings, attainable R², notes.
    """
    from safetensors.numpy import save_file

    shapes = {name: shape_of(split, schema) for name, split in splits.items()}
    counts = _write_streams(
        splits, schema, statistics, folder, shapes=shapes, dtype=np.dtype(storage)
    )
    for name, split in splits.items():
        np.save(folder / store_files.targets_file(name), statistics.labels.scale(split.labels))
        lengths = shapes[name].lengths
        if lengths is not None:
            np.save(folder / store_files.lengths_file(name), lengths)
        for stream, present in shapes[name].present.items():
            np.save(folder / store_files.present_file(name, stream), present)
    groups = {name: split.groups for name, split in splits.items()}
    (folder / store_files.GROUPS).write_text(json.dumps(groups), encoding="utf-8")
    save_file(statistics.to_arrays(), folder / store_files.STATISTICS)
    meta = {
        **about,
        "raw_schema": schema.to_dict(),
        "schema": statistics.prepared_schema(schema).to_dict(),
        "notes": [
            *about.get("notes", ()),
            *_notes(counts, list(splits)),
            *statistics.report(),
        ],
    }
    store_files.write_meta(folder, meta)


def _write_streams(
    splits: dict[str, RawSplit],
    schema: Schema,
    statistics: Statistics,
    folder: Path,
    *,
    shapes: Mapping[str, SplitShape],
    dtype: np.dtype[Any],
) -> dict[tuple[str, str], dict[str, int]]:
    """Writes and drops the data stream by stream; returns counts of missing values.

    Returns:
        (split, stream) to the number of NaN, of infinite values, of finite ones outside the range,
        and of absent samples.
    """
    small_first = sorted(schema.streams, key=lambda s: (s.temporal, s.dim))
    jobs = [(split, stream) for stream in small_first for split in splits]

    def write(job: tuple[str, Stream]) -> dict[str, int]:
        split, stream = job
        samples = splits[split].features.pop(stream.name)
        absent = sum(sample is None for sample in samples)
        counts = {"NaN": 0, "infinite": 0, "outside": 0, "absent": absent}
        fitted = statistics.streams[stream.name]
        num_frames = shapes[split].num_frames
        shape = [len(samples), *((num_frames,) if stream.temporal else ()), fitted.dim]
        values = transform(
            _dropping(samples, fitted.columns.range, counts),
            stream,
            fitted,
            frames=num_frames,
            dtype=dtype,
        )
        path = folder / store_files.stream_file(split, stream.name)
        store_files.write_rows(path, values, shape, dtype)
        return counts

    with ThreadPoolExecutor(_THREADS) as pool:
        counted = pool.map(write, jobs)
        return {(split, s.name): n for (split, s), n in zip(jobs, counted, strict=True)}


def _dropping(
    samples: list[FloatArray | None], limits: ValueRange, counts: dict[str, int]
) -> Iterator[FloatArray | None]:
    """Yields samples and drops them from the list, counting the values that will be filled."""
    samples.reverse()
    while samples:
        sample = samples.pop()
        if sample is not None:
            missing = sample.size - int(limits.hold(sample).sum())
            if missing:
                nan, infinite = int(np.isnan(sample).sum()), int(np.isinf(sample).sum())
                counts["NaN"] += nan
                counts["infinite"] += infinite
                counts["outside"] += missing - nan - infinite
        yield sample


def _notes(counts: Mapping[tuple[str, str], Mapping[str, int]], splits: list[str]) -> list[str]:
    """Lines for the user on what was filled, by stream."""
    wordings = {
        "NaN": "NaN values filled with train medians",
        "infinite": "infinite values filled with train medians",
        "outside": "values far outside the range of the train clips, filled with train medians",
        "absent": "samples without it, for which the network learns a stand-in",
    }
    lines: list[str] = []
    for stream in dict.fromkeys(stream for _, stream in counts):
        for what, wording in wordings.items():
            numbers = [counts[split, stream][what] for split in splits]
            if any(numbers):
                shown = ", ".join(f"{n:,} in {s}" for n, s in zip(numbers, splits, strict=True))
                lines.append(f"{stream}: {wording}: {shown}")
    return lines
