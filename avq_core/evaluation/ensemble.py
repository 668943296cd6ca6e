"""Scores of an ensemble's members; a single model counts as an ensemble of one.

Shapes: M members, N samples, K tasks.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from avq_core.training.checkpoint import TrainedModel
from avq_core.training.precision import dtype_of, settled
from avq_core.training.resident import ResidentSplit
from avq_core.training.scoring import predict


def member_scores(models: Sequence[TrainedModel], split: ResidentSplit) -> npt.NDArray[np.float32]:
    """Scores a split with each model.

    Args:
        models: The M members.
        split: N samples, prepared with the statistics that the members were trained with.

    Returns:
        (M, N, K), in the scaled units of the targets.
    """
    device = split.targets.device
    return np.stack(
        [
            predict(
                model.network,
                split,
                precision=dtype_of(settled(model.config, model.schema, device)),
            )
            for model in models
        ]
    )
