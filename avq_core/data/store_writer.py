"""What a prepared store holds, and how it is written within little more than the raw data's memory.

Shapes: N samples, T frames, D columns of a stream.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np

from avq_core.data import store_files
from avq_core.data.columns import FloatArray
from avq_core.data.dataset import Dataset
from avq_core.data.schema import SPLITS
from avq_core.data.transforms import Statistics

_THREADS: Final = 2


def write_store(
    dataset: Dataset, statistics: Statistics, folder: Path, *, identity: Mapping[str, Any]
) -> None:
    """Applies the statistics to every split and writes the store's files, `meta.json` last.

    Args:
        dataset: The raw data. Its features are dropped sample by sample as they are written.
        statistics: Fitted on its train split.
        folder: Where to write.
        identity: What goes into `meta.json` besides: whose data it is, and under what settings.
    """
    from safetensors.numpy import save_file

    counts = _write_streams(dataset, statistics, folder)
    for name, split in dataset.splits.items():
        np.save(folder / store_files.targets_file(name), statistics.scale_labels(split.labels))
    groups = {name: split.groups for name, split in dataset.splits.items()}
    (folder / store_files.GROUPS).write_text(json.dumps(groups), encoding="utf-8")
    save_file(statistics.to_arrays(), folder / store_files.STATISTICS)
    meta = {
        **identity,
        "raw_schema": dataset.schema.to_dict(),
        "schema": statistics.prepared_schema(dataset.schema).to_dict(),
        "attainable_r2": dataset.attainable_r2,
        "notes": [*_filled(counts), *statistics.report()],
    }
    store_files.write_meta(folder, meta)


def _write_streams(
    dataset: Dataset, statistics: Statistics, folder: Path
) -> dict[tuple[str, str], tuple[int, int]]:
    """Writes and drops stream by stream; (split, stream) to its numbers of NaN and infinities."""
    small_first = sorted(dataset.schema.streams, key=lambda s: (s.temporal, s.dim))
    jobs = [(split, stream.name) for stream in small_first for split in SPLITS]
    with ThreadPoolExecutor(_THREADS) as pool:
        counts = pool.map(lambda job: _write_stream(dataset, statistics, folder, *job), jobs)
        return dict(zip(jobs, counts, strict=True))


def _write_stream(
    dataset: Dataset, statistics: Statistics, folder: Path, split: str, stream: str
) -> tuple[int, int]:
    samples = dataset.splits[split].features.pop(stream)
    shape = (len(samples), *samples[0].shape[:-1], statistics.streams[stream].dim)
    counts = [0, 0]

    def blocks() -> Iterator[FloatArray]:
        samples.reverse()
        while samples:
            sample = samples.pop()
            missing = sample.size - int(np.isfinite(sample).sum())
            if missing:
                nan = int(np.isnan(sample).sum())
                counts[0] += nan
                counts[1] += missing - nan
            yield statistics.apply(stream, sample)

    store_files.write_rows(folder / store_files.stream_file(split, stream), blocks(), shape)
    return counts[0], counts[1]


def _filled(counts: Mapping[tuple[str, str], tuple[int, int]]) -> list[str]:
    lines: list[str] = []
    for stream in dict.fromkeys(stream for _, stream in counts):
        for what, part in (("NaN", 0), ("infinite", 1)):
            numbers = [counts[split, stream][part] for split in SPLITS]
            if any(numbers):
                shown = ", ".join(
                    f"{number:,} in {split}" for number, split in zip(numbers, SPLITS, strict=True)
                )
                lines.append(f"{stream}: {what} values filled with train medians: {shown}")
    return lines
