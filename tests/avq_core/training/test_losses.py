"""The masked loss, by its properties."""

import numpy as np
import torch
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from avq_core.training.losses import masked_mse, observed_counts

SIZES = st.tuples(st.integers(1, 12), st.integers(1, 4), st.integers(0, 2**31))


def draw(rows: int, tasks: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    targets = rng.random((rows, tasks)).astype(np.float32)
    targets[rng.random(targets.shape) < 0.4] = np.nan
    scores = torch.tensor(rng.random((rows, tasks)), dtype=torch.float32, requires_grad=True)
    return scores, torch.from_numpy(targets), torch.tensor(rng.random(tasks), dtype=torch.float32)


@settings(max_examples=examples(80))
@given(SIZES)
def test_loss_is_the_weighted_sum_of_means_over_observed_labels(
    sizes: tuple[int, int, int],
) -> None:
    """It equals the formula written out in NumPy."""
    scores, targets, weights = draw(*sizes)
    expected = 0.0
    for k in range(targets.shape[1]):
        seen = np.isfinite(targets[:, k].numpy())
        if seen.any():
            error = scores.detach().numpy()[seen, k] - targets[:, k].numpy()[seen]
            expected += float(weights[k]) * float(np.mean(error**2))
    loss = masked_mse(scores, targets, observed_counts(targets), weights)
    np.testing.assert_allclose(loss.item(), expected, rtol=1e-4, atol=1e-6)


@settings(max_examples=examples(80))
@given(SIZES, st.integers(1, 5))
def test_micro_batches_add_up_to_the_batch(sizes: tuple[int, int, int], micro: int) -> None:
    """Loss and gradient do not depend on how the effective batch was cut."""
    scores, targets, weights = draw(*sizes)
    counts = observed_counts(targets)
    (whole_gradient,) = torch.autograd.grad(masked_mse(scores, targets, counts, weights), scores)
    pieces = [
        masked_mse(s, t, counts, weights)
        for s, t in zip(scores.split(micro), targets.split(micro), strict=True)
    ]
    total = torch.stack(pieces).sum()
    (gradient,) = torch.autograd.grad(total, scores)
    torch.testing.assert_close(gradient, whole_gradient, atol=1e-6, rtol=1e-5)


@settings(max_examples=examples(80))
@given(SIZES)
def test_missing_labels_have_no_gradient_and_no_nan(sizes: tuple[int, int, int]) -> None:
    """NaN never reaches the gradient, and a score without a label gets none."""
    scores, targets, weights = draw(*sizes)
    loss = masked_mse(scores, targets, observed_counts(targets), weights)
    (gradient,) = torch.autograd.grad(loss, scores)
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient).all()
    assert (gradient[~torch.isfinite(targets)] == 0).all()


def test_batch_without_any_label_costs_nothing() -> None:
    """The no-labels result is defined: zero, with a zero gradient."""
    scores = torch.ones(3, 2, requires_grad=True)
    targets = torch.full((3, 2), float("nan"))
    loss = masked_mse(scores, targets, observed_counts(targets), torch.ones(2))
    loss.backward()
    assert loss.item() == 0
    assert scores.grad is not None
    assert (scores.grad == 0).all()


def test_an_infinite_score_gives_a_non_finite_loss() -> None:
    """The loop stops on it, so it must not be masked."""
    targets = torch.tensor([[0.5]])
    scores = torch.tensor([[float("inf")]])
    loss = masked_mse(scores, targets, observed_counts(targets), torch.ones(1))
    assert not torch.isfinite(loss)
