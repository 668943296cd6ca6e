"""A study and its trials as plain records, read from what the search stored.

The search stores everything about a trial in the trial's user attributes, named here. JSON has no
NaN, so an R² that is not defined is stored as null and read as `None`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from studies.fronts import front_numbers

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

CONFIG: Final = "config"
"""Trial: the full effective configuration, as `avq_core.config.values.to_dict` gives it."""
BASELINE: Final = "baseline"
"""Trial: true for the manual's configuration."""
REASON: Final = "reason"
"""Trial: why it ended, in words."""
HISTORY: Final = "history"
"""Trial: a dict an epoch: epoch, train_loss, lr, r2 by task, judged, seconds; at judged ones also
`losses`, what each cluster of validation clips takes from the score, and `decision`, why the pruner
let the trial go on."""
FIGURES: Final = "figures"
"""Trial: of its best judged epoch: epoch, score, r2 by task, num_labels by task."""
PLANNED: Final = "planned_epochs"
"""Trial: epochs it would have taken to its end."""
WORKER: Final = "worker"
"""Trial: host, process and device."""
RAN_ON: Final = "ran_on"
"""Trial: device, threads and precision (`fp32` or `bf16`), as `avq_core.train` takes them."""
AUDITED: Final = "audited"
"""Trial: epoch and reason of the pruner's verdict, where it went on all the same, to see whether the
pruner was right."""
FINISHES: Final = "finishes"
"""Trial: number of the one, stopped at its first rung, whose run it repeats and finishes."""

IDENTITY: Final = "identity"
"""Study: see `studies.identity`."""
TASKS: Final = "tasks"
"""Study: names of the tasks."""
WATCH: Final = "watch"
"""Study: the two watched tasks, cross-modal first."""
SPACE: Final = "space"
"""Study: the space, as `Space.to_dict` gives it."""
DATA_SOURCE: Final = "data_source"
"""Study: the data as the user named it."""
TOTAL: Final = "total"
"""Study: the trials last asked for."""
STOPPED: Final = "stopped"
"""Study: why it ended before its total, in words; null where it did not, or goes on."""
ATTAINABLE: Final = "attainable_r2"
"""Study: split to task to the best R² that anyone can reach; of made data only."""
SIMPLE: Final = "simple_baselines"
"""Study: simple baseline to task to its R² on val."""
WARM_STARTS: Final = "warm_starts"
"""Study: names of the studies whose best points were queued here."""
CONFIRMATION: Final = "confirmation"
"""Study: candidates with their figures over folds, and the test figures."""
CHOSEN: Final = "chosen"
"""Study: number of the trial that the confirmation chose, in studies of earlier versions; now it is in
the confirmation."""
PREDICTIONS: Final = "test_predictions"
"""Study: what the finalists said of each test clip, beside what is true; see `StudyRecord`."""
AUDIT: Final = "audit"
"""Study: findings and shape of the data, as `search.setup` notes them of `avq_core.audit.run`."""
MADE_WITH: Final = "made_with"
"""Study: the command, versions and machine that it was started with."""

