"""The settings of a search, those of `python -m search.run` and of `run_search`.

Imports nothing heavy, so that the command's `--help` is quick.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from avq_core.bounds import Bounds
from avq_core.errors import ConfigError
from studies.names import EXPECTED, PREPARED, is_name

OBJECTIVES: Final = ("score", "pareto")
PRUNERS: Final = ("cycle", "iepoch", "halving", "hyperband", "median", "none")
SAMPLERS: Final = ("tpe", "gp", "cmaes", "random", "qmc")
STOP_RULES: Final = ("never", "auto")
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "objective": OBJECTIVES,
    "pruner": PRUNERS,
    "sampler": SAMPLERS,
    "stop": STOP_RULES,
}
"""Settings that take one of a few names."""
BOUNDS: Final[Mapping[str, Bounds]] = {
    "trials": Bounds(minimum=1),
    "store_limit": Bounds(minimum=0, integral=False),
    "epochs": Bounds(minimum=1),
    "baseline_epochs": Bounds(minimum=1),
    "workers": Bounds(minimum=1, maximum=1024),
    "audit_share": Bounds(minimum=0, maximum=1, integral=False),
    "confirm": Bounds(minimum=0),
    "timeout": Bounds(minimum=0, integral=False),
    "seed": Bounds(minimum=0),
}
"""Settings that are numbers."""
_OPTIONAL: Final = frozenset({"store_limit", "epochs", "baseline_epochs", "workers", "timeout"})
"""Those of them that may be `None`."""
_NOT_TEXT: Final[Mapping[str, str]] = {
    "layout": "a pathlib.Path",
    "runs": "a pathlib.Path",
    "devices": "a tuple such as ('cpu',)",
    "enqueue": "a tuple such as ('best.yaml',)",
    "watch": "a tuple such as ('cross_modal', 'overall')",
    "score_weights": "a tuple such as (0.5, 0.5)",
}
"""Settings that are no text, and what they are."""
_FOR_TWO_OBJECTIVES: Final[Mapping[str, tuple[str, ...]]] = {
    # Not iepoch: it prunes nearly all trials, and without values TPE cannot tell good from bad.
    "pruner": ("cycle", "none"),
    "sampler": ("tpe", "random", "qmc"),
    "stop": ("never",),
}
"""What works in a study of two objectives, whose trials report no single value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The user's settings of a search; the defaults are the command's.

    Checks that need the data or the machine are made when the search starts.

    Raises:
        ConfigError: A value out of its range, or two that do not go together.
    """

    data: str | None = None
    """A file (.pkl, .npz, .safetensors) or `demo`; `None` for datasets/ac.pkl if it exists, else
    `demo`."""
    layout: Path | None = None
    """YAML with names, label ranges and PCA widths of the data; `None` for the default layout."""
    study: str | None = None
    """The study's name; `None` joins the names of the data and the space."""
    storage: str | None = field(default=None, repr=False)
    """SQLAlchemy URL of the study's database; `None` for SQLite at RUNS/STUDY/study.db."""
    runs: Path = Path("runs")
    """Folder of all results."""
    store_limit: float | None = None
    """GB that all prepared data under RUNS/prepared may take, >= 0; `None` for the free disk."""
    space: str = "auto"
    """A preset's name or a YAML file; `auto` is extended with a GPU and extended-small without."""
    trials: int = 200
    """Finished trials of the study in all, over all workers and all runs; >= 1."""
    epochs: int | None = None
    """Upper bound for each trial, >= 1; a run ends with its last whole cosine cycle. `None` for the
    space's."""
    baseline_epochs: int | None = None
    """Upper bound for the manual baseline, >= 1; `None` for a trial's, and on a CPU for its first
    cycle."""
    workers: int | None = None
    """Worker processes, 1 to 1024; `None` for one on each CPU core, or up to 8 on each GPU."""
    devices: tuple[str, ...] | None = None
    """`cpu`, or CUDA devices such as `cuda:0`; `None` for all GPUs, or the CPU without one."""
    objective: str = "score"
    """`score` (the weighted mean of both watched R²) or `pareto` (both as separate objectives)."""
    pruner: str = "cycle"
    """One of `PRUNERS`."""
    audit_share: float = 0.03
    """Share of trials that run on when the pruner would stop them, to check the pruner; in [0, 1]."""
    sampler: str = "tpe"
    """One of `SAMPLERS`."""
    warm_start: str | None = None
    """A study under the same `runs` or `storage` whose best points are tried first; `None` for none."""
    enqueue: tuple[str, ...] = ()
    """Files of configurations (such as best.yaml) to try first."""
    stop: str = "never"
    """`auto` ends the study when more trials would gain too little (`search.stopping`); `never` does not."""
    watch: tuple[str, ...] | None = None
    """The tasks watched as cross-modal and overall; one serves as both. `None` for the tasks of these
    names, or for the only task of the data."""
    score_weights: tuple[float, float] = (0.5, 0.5)
    """Weights of the two watched R² in the score, in that order; >= 0, not both 0."""
    confirm: int = 3
    """Candidates that are re-trained beside the manual baseline before the test split is opened;
    0 does neither."""
    timeout: float | None = None
    """Seconds after which no trial is started, >= 0; `None` for no limit."""
    seed: int = 0
    """The seed from which all of the study's seeds are derived, >= 0."""

    def __post_init__(self) -> None:
        _check_kinds(self)
        _check_numbers(self)
        _check_names(self)
        _check_watched(self)
        if self.objective == "pareto":
            _check_two_objectives(self)
        if self.pruner == "iepoch":
            _check_iepoch(self)


