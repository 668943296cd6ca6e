"""Sorts a study's trials by whether they fit another space, and copies those into a new study."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

import optuna
from optuna.exceptions import DuplicatedStudyError
from optuna.trial import FrozenTrial

from space.space import Space
from studies.distributions import distributions_of
from studies.errors import ForeignStudyError, StudyError
from studies.points import WEIGHT_PREFIX, Point, coordinates, first_misfit
from studies.records import attributes
from studies.records.codec import PlainConfig
from studies.records.confirmation import Confirmation
from studies.records.read import read_confirmation, read_trial
from studies.records.stored import attributes_of, identity_in
from studies.storage.find import found_study
from studies.storage.lock import study_lock
from studies.storage.open import make_schema, open_storage
from studies.trial_states import FINISHED

UNFINISHED: Final = "not finished"
_TAKEN: Final = "there is a study {name!r} already; give another name with --into"
_KEPT: Final = (
    attributes.TASKS,
    attributes.WATCH,
    attributes.DATA_SOURCE,
    attributes.ATTAINABLE,
    attributes.SIMPLE_MODELS,
    attributes.DATA_AUDIT,
)
"""Study attributes to copy: all on its data, none on its command or its confirmation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sorting:
    """Which trials of a study fit a space."""

    fitting: tuple[tuple[FrozenTrial, Point], ...]
    """Trials with their points; the manual baseline's is empty where it lies outside the space."""
    misfits: tuple[tuple[str, str], ...]
    """For each other trial the setting that does not fit (or another cause), and the reason."""


def sort_out(source: optuna.Study, space: Space) -> Sorting:
    """Sorts a study's trials by whether they fit a space.

    Raises:
        StudyError: No trial but the manual baseline fits, or the search did not make the study.
    """
    if identity_in(source.user_attrs) is None:
        raise ForeignStudyError(
            source.study_name, "so its trials have no training configuration to copy"
        )
    stored = attributes_of(source)
    fitting: list[tuple[FrozenTrial, Point]] = []
    misfits: list[tuple[str, str]] = []
    for trial in source.get_trials(deepcopy=False):
        record = read_trial(trial, stored.of_trial(trial))
        config = record.config
        if trial.state not in FINISHED:
            misfits.append((UNFINISHED, ""))
        elif config is None:
            misfits.append(("without a configuration", ""))
        elif (misfit := first_misfit(config, space)) is None:
            fitting.append((trial, _as_suggested(trial, coordinates(config, space), config, space)))
        elif record.baseline:
            fitting.append((trial, {}))
        else:
            misfits.append((misfit.path, misfit.reason))
    if all(read_trial(trial, stored.of_trial(trial)).baseline for trial, _ in fitting):
        reasons = [reason for _, reason in misfits if reason]
        why = f", such as: {reasons[0]}" if reasons else ""
        raise StudyError(
            f"no finished trial of {source.study_name!r} fits the space {space.name!r}{why}; "
            f"start a study of that space with python -m search.run"
        )
    return Sorting(fitting=tuple(fitting), misfits=tuple(misfits))


def _as_suggested(trial: FrozenTrial, point: Point, config: PlainConfig, space: Space) -> Point:
    """The point with the task weights as they were suggested, where the space allows them.

    Recorded weights are the effective ones, scaled to the manual's sum. Where both spaces search all
    weights, a common factor does not matter, and the values that the sampler suggested are kept.
    """
    weights = {f"{WEIGHT_PREFIX}{task}" for task in config["training"]["task_weights"]}
    if not weights <= trial.params.keys() or not weights <= point.keys():
        return point
    suggested = point | {path: trial.params[path] for path in weights}
    return suggested if space.contains(suggested) else point


def copy_trials(
    source: optuna.Study, sorting: Sorting, *, space: Space, url: str, new: str
) -> optuna.Study:
    """Creates the new study with the fitting trials; queues the space's first point if it is new.

    Args:
        source: The original study, which does not change.
        sorting: The trials to copy, with their points.
        space: Space of the new study.
        url: Storage of the new study.
        new: Name of the new study.

    Raises:
        StudyError: There is such a study already, or the storage cannot be used.
    """
    # Before anything is written: the database may be another program's.
    with found_study(url, new) as present:
        if present is not None:
            raise StudyError(_TAKEN.format(name=new))
    make_schema(url)
    with study_lock(url, new):
        storage = open_storage(url)
        try:
            study = optuna.create_study(
                study_name=new, storage=storage, directions=source.directions
            )
        except DuplicatedStudyError as error:
            raise StudyError(_TAKEN.format(name=new)) from error
        try:
            numbers = {trial.number: place for place, (trial, _) in enumerate(sorting.fitting)}
            stored = attributes_of(source)
            for trial, point in sorting.fitting:
                copied = {
                    **stored.of_trial(trial),
                    attributes.COPIED_FROM: {"study": source.study_name, "trial": trial.number},
                }
                study.add_trial(_copied(trial, point, space, copied, numbers))
            start = dict(space.start)
            if start and not any(point == start for _, point in sorting.fitting):
                study.enqueue_trial(start)
            _describe(study, source, space)
        except BaseException:  # a partly copied study must not be taken for a whole one
            optuna.delete_study(study_name=new, storage=storage)
            raise
    return study


def _copied(
    trial: FrozenTrial,
    point: Point,
    space: Space,
    user_attrs: dict[str, Any],
    numbers: dict[int, int],
) -> FrozenTrial:
    """The copy of a trial: its point under the new distributions, all else unchanged."""
    distributions = distributions_of(space)
    first = user_attrs.pop(attributes.FINISHES, None)
    if first in numbers:
        user_attrs[attributes.FINISHES] = numbers[first]
    return FrozenTrial(
        number=0,  # assigned by the storage, like the id
        trial_id=0,
        state=trial.state,
        value=None,
        values=trial.values,
        datetime_start=trial.datetime_start,
        datetime_complete=trial.datetime_complete,
        params=point,
        distributions={path: distributions[path] for path in point},
        user_attrs=user_attrs,
        # Attributes that samplers set belong to the old space.
        system_attrs={},
        intermediate_values=trial.intermediate_values,
    )


def _describe(study: optuna.Study, source: optuna.Study, space: Space) -> None:
    """Sets the attributes that the search sets; the identity last, so that it marks a complete study."""
    stored = attributes_of(source).of_study
    for name in _KEPT:
        if name in stored:
            study.set_user_attr(name, stored[name])
    confirmation = read_confirmation(stored)
    if confirmation is not None and confirmation.test_openings:
        # The test split of this data has been opened, whichever study did it.
        openings = tuple(
            opening.model_copy(update={"study": opening.study or source.study_name})
            for opening in confirmation.openings
        )
        confirmation_of_new = Confirmation(
            test_openings=confirmation.test_openings, openings=openings
        )
        study.set_user_attr(attributes.CONFIRMATION, confirmation_of_new.encode())
    study.set_user_attr(attributes.SPACE, space.to_dict())
    study.set_user_attr(attributes.COPIED_FROM, source.study_name)
    identity = identity_in(source.user_attrs)
    assert identity is not None, "`sort_out` refuses a study without one"
    identity = dataclasses.replace(identity, space=space.fingerprint())
    study.set_user_attr(attributes.IDENTITY, identity.to_dict())
