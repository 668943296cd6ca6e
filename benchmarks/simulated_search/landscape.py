"""Recorded configurations as a space that a sampler can search: each proposal gets the nearest one's curves.

Shapes: N configurations, D settings.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy.stats import rankdata

from avq_core.data.files import npz as npz_file
from avq_core.errors import DataError
from benchmarks.pruners.curves import Curves, Pair, pair_trials
from benchmarks.pruners.trials import BoolArray, FloatArray, Trials
from space.parameters import Float
from space.space import Space

_LAYOUT: Final = "configs (configurations, settings) or (tasks, configurations, settings)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Landscape:
    """The configurations of a file with their curves on a pair of tasks."""

    trials: Trials
    """Metrics are scaled: 0 is the median of the final scores, and 1 the best of them."""
    places: FloatArray
    """(N, D), each setting by its rank in [0, 1]."""
    space: Space
    """The settings as floats; `start` is what is best in the file's other tasks."""

    def nearest(self, point: FloatArray, free: BoolArray) -> int:
        """The configuration closest to a point (D,) among those that are free (N,)."""
        distances = np.square(self.places - point).sum(axis=1)
        return int(np.where(free, distances, np.inf).argmin())


def read_places(path: Path, num_configs: int) -> FloatArray:
    """The settings of each configuration of a file of curves, by rank within each setting.

    Raises:
        DataError: The file has no settings, or those of another number of configurations.
    """
    configs = npz_file.read(path).get("configs")
    if configs is None or configs.dtype.kind not in "fiu":
        raise DataError(f"{path} has no numbers as `configs`, expected {_LAYOUT}; add them")
    if configs.ndim == 3 and len(configs) and (configs == configs[0]).all():
        configs = configs[0]
    if configs.ndim != 2 or len(configs) != num_configs or not configs.shape[1]:
        raise DataError(
            f"configs in {path} has shape {configs.shape}, expected {_LAYOUT}, of {num_configs} "
            "configurations, the same for every task"
        )
    # Equal values get the same rank, wherever they stand in the file.
    ranks: FloatArray = rankdata(configs, method="dense", axis=0) - 1.0
    places: FloatArray = ranks / np.maximum(ranks.max(axis=0), 1)
    return places


def make_landscape(curves: Curves, places: FloatArray, pair: Pair, rungs: list[int]) -> Landscape:
    """A pair of tasks of a file as a landscape.

    Its start is the configuration with the best mean rank over the tasks outside the pair, as someone would
    begin with what did well elsewhere. A file without other tasks has no start.

    Args:
        curves: All of the file.
        places: As `read_places` gives them.
        pair: The tasks that stand for the two watched metrics.
        rungs: The judged epochs.
    """
    (raw,) = pair_trials(curves, [pair], rungs)
    finals = raw.final[raw.finishes]
    middle, unit = np.median(finals), float(finals.max() - np.median(finals)) or 1.0
    trials = Trials.make(
        name=raw.name,
        metrics=(raw.metrics - middle) / unit,
        lengths=raw.lengths,
        rungs=raw.rungs,
        watch=raw.watch,
    )
    start = _best_elsewhere(curves, pair)
    names = [f"settings.s{number}" for number in range(places.shape[1])]
    space = Space(
        name="recorded",
        epochs=curves.num_epochs,
        parameters={name: Float(low=0.0, high=1.0) for name in names},
        start={} if start is None else dict(zip(names, places[start].tolist(), strict=True)),
    )
    return Landscape(trials=trials, places=places, space=space)


def _best_elsewhere(curves: Curves, pair: Pair) -> int | None:
    others = [task for task in range(len(curves.tasks)) if task not in pair]
    if not others:
        return None
    last = np.nan_to_num(curves.metrics[others, :, -1], nan=-np.inf)
    return int(np.argsort(np.argsort(last, axis=1), axis=1).mean(axis=0).argmax())
