"""Reads the records of an Optuna study."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from studies.identity import Identity
from studies.records import attributes as names
from studies.records.codec import StoredList, decode_r2
from studies.records.confirmation import Confirmation
from studies.records.held_out import Predictions
from studies.records.provenance import DataAudit, Provenance, SearchedSpace
from studies.records.study import StudyRecord
from studies.records.trial import BestEpoch, Epoch, RanOn, Spared, State, TrialRecord
from studies.score import Watch

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

# By name: a record of a study can be read and shown without importing Optuna.
_STATES: Final[Mapping[str, State]] = {
    "COMPLETE": "complete",
    "PRUNED": "pruned",
    "FAIL": "failed",
    "RUNNING": "running",
    "WAITING": "waiting",
}


def read_trial(trial: "FrozenTrial") -> TrialRecord:
    """The record of a trial."""
    stored = trial.user_attrs
    return TrialRecord(
        number=trial.number,
        state=_STATES[trial.state.name],
        best=BestEpoch.decode_optional(stored.get(names.METRICS)),
        history=read_history(trial),
        planned_epochs=int(stored.get(names.PLANNED, 0)),
        params=dict(trial.params),
        config=stored.get(names.CONFIG),
        reason=stored.get(names.REASON),
        baseline=bool(stored.get(names.BASELINE)),
        spared=read_spared(trial),
        seconds=trial.duration.total_seconds() if trial.duration else None,
        ran_on=RanOn.decode_optional(stored.get(names.RAN_ON)),
    )


def read_history(trial: "FrozenTrial") -> Sequence[Epoch]:
    """The epochs that a trial has recorded so far."""
    return StoredList(Epoch, trial.user_attrs.get(names.HISTORY, []))


def read_spared(trial: "FrozenTrial") -> Spared | None:
    """Where the rule would have stopped a spared trial; `None` for any other trial."""
    return Spared.decode_optional(trial.user_attrs.get(names.SPARED))


def read_study(study: "optuna.Study") -> StudyRecord:
    """The record of a study; fields are empty where the search did not make the study."""
    stored = study.user_attrs
    trials = tuple(read_trial(trial) for trial in study.get_trials(deepcopy=False))
    identity = read_identity(stored)
    confirmation = read_confirmation(stored)
    return StudyRecord(
        name=study.study_name,
        identity=identity,
        data_source=stored.get(names.DATA_SOURCE, ""),
        tasks=tuple(stored.get(names.TASKS) or sorted({task for t in trials for task in t.r2})),
        watch=_watch(stored.get(names.WATCH), identity),
        space=SearchedSpace.decode(stored.get(names.SPACE, {})),
        total=stored.get(names.TOTAL),
        stopped=stored.get(names.STOPPED),
        attainable=stored.get(names.ATTAINABLE, {}),
        simple=decode_r2(stored.get(names.SIMPLE_MODELS, {})),
        trials=trials,
        confirmation=confirmation,
        predictions=_predictions(stored, confirmation),
        data_audit=DataAudit.decode_optional(stored.get(names.DATA_AUDIT)),
        provenance=Provenance.decode_optional(stored.get(names.PROVENANCE)),
    )


def read_identity(stored: Mapping[str, Any]) -> Identity | None:
    """The identity among a study's attributes; `None` where the search did not make the study."""
    identity = stored.get(names.IDENTITY)
    return None if identity is None else Identity.from_dict(identity)


def read_confirmation(stored: Mapping[str, Any]) -> Confirmation | None:
    """The confirmation among a study's attributes, in its present state; `None` before its first run."""
    return Confirmation.decode_optional(stored.get(names.CONFIRMATION))


def _watch(tasks: Sequence[str] | None, identity: Identity | None) -> Watch:
    default = Watch()
    first, second = tasks or (default.cross_modal, default.overall)
    watched = {} if identity is None else identity.settings.get("watch", {})
    weight = float(watched.get("cross_modal_weight", default.cross_modal_weight))
    return Watch(cross_modal=first, overall=second, cross_modal_weight=weight)


def _predictions(
    stored: Mapping[str, Any], confirmation: Confirmation | None
) -> Predictions | None:
    """The predictions of the chosen trial; `None` where they are of an earlier choice."""
    predictions = Predictions.decode_optional(stored.get(names.PREDICTIONS))
    if predictions is None or confirmation is None:
        return predictions
    is_current = predictions.trials.chosen in {None, confirmation.chosen}
    return predictions if is_current else None
