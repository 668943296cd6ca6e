"""Small synthetic curves, and a small finished study."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import optuna
import pytest
from learning_curves import synthetic_losses
from optuna.trial import FrozenTrial, TrialState, create_trial

from benchmarks.pruners.trials import Trials
from studies.records import attributes
from studies.score import Watch


@pytest.fixture
def make_trials() -> Callable[..., Trials]:
    """Trials of random curves; on a grid, so that scores tie; of one length, or of several."""

    def make(seed: int, *, num: int = 40, epochs: int = 20, mixed: bool = False) -> Trials:
        rng = np.random.default_rng(seed)
        losses = np.round(synthetic_losses(rng, 2, num, epochs + 1)[:, :, 1:], 2)
        lengths = rng.choice([epochs, epochs // 2], num) if mixed else np.full(num, epochs)
        return Trials.make(
            name=f"synthetic {seed}",
            metrics=-np.moveaxis(losses, 0, 2),
            lengths=lengths,
            rungs=[[2, 6, 14]] * num,
            watch=Watch(),
        )

    return make


@pytest.fixture
def curves_file(tmp_path: Path) -> Path:
    """Three tasks, 40 configurations, 16 epochs."""
    losses = synthetic_losses(np.random.default_rng(0), 3, 40, 17).astype(np.float32)
    path = tmp_path / "curves.npz"
    np.savez(path, valid_loss=losses, tasks=np.array(["a", "b", "c"]), configs=np.zeros((3, 40, 2)))
    return path


def make_trial(level: float, state: TrialState, *, baseline: bool = False) -> FrozenTrial:
    """A trial whose R² rises to a level in six epochs; pruned after two of them."""
    epochs = 6 if state == TrialState.COMPLETE else 2
    history = [
        {
            "epoch": epoch,
            "r2": {"lips": None, "sync": level * epoch / 6, "all": level * epoch / 12},
            "judged": epoch in {2, 6},
        }
        for epoch in range(1, epochs + 1)
    ]
    score = level * 0.875
    noted = {attributes.HISTORY: history, attributes.BASELINE: baseline}
    noted[attributes.METRICS] = {"epoch": epochs, "score": score, "r2": {}, "num_labels": {}}
    value = score if state == TrialState.COMPLETE else None
    return create_trial(state=state, value=value, user_attrs=noted)


def finished_study(complete: int) -> optuna.Study:
    """That many complete trials, a manual baseline and two pruned ones."""
    study = optuna.create_study(direction="maximize", study_name="stored")
    study.set_user_attr(attributes.WATCH, ["sync", "all"])
    settings = {"watch": {"cross_modal_weight": 0.75}}
    study.set_user_attr(attributes.IDENTITY, {"data": "d", "space": "s", "settings": settings})
    study.add_trial(make_trial(9.0, TrialState.COMPLETE, baseline=True))
    for number in range(complete):
        study.add_trial(make_trial(number / 10, TrialState.COMPLETE))
    for _ in range(2):
        study.add_trial(make_trial(0.1, TrialState.PRUNED))
    return study


@pytest.fixture
def make_study() -> Callable[[int], optuna.Study]:
    """`finished_study`, called with its number of complete trials."""
    return finished_study