# By name: a record of a study can be read and shown without importing Optuna.
_STATES: Final = {
    "COMPLETE": "complete",
    "PRUNED": "pruned",
    "FAIL": "failed",
    "RUNNING": "running",
    "WAITING": "waiting",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialRecord:
    """One trial."""

    number: int
    state: str
    """complete, pruned, failed, running or waiting."""
    score: float | None
    """Of its best judged epoch; `None` before the first."""
    best_epoch: int | None
    """The judged epoch that gave the score."""
    r2: dict[str, float | None]
    """At that epoch, by task."""
    num_labels: dict[str, int]
    """Valid validation labels, by task."""
    epochs: int
    """Spent."""
    planned_epochs: int
    params: dict[str, Any]
    config: dict[str, Any] | None
    reason: str | None
    baseline: bool
    audited: dict[str, Any] | None
    """Epoch and reason of the pruner's verdict on a trial that went on all the same."""
    history: list[dict[str, Any]]
    seconds: float | None
    """Wall time; `None` while it runs."""
    ran_on: dict[str, Any] | None = None
    """`device`, `threads` and `precision`; figures repeat to the digit only there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyRecord:
    """A study and all of its trials."""

    name: str
    identity: dict[str, Any]
    data_source: str
    tasks: list[str]
    watch: tuple[str, str]
    """The tasks that play cross-modal and overall."""
    space: dict[str, Any]
    total: int | None
    """Trials last asked for."""
    stopped: str | None
    """Why it ended before that, in words."""
    attainable: dict[str, dict[str, float]]
    """Split to task to the best attainable R²; empty where nobody knows it."""
    simple: dict[str, dict[str, float | None]]
    """Simple baseline to task to its R² on val; empty in studies of earlier versions."""
    trials: list[TrialRecord]
    chosen: int | None
    """Trial that the confirmation chose; `None` where trials have been completed since."""
    confirmation: dict[str, Any] | None
    predictions: dict[str, Any] | None = None
    """Of the test split: `trials` (finalist to its number), `tasks`, `groups` (a name a clip), `truth` and a list a finalist (`chosen`,
    `baseline`), each (clips, tasks) in the user's units, null where missing; `clips` in all, where
    only some are kept."""
    audit: dict[str, Any] | None = None
    """`findings` (level, message, mend), `splits` (split, samples, groups), `tasks` (split, task,
    valid, missing_share), `streams` (split, stream, shape, nan)."""
    made_with: dict[str, Any] | None = None
    """`command`, `versions` by package, `machine` in words, `started` (ISO 8601, UTC)."""

    @property
    def is_pareto(self) -> bool:
        """Whether both watched figures are maximised for themselves."""
        return bool(self.identity.get("settings", {}).get("objective") == "pareto")

    @property
    def cross_modal_weight(self) -> float:
        """Share of the cross-modal figure in the score; a half where the study does not say."""
        watch = self.identity.get("settings", {}).get("watch", {})
        return float(watch.get("cross_modal_weight", 0.5))


def read_trial(trial: "FrozenTrial") -> TrialRecord:
    """The record of a trial."""
    attributes = trial.user_attrs
    figures = attributes.get(FIGURES, {})
    return TrialRecord(
        number=trial.number,
        state=_STATES[trial.state.name],
        score=figures.get("score"),
        best_epoch=figures.get("epoch"),
        r2=figures.get("r2", {}),
        num_labels=figures.get("num_labels", {}),
        epochs=len(attributes.get(HISTORY, [])),
        planned_epochs=int(attributes.get(PLANNED, 0)),
        params=dict(trial.params),
        config=attributes.get(CONFIG),
        reason=attributes.get(REASON),
        baseline=bool(attributes.get(BASELINE)),
        audited=attributes.get(AUDITED),
        history=attributes.get(HISTORY, []),
        seconds=trial.duration.total_seconds() if trial.duration else None,
        ran_on=attributes.get(RAN_ON),
    )


def read_trials(study: "optuna.Study") -> list[TrialRecord]:
    """All trials of a study, by number."""
    return [read_trial(trial) for trial in study.get_trials(deepcopy=False)]


def read_study(study: "optuna.Study") -> StudyRecord:
    """The record of a study; of one that the search did not make, as much as there is."""
    attributes = study.user_attrs
    watch = attributes.get(WATCH, ["cross_modal", "overall"])
    trials, confirmation = read_trials(study), attributes.get(CONFIRMATION)
    # In one record with its figures; studies of earlier versions keep it apart.
    chosen = (confirmation or {}).get("chosen", attributes.get(CHOSEN))
    predictions = attributes.get(PREDICTIONS)
    if predictions is not None and predictions.get("trials", {}).get("chosen", chosen) != chosen:
        predictions = None
    return StudyRecord(
        name=study.study_name,
        identity=attributes.get(IDENTITY, {}),
        data_source=attributes.get(DATA_SOURCE, ""),
        tasks=attributes.get(TASKS, []),
        watch=(watch[0], watch[1]),
        space=attributes.get(SPACE, {}),
        total=attributes.get(TOTAL),
        stopped=attributes.get(STOPPED),
        attainable=attributes.get(ATTAINABLE, {}),
        simple=attributes.get(SIMPLE, {}),
        trials=trials,
        chosen=None if _is_outdated(trials, confirmation) else chosen,
        confirmation=confirmation,
        predictions=predictions,
        audit=attributes.get(AUDIT),
        made_with=attributes.get(MADE_WITH),
    )


def _is_outdated(trials: Sequence[TrialRecord], confirmation: dict[str, Any] | None) -> bool:
    """Whether trials that the confirmation did not know have been completed since."""
    known = (confirmation or {}).get("num_complete")
    return known is not None and known != counts(trials)["complete"]


def counts(trials: Sequence[TrialRecord]) -> dict[str, int]:
    """Trials by state, every state named."""
    found = dict.fromkeys(_STATES.values(), 0)
    for trial in trials:
        found[trial.state] += 1
    return found


def best(trials: Sequence[TrialRecord]) -> TrialRecord | None:
    """The complete trial of the highest score, the earliest of equals."""
    scored = [t for t in trials if t.state == "complete" and t.score is not None]
    return max(scored, key=lambda t: (t.score or 0.0, -t.number), default=None)


def by_front(trials: Sequence[TrialRecord], watch: tuple[str, str]) -> list[list[TrialRecord]]:
    """Complete trials in non-dominated fronts of the two watched figures, each by its score."""
    found = [
        (trial, (first, second))
        for trial in trials
        if trial.state == "complete"
        and (first := trial.r2.get(watch[0])) is not None
        and (second := trial.r2.get(watch[1])) is not None
    ]
    numbers = front_numbers([pair for _, pair in found])
    fronts: list[list[TrialRecord]] = [[] for _ in range(max(numbers, default=-1) + 1)]
    for number, (trial, _) in zip(numbers, found, strict=True):
        fronts[number].append(trial)
    return [sorted(front, key=lambda trial: -(trial.score or 0.0)) for front in fronts]


def baseline(trials: Sequence[TrialRecord]) -> TrialRecord | None:
    """The manual's trial: the finished one, else the one on its way."""
    own = [t for t in trials if t.baseline and t.state != "failed"]
    return max(own, key=lambda t: (t.state in {"complete", "pruned"}, t.number), default=None)


def by_confirmed_score(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Candidates of a confirmation, the best first; those without a score last.

    Before them come those that were dropped: their mean is of fewer runs, perhaps of easier folds.
    """

    def order(row: dict[str, Any]) -> tuple[bool, bool, float]:
        score = row["score_mean"]
        return score is None, bool(row.get("dropped")), -(score or 0.0)

    return sorted(rows, key=order)


def epochs_spent(trials: Sequence[TrialRecord]) -> int:
    """Epochs of all trials, the interrupted ones included: they cost as much."""
    return sum(trial.epochs for trial in trials)


def epochs_saved(trials: Sequence[TrialRecord]) -> int:
    """Epochs that pruned trials were stopped short of."""
    return sum(t.planned_epochs - t.epochs for t in trials if t.state == "pruned")


_MOST_COLUMNS = 8


def score(study: StudyRecord, r2: Mapping[str, float | None]) -> float | None:
    """The study's score of figures by task; `None` where a figure that counts is not defined."""
    share = study.cross_modal_weight
    weighted = zip((share, 1 - share), study.watch, strict=True)
    parts = [(weight, r2.get(task)) for weight, task in weighted if weight > 0]
    if any(value is None for _, value in parts):
        return None
    return sum(weight * (value or 0.0) for weight, value in parts)


def column_tasks(study: StudyRecord) -> list[str]:
    """Tasks that get a column of their own: all where they fit a line, else the watched ones."""
    names = task_names(study)
    return names if len(names) <= _MOST_COLUMNS else list(dict.fromkeys(study.watch))


def task_names(study: StudyRecord) -> list[str]:
    """The study's tasks; those of its trials where a study names none."""
    return study.tasks or sorted({task for trial in study.trials for task in trial.r2})
