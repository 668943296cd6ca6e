"""Points that a study is given to try before its own: another study's best, exported configurations.

Nothing is believed of them: each is queued and trained anew, on this study's data.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import optuna
from optuna.trial import FrozenTrial

from avq_core.config.values import load_configs, to_dict
from avq_core.errors import ConfigError
from search.configure import configure
from space.space import Space
from studies.points import WEIGHT_PREFIX, coordinates, misfit, point_of
from studies.records import attributes
from studies.records.read import read_study
from studies.storage.open import open_study
from studies.storage.optuna_internals import queued_point
from studies.trial_states import NOT_FAILED

NUM_BEST: Final = 10
"""Points taken from another study: as many as a confirmation and its ties would look at; of more,
most would be neighbours of these, and a study of 200 trials can spare a twentieth."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Handed:
    """Points to queue, from one place."""

    label: str
    """Where they are from, for people."""
    points: tuple[Mapping[str, Any], ...]
    """Dotted path to value; the sampler suggests what a point leaves out."""
    num_unfit: int = 0
    """Points from there that do not fit the space."""
    study: str | None = None
    """The study that they are from; they are queued once, whatever it has found since."""


def handed_points(
    files: Sequence[str], other: optuna.Study | None, space: Space, tasks: Sequence[str]
) -> tuple[Handed, ...]:
    """What the settings `enqueue` and `warm_start` hand a study of this space and these tasks.

    Raises:
        ConfigError: A file does not fit the space, or nothing of the other study does.
    """
    handed = [configured_points(file, space, tasks) for file in files]
    return (*handed, *([] if other is None else [best_points(other, space, tasks)]))


def best_points(study: optuna.Study, space: Space, tasks: Sequence[str]) -> Handed:
    """The best distinct points of another study, as far as they fit a space.

    Of each, the settings that the space searches are taken; what the space fixes, it fixes for them
    too. The manual's trial is left out: every study has its own.

    Raises:
        ConfigError: None fits.
    """
    label = f"warm start from {study.study_name}"
    ranked = [trial for trial in read_study(study).ranked if not trial.baseline]
    sources: list[dict[str, Any]] = []
    for trial in ranked:
        source = _without_run(trial.config) if trial.config else _nested(trial.params)
        if source not in sources:
            sources.append(source)
    best = sources[:NUM_BEST]
    points: list[dict[str, Any]] = []
    num_unfit = 0
    for source in best:
        point = coordinates(_for_tasks(source, tasks), space)
        if not point or not all(space.parameters[p].contains(v) for p, v in point.items()):
            num_unfit += 1
        elif point not in points:
            points.append(point)
    if not points:
        held = (
            f"none of its best {len(best)} points" if best else "it has no complete trial, so none"
        )
        raise ConfigError(
            f"{label}: {held} fits the space {space.name!r}; name another study with `warm_start`, "
            "or leave it out"
        )
    return Handed(label=label, points=tuple(points), num_unfit=num_unfit, study=study.study_name)


def source_study(
    name: str | None, *, into: str, runs: Path, storage: str | None
) -> optuna.Study | None:
    """The study that `warm_start` names; `None` where it names none.

    Raises:
        ConfigError: It is the study itself.
        StudyError: There is no such study; says which there are.
    """
    if name is None:
        return None
    if name == into:
        raise ConfigError(f"`warm_start` is {name!r}, the study itself; expected another one")
    return open_study(runs, name, storage)


def configured_points(file: str, space: Space, tasks: Sequence[str]) -> Handed:
    """The point of a configuration's file, or those of an ensemble's members.

    Args:
        file: A path, or a name that `avq_core.train` knows.
        space: The space.
        tasks: The data's tasks.

    Raises:
        ConfigError: No such file, or the space does not hold it; names the first setting.
    """
    points = []
    for config in load_configs(file):
        source = _for_tasks(to_dict(config), tasks)
        reason = misfit(source, space)
        if reason is not None:
            raise ConfigError(
                f"`enqueue` {file}: {reason}; change the file, or search it in a space of your own"
            )
        points.append(coordinates(source, space))
    return Handed(label=f"configuration {file}", points=tuple(points))


def queue(
    study: optuna.Study,
    handed: Handed,
    *,
    space: Space,
    tasks: Sequence[str],
    baseline: Mapping[str, Any],
    say: Callable[[str], None],
) -> None:
    """Queues what is not waiting, running or finished yet, under the study's lock; says how many.

    A study that was a warm start before is not asked again.

    Args:
        study: The study.
        handed: The points.
        space: The study's.
        tasks: The data's.
        baseline: The point that the study trains anyway, be it later; empty where its space does not
            hold it.
        say: Told what was queued and what not.
    """
    before: list[str] = study.user_attrs.get(attributes.WARM_STARTS, [])
    if handed.study in before:
        say(f"{handed.label}: done before")
        return
    tried = (
        _point(trial) for trial in study.get_trials(deepcopy=False) if trial.state in NOT_FAILED
    )
    known = [_canonical(point, space, tasks) for point in filter(None, (baseline, *tried))]
    num_queued = 0
    for point in handed.points:
        own = _canonical(point, space, tasks)
        if not any(_equal(own, other) for other in known):
            study.enqueue_trial(dict(point))
            known.append(own)
            num_queued += 1
    if handed.study is not None:
        # After the points: whoever is killed in between queues the rest, and none twice.
        study.set_user_attr(attributes.WARM_STARTS, [*before, handed.study])
    say(_told(handed, num_queued))


def _told(handed: Handed, num_queued: int) -> str:
    parts = [_points(num_queued, "queued")]
    if num_there := len(handed.points) - num_queued:
        parts.append(f"{num_there} there already")
    if handed.num_unfit:
        parts.append(
            f"{handed.num_unfit} {'do' if handed.num_unfit > 1 else 'does'} not fit this space"
        )
    return f"{handed.label}: {', '.join(parts)}"


def _points(number: int, what: str) -> str:
    return f"{number} point{'s' if number != 1 else ''} {what}"


def _without_run(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration less what tells two runs of it apart."""
    training = {k: v for k, v in config["training"].items() if k not in ("seed", "epochs")}
    return {**config, "training": training}


def _for_tasks(config: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Any]:
    """A configuration less the weights of tasks that the data does not have."""
    training = dict(config.get("training", {}))
    weights = training.get("task_weights", {})
    training["task_weights"] = {task: w for task, w in weights.items() if task in tasks}
    return {**config, "training": training}


def _nested(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters by dotted path in the shape of a configuration."""
    found: dict[str, Any] = {}
    for path, value in params.items():
        *parents, leaf = path.split(".")
        node = found
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = value
    return found


def _point(trial: FrozenTrial) -> Mapping[str, Any]:
    """What a trial was queued with, else what it was suggested."""
    point = queued_point(trial)
    return trial.params if point is None else point


def _canonical(point: Mapping[str, Any], space: Space, tasks: Sequence[str]) -> Mapping[str, Any]:
    """One name for all points that configure the same: task weights may differ by a factor."""
    if not space.contains(point) or not any(path.startswith(WEIGHT_PREFIX) for path in point):
        return point
    config = to_dict(configure(space, point, tasks=tasks, epochs=space.epochs, seed=0))
    return point_of(config, space) or point


def _equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.keys() == other.keys() and all(
        math.isclose(value, other[path], rel_tol=1e-9)
        if isinstance(value, float) and isinstance(other[path], float)
        else value == other[path]
        for path, value in one.items()
    )
