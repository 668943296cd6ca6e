"""Scores of the members of an ensemble, or of a single model, which is an ensemble of one.

Shapes: M members, N samples, K tasks.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from avq_core.training.checkpoint import TrainedModel
from avq_core.training.device import resolve_precision
from avq_core.training.resident import ResidentSplit
from avq_core.training.scoring import predict


def member_scores(models: Sequence[TrainedModel], split: ResidentSplit) -> npt.NDArray[np.float32]:
    """What each model says of a split that was prepared with their statistics.

    Returns:
        (M, N, K), in the targets' scaled units.
    """
    device = split.targets.device
    return np.stack(
        [
            predict(
                model.network,
                split,
                precision=resolve_precision(model.config.training.precision, device),
            )
            for model in models
        ]
    )
