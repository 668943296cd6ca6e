"""The rules that are compared, by name with their settings: `cycle`, `halving:eta=4`."""

from dataclasses import dataclass
from typing import Final

from avq_core.errors import ConfigError
from benchmarks.pruners import peers
from benchmarks.pruners.cycle import replay_cycle
from benchmarks.pruners.trials import Outcome, Trials, in_turn
from benchmarks.settings_text import parse_named
from search.pruners.rule import PruningRule


def _check_min(name: str, value: int, minimum: int) -> None:
    if value < minimum:
        raise ValueError(f"{name} is {value}, expected at least {minimum}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Nothing:
    """Every trial trains to its end, or until it diverges."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Median:
    """Optuna's `MedianPruner`."""

    startup: int = 5
    """Complete trials before anything is stopped, >= 0."""
    warmup: int = 5
    """The first epoch at which a trial can be stopped, >= 0."""

    def __post_init__(self) -> None:
        _check_min("startup", self.startup, 0)
        _check_min("warmup", self.warmup, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Halving:
    """Optuna's `SuccessiveHalvingPruner`."""

    eta: int = 4
    """Reduction factor, at least 2."""

    def __post_init__(self) -> None:
        _check_min("eta", self.eta, 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hyperband:
    """Optuna's `HyperbandPruner`."""

    eta: int = 3
    """Reduction factor, at least 2."""

    def __post_init__(self) -> None:
        _check_min("eta", self.eta, 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class IEpoch:
    """A short first pass over all trials, then the best of them from scratch to their end."""

    epochs: int = 5
    """Of the first pass, at least 1."""
    kept: int = 5
    """Trials that are trained to their end, at least 1."""

    def __post_init__(self) -> None:
        _check_min("epochs", self.epochs, 1)
        _check_min("kept", self.kept, 1)


Rule = Nothing | Median | Halving | Hyperband | IEpoch | PruningRule
KINDS: Final[dict[str, type[Rule]]] = {
    "none": Nothing,
    "median": Median,
    "halving": Halving,
    "hyperband": Hyperband,
    "iepoch": IEpoch,
    "cycle": PruningRule,
}
"""Name to settings; `cycle` is this project's rule, by default as a search uses it."""
NOTHING: Final = "none"
MEDIAN: Final = "median"
DEFAULT: Final = (
    NOTHING, MEDIAN, "halving:eta=4", "halving:eta=3", "hyperband:eta=3", "iepoch:epochs=5,kept=5",
    "iepoch:epochs=10,kept=5", "cycle",
)  # fmt: skip


def parse_rule(text: str) -> Rule:
    """The rule of a text such as `cycle:keep_share=0.25,noise=0`.

    Raises:
        ConfigError: No such rule, or settings that it cannot take.
    """
    try:
        return parse_named(text, KINDS)
    except ConfigError as error:
        raise ConfigError(f"--rules: {error}") from error


def replay(rule: Rule, trials: Trials) -> Outcome:
    """What a rule makes of a study's trials."""
    match rule:
        case Nothing():
            return in_turn(trials, [None] * len(trials))
        case Median(startup=startup, warmup=warmup):
            return peers.median(trials, startup=startup, warmup=warmup)
        case Halving(eta=eta):
            return peers.halving(trials, eta=eta)
        case Hyperband(eta=eta):
            return peers.hyperband(trials, eta=eta)
        case IEpoch(epochs=epochs, kept=kept):
            return peers.iepoch(trials, epochs=epochs, kept=kept)
        case PruningRule():
            return replay_cycle(trials, rule=rule)
