"""Refuses a stored study that a search must not enter."""

from collections import Counter
from collections.abc import Sequence

import optuna
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from studies.errors import StudyError
from studies.records.attributes import PREFIX
from studies.records.read import read_study
from studies.records.stored import identity_in, is_foreign_trial
from studies.storage.find import found_study
from studies.storage.optuna_internals import running_without_heartbeat, trial_id


def check_storage(url: str, name: str, objective: str) -> None:
    """Checks what is stored under a study's name, if anything, without writing to it.

    Raises:
        StudyError: As `check_study`; or the storage cannot be used, or is another program's.
    """
    with found_study(url, name) as study:
        if study is not None:
            check_study(study, objective)


def check_study(study: optuna.Study, objective: str) -> None:
    """Checks that a search may enter a study: its own, or one without trials and attributes.

    Args:
        study: The study.
        objective: The search's, `score` or `pareto`.

    Raises:
        StudyError: Another program made the study, or it has other objectives; one line.
    """
    if identity_in(study.user_attrs) is None:
        _refuse_if_begun(study)
    if any(direction is not StudyDirection.MAXIMIZE for direction in study.directions):
        directions = ", ".join(direction.name.lower() for direction in study.directions)
        raise StudyError(
            f"the study {study.study_name!r} has the direction {directions}, expected maximize; give "
            "another name with `study`"
        )
    num, asked = len(study.directions), num_objectives(objective)
    if num != asked:
        made = {1: " (`objective` score)", 2: " (`objective` pareto)"}.get(num, "")
        raise StudyError(
            f"the study {study.study_name!r} has {num} objective{'s' if num > 1 else ''}{made}, asked "
            f"{asked} (`objective` {objective}); give the same as before, or a new name with `study`"
        )


def check_not_shared(study: optuna.Study, storage: RDBStorage) -> None:
    """Checks that no other program runs trials in a study of the search.

    Raises:
        StudyError: One does; names the trial.
    """
    silent = set(running_without_heartbeat(storage, study.study_name))
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial_id(trial) in silent and is_foreign_trial(trial):
            raise StudyError(
                f"another program runs trial {trial.number} of the study {study.study_name!r}; end that "
                "program (and if it is gone, `optuna tell --state fail` ends the trial), or give another "
                "name with `study`"
            )


def check_readable(study: optuna.Study) -> None:
    """Checks that this version can read all of its records in a study.

    A search that took them for missing would write them again, and open the test split again.

    Raises:
        StudyError: It cannot; names one.
    """
    left_out = read_study(study).left_out
    if left_out:
        raise StudyError(
            f"the study {study.study_name!r} holds records that this version cannot read, such as "
            f"{left_out[0]}; resume it with the version that wrote them, or give a new name with `study`"
        )


def num_objectives(objective: str) -> int:
    """Number of values that a trial of the search reports, all of them maximised."""
    return 2 if objective == "pareto" else 1


def _refuse_if_begun(study: optuna.Study) -> None:
    """Refuses a study without identity, unless it is empty or a search was killed at its start.

    A search of another machine may be creating it just now. It writes an attribute first, then queues
    trials, and runs them after it wrote the identity; so trials are read before attributes here.
    """
    trials = study.get_trials(deepcopy=False)
    stored = study.user_attrs
    if identity_in(stored) is not None:
        return
    is_ours_so_far = all(name.startswith(PREFIX) for name in stored) and all(
        stored and trial.state is TrialState.WAITING for trial in trials
    )
    if not is_ours_so_far:
        raise StudyError(_of_another_program(study.study_name, trials))


def _of_another_program(name: str, trials: Sequence[FrozenTrial]) -> str:
    states = Counter(trial.state.name.lower() for trial in trials)
    counts = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    plural = "s" if states.total() > 1 else ""
    held = f"{states.total()} trial{plural} ({counts})" if states else "attributes"
    running = ", and another program may be running it now" if states["running"] else ""
    return (
        f"the study {name!r} was not made by this program: it holds {held} that no search of "
        f"this program wrote{running}; it is left alone, give another name with `study`"
    )
