"""Reads the records of an Optuna study."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from studies.identity import Identity
from studies.records import attributes as names
from studies.records import decoding
from studies.records.codec import PlainConfig, StoredList, decode_r2
from studies.records.confirmation import Confirmation
from studies.records.decoding import Decoder
from studies.records.held_out import Predictions
from studies.records.provenance import DataAudit, Provenance, SearchedSpace
from studies.records.stored import StoredAttributes, attributes_of, identity_in
from studies.records.study import Direction, StudyRecord
from studies.records.trial import BestEpoch, Epoch, RanOn, Spared, State, TrialRecord
from studies.score import Watch

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

R2ByName = dict[str, dict[str, float | None]]
"""R² by simple model and task, null where not defined."""

# By name: a record of a study can be read and shown without importing Optuna.
_STATES: Final[Mapping[str, State]] = {
    "COMPLETE": "complete",
    "PRUNED": "pruned",
    "FAIL": "failed",
    "RUNNING": "running",
    "WAITING": "waiting",
}
_DIRECTIONS: Final[Mapping[str, Direction]] = {
    "MAXIMIZE": "maximize",
    "MINIMIZE": "minimize",
    "NOT_SET": "not set",
}


def read_trial(trial: "FrozenTrial", stored: Mapping[str, Any] | None = None) -> TrialRecord:
    """The record of a trial.

    Args:
        trial: The trial.
        stored: Its attributes under today's names; `None` where this version wrote them.
    """
    return _read_trial(trial, Decoder(trial.user_attrs if stored is None else stored))


def _read_trial(trial: "FrozenTrial", decoder: Decoder) -> TrialRecord:
    ran_on = decoder.record(RanOn, names.RAN_ON)
    return TrialRecord(
        number=trial.number,
        state=_STATES[trial.state.name],
        best=decoder.record(BestEpoch, names.METRICS),
        history=_history(decoder),
        planned_epochs=decoder.value(names.PLANNED, decoding.is_count, 0),
        params=dict(trial.params),
        config=_config(decoder, ran_on),
        reason=decoder.value(names.REASON, decoding.is_text, None),
        baseline=decoder.value(names.BASELINE, decoding.is_flag, default=False),
        spared=decoder.record(Spared, names.SPARED),
        seconds=trial.duration.total_seconds() if trial.duration else None,
        ran_on=ran_on,
        values=None if trial.values is None else tuple(trial.values),
    )


def read_history(trial: "FrozenTrial") -> Sequence[Epoch]:
    """The epochs that a trial has recorded so far."""
    return _history(Decoder(trial.user_attrs))


def _history(decoder: Decoder) -> Sequence[Epoch]:
    return StoredList(Epoch, decoder.value(names.HISTORY, decoding.is_list_of_objects, []))


def read_spared(trial: "FrozenTrial") -> Spared | None:
    """Where the rule would have stopped a spared trial; `None` for any other trial."""
    return Decoder(trial.user_attrs).record(Spared, names.SPARED)


def read_study(study: "optuna.Study") -> StudyRecord:
    """The record of a study; fields are empty where the search did not make the study."""
    stored = attributes_of(study)
    identity = identity_in(study.user_attrs)
    decoder = Decoder(stored.of_study)
    trials, left_out = _read_trials(study, stored)
    confirmation = decoder.record(Confirmation, names.CONFIRMATION)
    tasks: list[str] = decoder.value(names.TASKS, decoding.is_list_of_texts, [])
    simple: R2ByName = decoder.value(names.SIMPLE_MODELS, decoding.is_r2_by_name_and_task, {})
    return StudyRecord(
        name=study.study_name,
        identity=identity,
        data_source=decoder.value(names.DATA_SOURCE, decoding.is_text, ""),
        tasks=tuple(tasks or sorted({task for t in trials for task in t.r2})),
        watch=_watch(decoder, identity),
        space=decoder.record(SearchedSpace, names.SPACE) or SearchedSpace(),
        total=decoder.value(names.TOTAL, decoding.is_count, None),
        stopped=decoder.value(names.STOPPED, decoding.is_text, None),
        attainable=decoder.value(names.ATTAINABLE, decoding.is_r2_by_name_and_task, {}),
        simple=decode_r2(simple),
        trials=trials,
        confirmation=confirmation,
        predictions=_predictions(decoder, confirmation),
        data_audit=decoder.record(DataAudit, names.DATA_AUDIT),
        provenance=decoder.record(Provenance, names.PROVENANCE),
        directions=tuple(_DIRECTIONS[direction.name] for direction in study.directions),
        optimal=() if identity is not None else _optimal(study),
        left_out=(*decoder.left_out, *left_out),
    )


def _read_trials(
    study: "optuna.Study", stored: StoredAttributes
) -> tuple[tuple[TrialRecord, ...], list[str]]:
    """The trials, and the attributes of them that do not decode."""
    trials: list[TrialRecord] = []
    left_out: list[str] = []
    for trial in study.get_trials(deepcopy=False):
        decoder = Decoder(stored.of_trial(trial))
        trials.append(_read_trial(trial, decoder))
        left_out += [f"{name} of trial {trial.number}" for name in decoder.left_out]
    return tuple(trials), left_out


def _optimal(study: "optuna.Study") -> tuple[int, ...]:
    if len(study.directions) > 1:
        return tuple(trial.number for trial in study.best_trials)
    try:
        return (study.best_trial.number,)
    except ValueError:  # none is complete, or none satisfies its constraints
        return ()


def read_confirmation(stored: Mapping[str, Any]) -> Confirmation | None:
    """The confirmation among a study's attributes, in its present state; `None` before its first run."""
    return Decoder(stored).record(Confirmation, names.CONFIRMATION)


def _config(decoder: Decoder, ran_on: RanOn | None) -> PlainConfig | None:
    """A trial's configuration; of an earlier release, which left the precision open, with what it took."""
    config: PlainConfig | None = decoder.value(names.CONFIG, decoding.is_config, None)
    if config is None or ran_on is None or ran_on.precision is None:
        return config
    training = {"precision": "auto", **config.get("training", {})}
    if training["precision"] != "auto":
        return config
    return {**config, "training": {**training, "precision": ran_on.precision}}


def _watch(decoder: Decoder, identity: Identity | None) -> Watch:
    default = Watch()
    usual = [default.cross_modal, default.overall]
    first, second = decoder.value(names.WATCH, decoding.is_pair_of_texts, usual)
    watched = None if identity is None else identity.settings.get("watch")
    share = watched.get("cross_modal_weight") if isinstance(watched, Mapping) else None
    if not (isinstance(share, (int, float)) and 0 <= share <= 1):
        share = default.cross_modal_weight
    return Watch(cross_modal=first, overall=second, cross_modal_weight=float(share))


def _predictions(decoder: Decoder, confirmation: Confirmation | None) -> Predictions | None:
    """The predictions of the chosen trial; `None` where they are of an earlier choice."""
    predictions = decoder.record(Predictions, names.PREDICTIONS)
    if predictions is None or confirmation is None:
        return predictions
    is_current = predictions.trials.chosen in {None, confirmation.chosen}
    return predictions if is_current else None
