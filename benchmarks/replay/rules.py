"""The rules that are compared, by name with their numbers: `halving-4`, `iepoch-5-5`, `cycle`."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np

from avq_core.errors import ConfigError
from benchmarks.replay.ours import cycle
from benchmarks.replay.peers import halving, hyperband, median
from benchmarks.replay.trials import Outcome, Trials, in_turn
from search.pruners.rule import PruningRule
from studies.fronts import front_numbers

Rule = Callable[[Trials], Outcome]
NOTHING: Final = "none"
MEDIAN: Final = "median-5-5"
DEFAULT: Final = (
    NOTHING, MEDIAN, "halving-4", "halving-3", "hyperband-3", "iepoch-5-5", "iepoch-10-5", "cycle",
)  # fmt: skip


def make_rule(name: str) -> Rule:
    """The rule of a name.

    `median-5-5` is Optuna's median rule after 5 complete trials and from epoch 5 on; `halving-4` and
    `hyperband-3` are Optuna's with that reduction factor; `iepoch-5-5` trains all trials for 5 epochs
    and then the best 5 to their end; `cycle` is this project's rule as the search uses it, and
    `cycle-0.25-8-0-1-40-10-1-2-1.5` the same with that share kept, fewest peers, cycles of grace and of
    patience, recent trials looked at, most and least places that go on, cycles in which noise spares
    and up to how many times those places, of which the last ones can be left out.

    Raises:
        ConfigError: No such rule, or numbers that it cannot take.
    """
    kind, *texts = name.split("-")
    try:
        if kind == "cycle":
            return partial(cycle, rule=cycle_rule(name))
        if kind in _KINDS:
            replay, least = _KINDS[kind]
            values = map(int, texts)
            numbers = {key: _at_least(least[key], v) for key, v in zip(least, values, strict=True)}
            return partial(replay, **numbers)
    except ValueError as error:
        raise ConfigError(f"--rules holds {name!r} ({error}), expected {_EXPECTED}") from error
    raise ConfigError(f"--rules holds {name!r}, expected {_EXPECTED}")


def cycle_rule(name: str) -> PruningRule:
    """This project's rule with the numbers of a name such as `cycle-0.25-8`; see `make_rule`.

    Raises:
        ValueError: Numbers that it cannot take.
    """
    texts = name.split("-")[1:]
    if len(texts) > len(_CYCLE):
        raise ValueError(f"{len(texts)} numbers")
    settings = zip(_CYCLE.items(), texts, strict=False)
    return PruningRule(**{field: read(text) for (field, read), text in settings})


def _at_least(least: int, value: int) -> int:
    if value < least:
        raise ValueError(f"{value} is below {least}")
    return value


def nothing(trials: Trials) -> Outcome:
    """Every trial runs to its end or until it diverges."""
    return in_turn(trials, [None] * len(trials))


def iepoch(trials: Trials, *, first: int, kept: int) -> Outcome:
    """All trials for a few epochs, then the best of them from scratch to their end.

    The i-epoch baseline of Egele et al. (2024), "The unreasonable effectiveness of early discarding
    after one epoch", as `search.pruners.first_rung` has it: by non-dominated front of both figures, then by
    score; from scratch, since a trial that has ended cannot be taken up again.

    Args:
        trials: N of them.
        first: Epochs of the first pass.
        kept: Trials of the second.
    """
    spent = np.minimum(trials.ends, first)
    rows = np.arange(len(trials))
    score = trials.score[rows, spent - 1]
    survivors = np.flatnonzero(np.isfinite(score))
    figures = trials.figures[survivors, spent[survivors] - 1].tolist()
    fronts = front_numbers([(one, other) for one, other in figures])
    best = survivors[np.lexsort((-score[survivors], fronts))[:kept]]
    chosen = np.isin(rows, best)
    return Outcome(
        spent=spent + np.where(chosen, trials.ends, 0), complete=trials.finishes & chosen
    )


_KINDS: Final[dict[str, tuple[Callable[..., Outcome], dict[str, int]]]] = {
    "none": (nothing, {}),
    "median": (median, {"startup": 0, "warmup": 0}),
    "halving": (halving, {"eta": 2}),
    "hyperband": (hyperband, {"eta": 2}),
    "iepoch": (iepoch, {"first": 1, "kept": 1}),
}
"""Kind to its replay, and its numbers with the least that each may be."""
_CYCLE: Final[dict[str, Callable[[str], Any]]] = {
    "keep_share": float,
    "min_peers": int,
    "grace_cycles": int,
    "patience_cycles": int,
    "recent": int,
    "most_kept": int,
    "least_kept": int,
    "noise_cycles": int,
    "spared": float,
}
CYCLE_RULE: Final = "cycle or cycle-SHARE-PEERS-GRACE-PATIENCE-RECENT-MOST-LEAST-NOISE-SPARED"
"""How a name for `cycle_rule` is made."""
_EXPECTED: Final = (
    "none, median-STARTUP-WARMUP, halving-ETA, hyperband-ETA, iepoch-FIRST-KEPT, " + CYCLE_RULE
)
