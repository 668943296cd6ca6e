"""A trial's full training configuration as YAML, with its metrics and provenance."""

from pathlib import Path

from avq_core.config.yaml_lines import yaml_text
from avq_core.files import whole_file
from studies.export.header import header
from studies.export.selection import Export, exported
from studies.records.codec import JsonObject, encode_r2
from studies.records.held_out import EnsembleMember, IntervalsByTask
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord


def to_yaml(
    study: StudyRecord, trial: TrialRecord, *, members: tuple[EnsembleMember, ...] = ()
) -> str:
    """The text of the file, with comments at the top and, if given, the members of an ensemble.

    Raises:
        StudyError: The trial has no configuration.
    """
    export = exported(study, trial, members=members)
    return header(export) + yaml_text(plain(export))


def plain(export: Export) -> JsonObject:
    """The content of the file as plain values."""
    study, trial = export.study, export.trial
    identity, provenance = study.identity, study.provenance
    content = {
        "study": study.name,
        "trial": trial.number,
        "data": study.data_source,
        "data_key": None if identity is None else identity.data,
        "space": study.space.name,
        "space_key": None if identity is None else identity.space,
        "made_with": None if provenance is None else provenance.encode(),
        "search": {
            "score": trial.score,
            "epoch": trial.best_epoch,
            "seed": export.search_seed,
            "ran_on": None if trial.ran_on is None else trial.ran_on.encode(),
            "val_r2": encode_r2({"val": trial.r2})["val"],
            "val_labels": dict(trial.num_labels),
        },
        "confirmed": _confirmed(export),
        "config": export.config,
    }
    members = [member.encode() for member in export.members]
    return content | ({"ensemble": members} if members else {})


def _confirmed(export: Export) -> JsonObject | None:
    if export.candidate is None:
        return None
    candidate = export.candidate.encode()
    keys = ("score_mean", "score_std", "score_error", "num_runs", "r2_mean")
    confirmed = {key: candidate[key] for key in keys}
    test, tested = export.study.test, export.tested
    if test is None or tested is None:
        return confirmed
    confirmed["test_r2"] = _intervals(tested.r2)
    if tested.r2_first is not None:
        # Training the file again reproduces the first seed's metrics, not the mean over seeds.
        confirmed["test_r2_first"] = _intervals(tested.r2_first)
    if test.trained_on is not None:
        confirmed["trained_on"] = test.trained_on.encode()
    return confirmed


def _intervals(r2: IntervalsByTask) -> JsonObject:
    return {task: interval.encode() for task, interval in r2.items()}


def write(path: Path, text: str) -> None:
    """Writes a text file atomically.

    Raises:
        ConfigError: The file cannot be written.
    """
    with whole_file(path) as file:
        file.write(text)
