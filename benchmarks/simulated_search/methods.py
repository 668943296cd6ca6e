"""The methods that are compared, by name with their settings: SAMPLER/RULE, such as `ours/cycle:noise=0`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from optuna.pruners import MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, TPESampler

from avq_core.errors import ConfigError
from benchmarks.pruners import rules
from benchmarks.pruners.rules import Halving, Median, Nothing
from benchmarks.settings_text import parse_named
from benchmarks.simulated_search.rule import PrunerRule, Rule
from search.pruners.cycle_end import CycleEndPruner
from search.pruners.rule import PruningRule
from search.samplers.factory import make_sampler
from space.space import Space
from studies.score import Watch


@dataclass(frozen=True, kw_only=True, slots=True)
class OptunaSampler:
    """Optuna's TPE with its default settings, in one process."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OurSampler:
    """This project's TPE, in two processes."""

    num_startup: int = 0
    """Ended trials before the model proposes; 0 leaves the number to the sampler."""
    prior: bool = True
    """Whether half of the opening trials are drawn near the default; without, all are random."""

    def __post_init__(self) -> None:
        if self.num_startup < 0:
            raise ValueError(f"num_startup is {self.num_startup}, expected a number >= 0")


SAMPLERS: Final[dict[str, type[OptunaSampler | OurSampler]]] = {
    "optuna": OptunaSampler,
    "ours": OurSampler,
}
"""Name to settings."""
RULES: Final = {name: rules.KINDS[name] for name in ("none", "median", "halving", "cycle")}
"""Name to settings, of those that can be simulated."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """How to search."""

    sampler: Callable[[Space, int, int], BaseSampler]
    """For a space, a search's seed and a trial's number."""
    rule: Callable[[], Rule]
    """Makes one for a search."""
    workers: int
    speed: float
    """Epochs that each worker trains in a unit of time."""


def make_method(text: str, watch: Watch, *, first_rung: int, gain: float) -> Method:
    """The method that a text names.

    Args:
        text: SAMPLER/RULE, each a name with its settings.
        watch: The two watched metrics.
        first_rung: The first epoch at which Optuna's pruners are asked.
        gain: Epochs that two processes train while one trains one.

    Raises:
        ConfigError: There is no such method, or a setting is out of range.
    """
    sampler_text, slash, rule_text = text.partition("/")
    if not slash:
        raise ConfigError(f"--methods has {text!r}, expected SAMPLER/RULE, such as ours/cycle")
    try:
        sampler = parse_named(sampler_text, SAMPLERS)
        rule = partial(_make_rule, parse_named(rule_text, RULES), watch, first_rung)
    except ConfigError as error:
        raise ConfigError(f"--methods has {text!r}: {error}") from error
    if isinstance(sampler, OptunaSampler):
        return Method(sampler=_optuna, rule=rule, workers=1, speed=1.0)
    return Method(sampler=partial(_ours, settings=sampler), rule=rule, workers=2, speed=gain / 2)


def _make_rule(rule: rules.Rule, watch: Watch, first_rung: int) -> Rule:
    match rule:
        case Nothing():
            return PrunerRule(NopPruner(), at_rungs_only=False)
        case Median(startup=startup, warmup=warmup):
            median = MedianPruner(n_startup_trials=startup, n_warmup_steps=warmup)
            return PrunerRule(median, at_rungs_only=False)
        case Halving(eta=eta):
            halving = SuccessiveHalvingPruner(min_resource=first_rung, reduction_factor=eta)
            return PrunerRule(halving, at_rungs_only=False)
        case PruningRule():
            return PrunerRule(CycleEndPruner(rule, watch), at_rungs_only=True)
    raise AssertionError(f"{rule} is none of RULES")


def _optuna(_space: Space, seed: int, number: int) -> BaseSampler:
    return TPESampler(seed=1_000 * seed + number)


def _ours(space: Space, seed: int, number: int, *, settings: OurSampler) -> BaseSampler:
    if not settings.prior:
        space = space.changed(start={})
    num_startup = settings.num_startup or None
    return make_sampler("tpe", space, seed=seed, number=number, num_startup=num_startup)
