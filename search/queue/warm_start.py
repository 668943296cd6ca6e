"""Points that the user asks a study to try first: another study's best, exported configurations.

Their earlier scores are not used: each point is queued and trained anew, on this study's data.
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
"""Upper bound on the points taken from another study, a twentieth of a study of 200 trials. More would
mostly be close to these."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestedPoints:
    """Points to queue, from one source."""

    label: str
    """Where they come from, in words."""
    points: tuple[Mapping[str, Any], ...]
    """Each maps dotted paths to values; the sampler suggests what a point leaves out."""
    num_unfit: int = 0
    """Number of the source's points that do not fit the space."""
    study: str | None = None
    """The study that they come from, whose points are queued only once; `None` for a file's."""


def requested_points(
    files: Sequence[str], other: optuna.Study | None, space: Space, tasks: Sequence[str]
) -> tuple[RequestedPoints, ...]:
    """The points that the settings `enqueue` and `warm_start` ask a study to try.

    Args:
        files: Of `enqueue`.
        other: Study of `warm_start`; `None` for none.
        space: The study's.
        tasks: The data's.

    Raises:
        ConfigError: A file does not fit the space, or no point of the other study does.
    """
    requested = [configured_points(file, space, tasks) for file in files]
    return (*requested, *([] if other is None else [best_points(other, space, tasks)]))


def best_points(study: optuna.Study, space: Space, tasks: Sequence[str]) -> RequestedPoints:
    """The best distinct points of another study, as far as they fit a space.

    Only the settings that the space searches are taken; fixed settings of the space apply to these
    points too. The manual baseline is left out: every study trains it anyway. Of a study that another
    program made, parameters of the same names are taken.

    Raises:
        ConfigError: None fits.
    """
    label = f"warm start from {study.study_name}"
    ranked = [trial for trial in read_study(study).best_first if not trial.baseline]
    sources: list[dict[str, Any]] = []
    for trial in ranked:
        source = _without_run(trial.config) if trial.config else _shared(trial.params, space)
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
        fitting = (
            f"none of its best {len(best)} points" if best else "it has no complete trial, so none"
        )
        raise ConfigError(
            f"{label}: {fitting} fits the space {space.name!r}; name another study with `warm_start`, "
            "or leave it out"
        )
    return RequestedPoints(
        label=label, points=tuple(points), num_unfit=num_unfit, study=study.study_name
    )


def source_study(
    name: str | None, *, into: str, runs: Path, storage: str | None
) -> optuna.Study | None:
    """The study that `warm_start` names; `None` where it names none.

    Raises:
        ConfigError: It is the study itself.
        StudyError: There is no such study; the message names those that exist.
    """
    if name is None:
        return None
    if name == into:
        raise ConfigError(f"`warm_start` is {name!r}, the study itself; expected another one")
    return open_study(runs, name, storage)


def configured_points(file: str, space: Space, tasks: Sequence[str]) -> RequestedPoints:
    """The point of a configuration file, or the points of an ensemble's members.

    Args:
        file: A path, or the name of a built-in configuration.
        space: The space.
        tasks: The data's tasks.

    Raises:
        ConfigError: There is no such file, or the space does not hold its point; the message names
            the first setting that does not fit.
    """
    points = []
    for config in load_configs(file):
        source = _for_tasks(to_dict(config), tasks)
        reason = misfit(source, space)
        if reason is not None:
            raise ConfigError(
                f"`enqueue` {file}: {reason}; change the file, or search a space that holds it"
            )
        points.append(coordinates(source, space))
    return RequestedPoints(label=f"configuration {file}", points=tuple(points))


def queue(
    study: optuna.Study,
    requested: RequestedPoints,
    *,
    space: Space,
    tasks: Sequence[str],
    baseline: Mapping[str, Any],
    say: Callable[[str], None],
) -> None:
    """Queues the points that the study does not have yet (waiting, running or finished); says how many.

    Called under the study's lock. Another study's points are queued only once.

    Args:
        study: The study.
        requested: The points.
        space: The study's.
        tasks: The data's.
        baseline: The manual baseline's point, which the study trains anyway; empty where its space
            does not hold it.
        say: Called with a line on what was queued.
    """
    sources: list[str] = study.user_attrs.get(attributes.WARM_STARTS, [])
    if requested.study in sources:
        say(f"{requested.label}: done before")
        return
    tried = (
        _point(trial) for trial in study.get_trials(deepcopy=False) if trial.state in NOT_FAILED
    )
    tried_points = [_canonical(point, space, tasks) for point in filter(None, (baseline, *tried))]
    num_queued = 0
    for point in requested.points:
        canonical = _canonical(point, space, tasks)
        if not any(_equal(canonical, other) for other in tried_points):
            study.enqueue_trial(dict(point))
            tried_points.append(canonical)
            num_queued += 1
    if requested.study is not None:
        # After the points: if the process is killed in between, the next run queues the rest, none twice.
        study.set_user_attr(attributes.WARM_STARTS, [*sources, requested.study])
    say(_summary(requested, num_queued))


def _summary(requested: RequestedPoints, num_queued: int) -> str:
    parts = [_points(num_queued, "queued")]
    if num_tried := len(requested.points) - num_queued:
        parts.append(f"{num_tried} in the study already")
    if requested.num_unfit:
        parts.append(
            f"{requested.num_unfit} {'do' if requested.num_unfit > 1 else 'does'} not fit this space"
        )
    return f"{requested.label}: {', '.join(parts)}"


def _points(number: int, what: str) -> str:
    return f"{number} point{'s' if number != 1 else ''} {what}"


def _without_run(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration without its seed and epochs."""
    training = {k: v for k, v in config["training"].items() if k not in ("seed", "epochs")}
    return {**config, "training": training}


def _for_tasks(config: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Any]:
    """A configuration without the weights of tasks that the data does not have."""
    training = dict(config.get("training", {}))
    weights = training.get("task_weights", {})
    training["task_weights"] = {task: w for task, w in weights.items() if task in tasks}
    return {**config, "training": training}


def _shared(params: Mapping[str, Any], space: Space) -> dict[str, Any]:
    """The parameters that the space has too; empty where one of them lies outside its bounds."""
    shared = {path: value for path, value in params.items() if path in space.parameters}
    fits = all(space.parameters[path].contains(value) for path, value in shared.items())
    return _nested(shared) if fits else {}


def _nested(params: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted paths and values as a nested configuration."""
    config: dict[str, Any] = {}
    for path, value in params.items():
        *parents, leaf = path.split(".")
        node = config
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = value
    return config


def _point(trial: FrozenTrial) -> Mapping[str, Any]:
    """The values that a trial was queued with, else those it was suggested."""
    point = queued_point(trial)
    return trial.params if point is None else point


def _canonical(point: Mapping[str, Any], space: Space, tasks: Sequence[str]) -> Mapping[str, Any]:
    """The same point for all that give one configuration: task weights may differ by a factor."""
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
