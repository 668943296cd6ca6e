"""Cosine annealing with warm restarts, at every step."""

import pytest
import torch

from avq_core.config.optim import OptimConfig
from avq_core.training.schedule import cycle_ends, judged_epochs, learning_rate


@pytest.mark.parametrize(("first", "mult"), [(10, 2), (2, 2), (3, 1), (1, 3)])
def test_schedule_equals_pytorchs_at_fractions_of_epochs(first: int, mult: int) -> None:
    """The same curve as CosineAnnealingWarmRestarts stepped with fractional epochs."""
    optim = OptimConfig(cycle_epochs=first, cycle_mult=mult)
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=optim.lr)
    theirs = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(
        optimiser, T_0=first, T_mult=mult, eta_min=optim.min_lr
    )
    for step in range(25 * 7):
        theirs.step(step / 7)
        assert learning_rate(optim, step // 7, step=step % 7, steps=7) == pytest.approx(
            optimiser.param_groups[0]["lr"], rel=1e-6, abs=1e-10
        )


def test_a_cycle_begins_at_the_peak_and_ends_near_the_floor() -> None:
    """The last step of the manual's first cycle is far below 2.4 % of the peak."""
    optim = OptimConfig()
    assert learning_rate(optim, 0) == optim.lr
    assert learning_rate(optim, 10) == optim.lr
    assert learning_rate(optim, 9, step=31, steps=32) < 0.002 * optim.lr


def test_the_manuals_cycles_end_where_the_manual_says() -> None:
    """10, 30, 70, 150."""
    assert cycle_ends(OptimConfig(), 150) == [10, 30, 70, 150]
    assert cycle_ends(OptimConfig(), 149) == [10, 30, 70]
    assert cycle_ends(OptimConfig(cycle_epochs=2), 14) == [2, 6, 14]


def test_a_run_shorter_than_a_cycle_is_judged_at_its_last_epoch() -> None:
    """No cycle ends, so the last epoch's metrics count."""
    assert judged_epochs(OptimConfig(), 4) == [4]
    assert judged_epochs(OptimConfig(), 12) == [10]


def test_a_warm_up_rises_from_its_first_step_to_the_peak_at_its_last() -> None:
    """Step i of n has i/n of the rate: none is lost at 0. After it the schedule is as without one."""
    warm, cold = OptimConfig(warmup_epochs=2.0), OptimConfig()
    for done in range(8):
        at = {"step": done % 4, "steps": 4}
        ratio = learning_rate(warm, done // 4, **at) / learning_rate(cold, done // 4, **at)
        assert ratio == pytest.approx((done + 1) / 8)
    assert learning_rate(warm, 2) == learning_rate(cold, 2)
    assert learning_rate(warm, 3, step=1, steps=4) == learning_rate(cold, 3, step=1, steps=4)


def test_a_warm_up_shorter_than_a_step_changes_nothing() -> None:
    """The first step is its last."""
    warm, cold = OptimConfig(warmup_epochs=0.1), OptimConfig()
    assert learning_rate(warm, 0, step=0, steps=4) == learning_rate(cold, 0, step=0, steps=4)
