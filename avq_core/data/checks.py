"""The audit: what is in a data set, counted over every value of it.

Shapes: N samples, T frames, D columns of a stream, K tasks.
"""

import math

import numpy as np

from avq_core.data.audit_report import AuditReport, SplitCheck, StreamCheck, TaskCheck
from avq_core.data.dataset import Dataset, RawSplit, named_groups
from avq_core.data.findings import (
    duplicate_findings,
    group_findings,
    stream_findings,
    task_findings,
)
from avq_core.data_config import DataConfig


def audit(dataset: Dataset, config: DataConfig) -> AuditReport:
    """Looks through a data set that keeps the contract.

    Args:
        dataset: As it was read; left as it is.
        config: The data settings; PCA needs columns that vary.
    """
    streams = tuple(
        _check_stream(split, name, stream.name)
        for stream in dataset.schema.streams
        for name, split in dataset.splits.items()
    )
    tasks = tuple(
        _check_task(dataset, name, index, task)
        for index, task in enumerate(dataset.schema.tasks)
        for name in dataset.splits
    )
    findings = [
        *group_findings(dataset.splits),
        *duplicate_findings(dataset.splits),
        *(finding for check in streams for finding in stream_findings(check, config)),
        *task_findings(tasks),
    ]
    order = ("error", "warning", "note")
    return AuditReport(
        splits=tuple(_check_split(name, split) for name, split in dataset.splits.items()),
        streams=streams,
        tasks=tasks,
        findings=tuple(sorted(findings, key=lambda finding: order.index(finding.level))),
    )


def _check_split(name: str, split: RawSplit) -> SplitCheck:
    named = named_groups(split)
    return SplitCheck(
        split=name,
        samples=len(split),
        groups=len(set(named)),
        ungrouped=len(split) - len(named),
    )


def _check_stream(split: RawSplit, split_name: str, stream: str) -> StreamCheck:
    samples = split.features[stream]
    dim = samples[0].shape[-1]
    low, high = np.full(dim, np.nan, np.float32), np.full(dim, np.nan, np.float32)
    nan = infinite = 0
    for sample in samples:
        rows = np.atleast_2d(sample)
        finite = np.isfinite(rows)
        if not finite.all():
            nan_here = int(np.isnan(rows).sum())
            nan += nan_here
            infinite += rows.size - int(finite.sum()) - nan_here
            rows = np.where(finite, rows, np.float32(np.nan))
        # fmin and fmax pass over NaN, and are NaN only where nothing else is.
        low = np.fmin(low, np.fmin.reduce(rows, axis=0))
        high = np.fmax(high, np.fmax.reduce(rows, axis=0))
    empty = np.isnan(low)
    return StreamCheck(
        split=split_name,
        stream=stream,
        shape=(len(samples), *samples[0].shape),
        nan=nan,
        infinite=infinite,
        constant=int((low == high).sum()),
        empty=int(empty.sum()),
        low=float(np.fmin.reduce(low)),
        high=float(np.fmax.reduce(high)),
    )


def _check_task(dataset: Dataset, split_name: str, index: int, task: str) -> TaskCheck:
    labels = dataset.splits[split_name].labels[:, index].astype(np.float64)
    valid = labels[~np.isnan(labels)]
    return TaskCheck(
        split=split_name,
        task=task,
        valid=len(valid),
        missing_share=1 - len(valid) / len(labels),
        low=float(valid.min()) if len(valid) else math.nan,
        high=float(valid.max()) if len(valid) else math.nan,
        mean=float(valid.mean()) if len(valid) else math.nan,
        attainable_r2=dataset.attainable_r2.get(split_name, {}).get(task, math.nan),
    )
