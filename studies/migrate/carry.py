"""A study's trials under another space: which fit it, and a new study of those that do."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

import optuna
from optuna.exceptions import DuplicatedStudyError
from optuna.trial import FrozenTrial

from space.space import Space
from studies.distributions import distributions_of
from studies.errors import StudyError
from studies.identity import Identity
from studies.points import WEIGHT_PREFIX, coordinates, first_misfit
from studies.records import attributes
from studies.records.confirmation import Confirmation
from studies.records.read import read_confirmation
from studies.storage.lock import study_lock
from studies.storage.open import make_schema, open_storage
from studies.trial_states import FINISHED

CARRIED: Final = "carried_from"
"""Trial: study and number that it was carried from. Study: the name of that study."""
UNFINISHED: Final = "not finished"
_KEPT: Final = (
    attributes.TASKS,
    attributes.WATCH,
    attributes.DATA_SOURCE,
    attributes.ATTAINABLE,
    attributes.SIMPLE_MODELS,
    attributes.DATA_AUDIT,
)
"""Of the study: all that is of its data, nothing of its command or of what it chose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sorting:
    """Which trials of a study fit a space."""

    carried: tuple[tuple[FrozenTrial, dict[str, Any]], ...]
    """Each with its point in the space; the baseline's is empty where the space does not hold it."""
    left: tuple[tuple[str, str], ...]
    """Of each that is not carried, the setting that does not fit (or what else), and in words why."""


def sort_out(source: optuna.Study, space: Space) -> Sorting:
    """Sorts a study's trials by whether they fit a space.

    Raises:
        StudyError: None fits but the baseline, or the search did not make the study.
    """
    if attributes.IDENTITY not in source.user_attrs:
        raise StudyError(
            f"the study {source.study_name!r} does not say what it is of, expected one that "
            "python -m search.run made"
        )
    carried: list[tuple[FrozenTrial, dict[str, Any]]] = []
    left: list[tuple[str, str]] = []
    for trial in source.get_trials(deepcopy=False):
        config = trial.user_attrs.get(attributes.CONFIG)
        if trial.state not in FINISHED:
            left.append((UNFINISHED, ""))
        elif config is None:
            left.append(("without a configuration", ""))
        elif (misfit := first_misfit(config, space)) is None:
            carried.append((trial, _as_suggested(trial, coordinates(config, space), config, space)))
        elif trial.user_attrs.get(attributes.BASELINE):
            carried.append((trial, {}))
        else:
            left.append((misfit.path, misfit.reason))
    if all(trial.user_attrs.get(attributes.BASELINE) for trial, _ in carried):
        reasons = [reason for _, reason in left if reason]
        why = f", such as: {reasons[0]}" if reasons else ""
        raise StudyError(
            f"no finished trial of {source.study_name!r} fits the space {space.name!r}{why}; "
            f"start a study of that space with python -m search.run"
        )
    return Sorting(carried=tuple(carried), left=tuple(left))


def _as_suggested(
    trial: FrozenTrial, point: dict[str, Any], config: dict[str, Any], space: Space
) -> dict[str, Any]:
    """The point with the task weights as they were suggested, where the space leaves that open.

    Recorded are effective weights, which have the manual's sum. Where both spaces search them all, a
    common factor means nothing, and the sampler's own numbers are kept.
    """
    weights = {f"{WEIGHT_PREFIX}{task}" for task in config["training"]["task_weights"]}
    if not weights <= trial.params.keys() or not weights <= point.keys():
        return point
    own = point | {path: trial.params[path] for path in weights}
    return own if space.contains(own) else point


def carry(
    source: optuna.Study, sorting: Sorting, *, space: Space, url: str, new: str
) -> optuna.Study:
    """Makes the new study and writes the trials into it; queues the space's first point, if it is new.

    Args:
        source: Where they are from; only read.
        sorting: Which trials, and their points.
        space: Of the new study.
        url: Its storage.
        new: Its name.

    Raises:
        StudyError: There is such a study already, or the storage cannot be used.
    """
    make_schema(url)
    with study_lock(url, new):
        storage = open_storage(url)
        try:
            study = optuna.create_study(
                study_name=new, storage=storage, directions=source.directions
            )
        except DuplicatedStudyError as error:
            raise StudyError(
                f"there is a study {new!r} already; give another name with --into"
            ) from error
        try:
            numbers = {trial.number: place for place, (trial, _) in enumerate(sorting.carried)}
            for trial, point in sorting.carried:
                study.add_trial(_carried(trial, point, space, source.study_name, numbers))
            start = dict(space.start)
            if start and not any(point == start for _, point in sorting.carried):
                study.enqueue_trial(start)
            _describe(study, source, space)
        except BaseException:  # a part of a study must not be taken for the whole of it
            optuna.delete_study(study_name=new, storage=storage)
            raise
    return study


def _carried(
    trial: FrozenTrial,
    point: dict[str, Any],
    space: Space,
    study: str,
    numbers: dict[int, int],
) -> FrozenTrial:
    """A trial as the new study holds it: its point under the new distributions, all else as it was."""
    told = distributions_of(space)
    kept = {**trial.user_attrs, CARRIED: {"study": study, "trial": trial.number}}
    first = kept.pop(attributes.FINISHES, None)
    if first in numbers:
        kept[attributes.FINISHES] = numbers[first]
    return FrozenTrial(
        number=0,  # the storage's to give, like the id
        trial_id=0,
        state=trial.state,
        value=None,
        values=trial.values,
        datetime_start=trial.datetime_start,
        datetime_complete=trial.datetime_complete,
        params=point,
        distributions={path: told[path] for path in point},
        user_attrs=kept,
        # What samplers noted there is of the old space.
        system_attrs={},
        intermediate_values=trial.intermediate_values,
    )


def _describe(study: optuna.Study, source: optuna.Study, space: Space) -> None:
    """Notes what the study is of, as the search does; the identity last: the rest is there then."""
    for name in _KEPT:
        if name in source.user_attrs:
            study.set_user_attr(name, source.user_attrs[name])
    confirmation = read_confirmation(source.user_attrs)
    if confirmation is not None and confirmation.test_openings:
        # The data's test split has been looked at, by whatever study.
        openings = tuple(
            opening.model_copy(update={"study": opening.study or source.study_name})
            for opening in confirmation.openings
        )
        looked = Confirmation(test_openings=confirmation.test_openings, openings=openings)
        study.set_user_attr(attributes.CONFIRMATION, looked.encode())
    study.set_user_attr(attributes.SPACE, space.to_dict())
    study.set_user_attr(CARRIED, source.study_name)
    identity = Identity.from_dict(source.user_attrs[attributes.IDENTITY])
    identity = dataclasses.replace(identity, space=space.fingerprint())
    study.set_user_attr(attributes.IDENTITY, identity.to_dict())