def _check_kinds(settings: Settings) -> None:
    """Text where a path or several values are expected, which would fail far from here."""
    for name, expected in _NOT_TEXT.items():
        value = getattr(settings, name)
        if isinstance(value, str):
            raise ConfigError(f"`{name}` is {value!r}, expected {expected}")


def _check_numbers(settings: Settings) -> None:
    for name, bounds in BOUNDS.items():
        value = getattr(settings, name)
        if not bounds.hold(value) and not (value is None and name in _OPTIONAL):
            raise ConfigError(f"`{name}` is {value!r}, expected {bounds}")


def _check_names(settings: Settings) -> None:
    for name, choices in CHOICES.items():
        value = getattr(settings, name)
        if value not in choices:
            raise ConfigError(f"`{name}` is {value!r}, expected one of {', '.join(choices)}")
    if settings.study is not None and "://" in settings.study:
        # Not repeated: it may hold a password.
        raise ConfigError("`study` is a URL, expected a name; give the URL with `storage`")
    if settings.study is not None and not is_name(settings.study):
        raise ConfigError(
            f"`study` is {settings.study!r}, expected {EXPECTED}, and not {PREPARED!r}, where the "
            "prepared data lies"
        )


def _check_watched(settings: Settings) -> None:
    watch, weights = settings.watch, settings.score_weights
    if watch is not None and (len(watch) not in (1, 2) or not all(watch)):
        raise ConfigError(
            f"`watch` is {','.join(watch)!r}, expected two tasks such as cross_modal,overall, or one"
        )
    finite = Bounds(minimum=0, integral=False)
    if len(weights) != 2 or not all(map(finite.hold, weights)) or not sum(weights) > 0:
        given = ",".join(f"{weight:g}" for weight in weights)
        raise ConfigError(
            f"`score_weights` is {given!r}, expected two numbers >= 0, not both 0, such as 0.5,0.5"
        )


def _check_two_objectives(settings: Settings) -> None:
    for name, fitting in _FOR_TWO_OBJECTIVES.items():
        value = getattr(settings, name)
        if value not in fitting:
            raise ConfigError(
                f"`{name}` is {value!r}, which needs a single objective; "
                f"`objective` pareto takes {', '.join(fitting)}"
            )


def _check_iepoch(settings: Settings) -> None:
    """`iepoch` trains its best trials to their end last, so the study must reach its total."""
    if settings.stop != "never":
        raise ConfigError(f"`stop` is {settings.stop!r}, expected never with `pruner` iepoch")
    if settings.timeout is not None:
        raise ConfigError(
            f"`timeout` is {settings.timeout:g}, expected none with `pruner` iepoch, which finishes "
            "its best trials at the end; give fewer `trials`"
        )
