"""Rules by name; i-epoch, and this project's rule against the pruner that the search uses."""

import dataclasses
from collections.abc import Callable

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from avq_core.errors import ConfigError
from benchmarks.pruners.rules import DEFAULT, IEpoch, parse_rule, replay
from benchmarks.pruners.trials import Trials
from search.pruners.cycle_end import CycleEndPruner
from search.pruners.rule import PruningRule
from studies.records import attributes
from studies.score import Watch


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nobody", "'nobody' names 'nobody', expected one of none, median, halving"),
        ("halving-4", r"expected one of .* \(did you mean halving\?\)"),
        ("halving:eta=1", "'halving:eta=1': eta is 1, expected at least 2"),
        ("median:startup=-1", "startup is -1, expected at least 0"),
        ("median:warmup=-1", "warmup is -1, expected at least 0"),
        ("hyperband:eta=1", "eta is 1, expected at least 2"),
        ("iepoch:epochs=0", "epochs is 0, expected at least 1"),
        ("iepoch:kept=0", "kept is 0, expected at least 1"),
        ("cycle:keep_share=2", r"keep_share is 2.0, expected a share in \(0, 1\)"),
    ],
)
def test_an_unknown_rule_or_setting_is_refused(text: str, message: str) -> None:
    """The message names the option, what was given and what was expected."""
    with pytest.raises(ConfigError, match=f"^--rules: .*{message}"):
        parse_rule(text)


def test_a_rule_takes_each_of_its_settings_by_name() -> None:
    """What is not set keeps the rule's own default."""
    rule = parse_rule("cycle:keep_share=0.25,min_peers=8,noise=0")
    assert rule == PruningRule(keep_share=0.25, min_peers=8, noise=0.0)
    assert parse_rule("cycle") == PruningRule()
    assert parse_rule("iepoch:kept=3") == IEpoch(epochs=5, kept=3)


@pytest.mark.parametrize("name", DEFAULT)
def test_no_rule_completes_a_trial_that_diverges(
    name: str, make_trials: Callable[..., Trials]
) -> None:
    """Nor does any spend more on a study than no pruning and a second pass would."""
    trials = make_trials(3)
    outcome = replay(parse_rule(name), trials)
    assert not outcome.complete[~trials.finishes].any()
    assert (outcome.spent >= 1).all()
    if not name.startswith("iepoch"):
        assert (outcome.spent <= trials.ends).all()
        assert (outcome.spent[outcome.complete] == trials.lengths[outcome.complete]).all()


def ask_the_search(trials: Trials, rule: PruningRule) -> list[int]:
    """Stores every trial's history as the search does, and lets the search's pruner decide."""
    pruner = CycleEndPruner(rule, Watch())
    study = optuna.create_study(direction="maximize", pruner=pruner)
    return [store(study, trials, number) for number in range(len(trials))]


def store(study: optuna.Study, trials: Trials, number: int) -> int:
    """One trial; returns the epochs it took."""
    trial, history = study.ask(), []
    for epoch in range(1, int(trials.lengths[number]) + 1):
        first, second = trials.metrics[number, epoch - 1].tolist()
        if not np.isfinite(first + second):
            break
        judged = epoch in trials.rungs[number]
        r2 = {"cross_modal": first, "overall": second}
        history.append({"epoch": epoch, "r2": r2, "judged": judged})
        if judged:
            if trials.losses is not None:
                history[-1]["losses"] = trials.losses[number][epoch]
            trial.set_user_attr(attributes.HISTORY, history)
            if epoch < trials.lengths[number] and trial.should_prune():
                break
    study.tell(trial, state=TrialState.PRUNED)
    return epoch


@pytest.mark.parametrize("mixed", [False, True], ids=["one length", "two lengths"])
@pytest.mark.parametrize(
    "rule",
    [
        PruningRule(),
        PruningRule(keep_share=0.4, min_peers=4),
        PruningRule(keep_share=0.25, min_peers=8, grace_cycles=1),
        PruningRule(
            min_peers=3, recent=20, max_kept=5, min_kept=2, noise_cycles=0, noise_places=1.5
        ),
        PruningRule(keep_share=0.25, min_peers=8, patience_cycles=2),
    ],
)
def test_our_rule_is_replayed_as_the_search_applies_it(
    rule: PruningRule, mixed: bool, make_trials: Callable[..., Trials]
) -> None:
    """Every trial ends where the search's own pruner ends it."""
    for seed in range(2):
        trials = make_trials(seed, mixed=mixed, epochs=28)
        replayed = replay(rule, trials)
        assert replayed.spent.tolist() == ask_the_search(trials, rule)
        assert 0 < replayed.complete.sum() < trials.finishes.sum()


def test_a_trial_that_is_behind_by_noise_alone_goes_on_in_the_replay_too(
    make_trials: Callable[..., Trials],
) -> None:
    """Where losses by cluster of clips are recorded, the replay uses them as the search does."""
    trials, rng = make_trials(0, epochs=28), np.random.default_rng(0)
    losses = [{r: rng.normal(0, 0.02, 30).tolist() for r in rungs} for rungs in trials.rungs]
    noisy = dataclasses.replace(trials, losses=tuple(losses))
    replayed = replay(PruningRule(), noisy)
    assert replayed.spent.tolist() == ask_the_search(noisy, PruningRule())
    assert replay(PruningRule(), trials).spent.sum() < replayed.spent.sum() < trials.ends.sum()


def test_i_epoch_trains_the_best_of_a_short_pass_again() -> None:
    """Front before score: the best in one metric goes before a trial with a better mean."""
    at_first = np.array([[0.9, 0.9], [0.8, 0.8], [0.0, 1.0], [0.7, np.nan], [0.1, 0.1]])
    trials = Trials.make(
        name="five",
        metrics=np.stack([at_first, at_first, at_first], axis=1),
        lengths=np.full(5, 3),
        rungs=[[1]] * 5,
        watch=Watch(),
    )
    outcome = replay(IEpoch(epochs=2, kept=2), trials)
    assert outcome.complete.tolist() == [True, False, True, False, False]
    assert outcome.spent.tolist() == [2 + 3, 2, 2 + 3, 1, 2]
