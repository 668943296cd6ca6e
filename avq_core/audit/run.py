"""Runs the data audit: counts over every value of a data set."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from avq_core.audit.findings.find import find
from avq_core.audit.overlap import find_overlap
from avq_core.audit.profile import profile
from avq_core.audit.report import (
    AuditReport,
    Correlation,
    SplitCheck,
    StreamCheck,
    TaskCheck,
)
from avq_core.audit.tally import Tally, reference_of, tally
from avq_core.config.data import DataConfig
from avq_core.data.dataset import Dataset, RawSplit, lengths, named_groups
from avq_core.data.preprocessing.value_range import ValueRange, clip_extremes, fit_value_range
from avq_core.data.schema import Schema, Stream

BINS: Final = 20
"""Number of bins of a label histogram."""
_MAX_OUTLIERS: Final = 10
_THREADS: Final = 2
"""NumPy releases the interpreter lock while it counts."""


def audit(dataset: Dataset, config: DataConfig) -> AuditReport:
    """Audits a data set that follows the data contract.

    Args:
        dataset: The raw data; it is not changed.
        config: The data settings, whose PCA and clipping are checked against the data.
    """
    splits, schema = dataset.splits, dataset.schema
    jobs = [(stream, name) for stream in schema.streams for name in splits]
    with ThreadPoolExecutor(_THREADS) as pool:
        fitted = pool.map(lambda stream: _train_range(splits["train"], stream), schema.streams)
        limits = {stream.name: each for stream, each in zip(schema.streams, fitted, strict=True)}
        references = {
            s.name: reference_of(splits["train"], s, limits[s.name]) for s in schema.streams
        }
        tallies = list(
            pool.map(
                lambda job: tally(
                    splits[job[1]],
                    job[1],
                    job[0],
                    reference=references[job[0].name],
                    limits=limits[job[0].name],
                ),
                jobs,
            )
        )
    profiles = tuple(
        profile(splits["train"], [t for t in tallies if t.stream == s], limits[s.name])
        for s in schema.streams
    )
    tasks = tuple(
        check for index in range(len(schema.tasks)) for check in _check_task(dataset, index)
    )
    streams = tuple(_check_stream(t) for t in tallies)
    correlations = tuple(_correlations(dataset))
    overlap = find_overlap(splits, tallies)
    checks = tuple(_check_split(name, split, schema) for name, split in splits.items())
    return AuditReport(
        splits=checks,
        streams=streams,
        profiles=profiles,
        tasks=tasks,
        correlations=correlations,
        overlap=overlap,
        findings=find(
            splits=checks,
            streams=streams,
            profiles=profiles,
            tasks=tasks,
            correlations=correlations,
            overlap=overlap,
            config=config,
            notes=dataset.notes,
        ),
    )


def _train_range(train: RawSplit, stream: Stream) -> ValueRange:
    samples = [sample for sample in train.features[stream.name] if sample is not None]
    return fit_value_range(*clip_extremes(samples, stream.dim))


def _check_split(name: str, split: RawSplit, schema: Schema) -> SplitCheck:
    named = named_groups(split)
    frames = lengths(split, schema)
    return SplitCheck(
        split=name,
        samples=len(split),
        groups=len(set(named)),
        ungrouped=len(split) - len(named),
        shortest=int(frames.min()),
        longest=int(frames.max()),
    )


def _check_stream(counted: Tally) -> StreamCheck:
    empty = np.flatnonzero(np.isnan(counted.low))
    frames = (counted.num_frames,) if counted.stream.temporal else ()
    return StreamCheck(
        split=counted.split,
        stream=counted.stream.name,
        shape=(len(counted.present), *frames, counted.stream.dim),
        absent=int((~counted.present).sum()),
        nan=counted.nan,
        infinite=counted.infinite,
        unobserved=counted.unobserved,
        constant=int((counted.low == counted.high).sum()),
        empty=tuple(int(column) for column in empty),
        outside=sum(outlier.values for outlier in counted.outliers),
        outliers=tuple(sorted(counted.outliers, key=lambda each: -each.values)[:_MAX_OUTLIERS]),
        low=counted.lowest,
        high=counted.highest,
        missing=counted.missing(),
    )


def _check_task(dataset: Dataset, index: int) -> Iterator[TaskCheck]:
    task = dataset.schema.tasks[index]
    columns = {name: split.labels[:, index] for name, split in dataset.splits.items()}
    labels = np.concatenate([column[~np.isnan(column)] for column in columns.values()])
    edges = np.arange(BINS + 1)
    if labels.size:
        edges = np.linspace(labels.min(), labels.max(), BINS + 1)
    for name, column in columns.items():
        valid = column[~np.isnan(column)].astype(np.float64)
        counts, _ = np.histogram(valid, edges) if edges[0] < edges[-1] else ([len(valid)], None)
        has_labels = len(valid) > 0
        yield TaskCheck(
            split=name,
            task=task,
            valid=len(valid),
            missing_share=1 - len(valid) / len(column),
            low=float(valid.min()) if has_labels else math.nan,
            high=float(valid.max()) if has_labels else math.nan,
            mean=float(valid.mean()) if has_labels else math.nan,
            deviation=float(valid.std()) if has_labels else math.nan,
            histogram=tuple(int(count) for count in counts),
            attainable_r2=dataset.attainable_r2.get(name, {}).get(task, math.nan),
        )


def _correlations(dataset: Dataset) -> Iterator[Correlation]:
    labels = dataset.splits["train"].labels.astype(np.float64)
    tasks = dataset.schema.tasks
    for i, first in enumerate(tasks):
        for j, second in enumerate(tasks[i + 1 :], i + 1):
            both = labels[~np.isnan(labels[:, [i, j]]).any(axis=1)][:, [i, j]]
            r = math.nan
            if len(both) > 2 and (np.ptp(both, axis=0) > 0).all():
                centred = both - both.mean(axis=0)
                sizes = np.sqrt((centred**2).sum(axis=0))
                r = float(centred[:, 0] @ centred[:, 1] / (sizes[0] * sizes[1]))
            yield Correlation(first=first, second=second, r=r, count=len(both))
