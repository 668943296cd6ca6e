"""Methods by name with their settings."""

import pytest

from avq_core.errors import ConfigError
from benchmarks.simulated_search.methods import make_method
from studies.score import Watch


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ours", "expected SAMPLER/RULE"),
        ("ours/best", "names 'best', expected one of none, median, halving, cycle"),
        ("other/none", "names 'other', expected one of optuna, ours"),
        ("ours:num_startup=x/none", "num_startup to 'x', expected a whole number"),
        ("ours:num_startup=-1/none", "num_startup is -1, expected a number >= 0"),
        ("ours:prior=near/none", "prior to 'near', expected true or false"),
        ("optuna:num_startup=5/none", "sets num_startup, but optuna has no settings"),
        ("ours/halving:eta=1", "eta is 1, expected at least 2"),
        ("ours/cycle:keep_share=2", "keep_share is 2.0"),
    ],
)
def test_an_unknown_method_or_setting_is_refused(text: str, message: str) -> None:
    """The message names the option, the method and what was expected."""
    with pytest.raises(ConfigError, match=f"^--methods has '{text}'.*{message}"):
        make_method(text, Watch(), first_rung=2, gain=1.0)


def test_two_processes_share_the_gain() -> None:
    """Optuna's search has the machine to itself; ours trains `gain` epochs in the same time."""
    ours = make_method("ours/none", Watch(), first_rung=2, gain=1.5)
    optuna = make_method("optuna/none", Watch(), first_rung=2, gain=1.5)
    assert (ours.workers, ours.speed) == (2, 0.75)
    assert (optuna.workers, optuna.speed) == (1, 1.0)
