"""Recorded configurations as a space that a sampler can search: what it proposes, the nearest one answers.

Shapes: N configurations, D settings.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

from avq_core.data.files import npz as npz_file
from avq_core.errors import DataError
from benchmarks.replay.curves import Curves, Pair, pair_trials
from benchmarks.replay.trials import BoolArray, FloatArray, Trials
from space.parameters import Float
from space.space import Space

_LAYOUT = "configs (configurations, settings), or the same for every task in front"


@dataclass(frozen=True, kw_only=True, slots=True)
class Landscape:
    """The configurations of a file with their curves on a pair of tasks."""

    trials: Trials
    """Figures are in units in which 0 is the median final one and 1 the distance to the best score's."""
    places: FloatArray
    """(N, D), each setting by its rank in [0, 1]."""
    space: Space
    """The settings as floats, with `start` where the file's other tasks say what is good."""

    def nearest(self, point: FloatArray, free: BoolArray) -> int:
        """The configuration closest to a point (D,) among those that are free (N,)."""
        distances = np.square(self.places - point).sum(axis=1)
        return int(np.where(free, distances, np.inf).argmin())


def read_places(path: Path, num_configs: int) -> FloatArray:
    """What each configuration of a file of curves was set to, by rank within each setting.

    Raises:
        DataError: The file does not say, or says it of another number of configurations.
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
    # The same value is the same place, wherever it stands in the file.
    ranks: FloatArray = rankdata(configs, method="dense", axis=0) - 1.0
    return ranks / np.maximum(ranks.max(axis=0), 1)


def make_landscape(curves: Curves, places: FloatArray, pair: Pair, rungs: list[int]) -> Landscape:
    """A pair of tasks of a file as a landscape.

    Its start is the configuration of the best mean rank over the tasks outside the pair: what somebody
    would begin with who has seen it do well elsewhere. A file without other tasks gives none.

    Args:
        curves: Of the file.
        places: As `read_places` gives them.
        pair: Which tasks play the two figures.
        rungs: The judged epochs.
    """
    (raw,) = pair_trials(curves, [pair], rungs)
    known = raw.final[raw.finishes]
    middle, unit = np.median(known), float(known.max() - np.median(known)) or 1.0
    trials = Trials.make(
        name=raw.name,
        figures=(raw.figures - middle) / unit,
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
    last = np.nan_to_num(curves.figures[others, :, -1], nan=-np.inf)
    return int(np.argsort(np.argsort(last, axis=1), axis=1).mean(axis=0).argmax())
