"""Statistics over time: their values, padding, and absent streams."""

import numpy as np
import torch
from torch import Tensor

from avq_core.data.schema import Schema, Stream
from avq_core.model.statistics import StatisticsPath, count_statistics, pooled_statistics

SCHEMA = Schema(
    streams=(
        Stream(name="visual", dim=3, temporal=True, optional=True),
        Stream(name="sync", dim=2, temporal=False),
    ),
    num_frames=6,
    tasks=("x",),
)


def clips() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "visual": torch.randn(4, 6, 3, generator=generator),
        "sync": torch.randn(4, 2, generator=generator),
    }


def test_mean_deviation_and_mean_absolute_difference() -> None:
    """Equal to NumPy's; clip-level streams are unchanged."""
    streams = clips()
    visual = streams["visual"].numpy()
    wanted = np.concatenate(
        [
            visual.mean(axis=1),
            visual.std(axis=1),
            np.abs(np.diff(visual, axis=1)).mean(axis=1),
            streams["sync"].numpy(),
        ],
        axis=1,
    )
    statistics = pooled_statistics(streams, SCHEMA)
    assert statistics.shape == (4, count_statistics(SCHEMA))
    np.testing.assert_allclose(statistics.numpy(), wanted, atol=1e-6)


def test_padding_counts_for_nothing() -> None:
    """A padded clip has the statistics that it has alone, also with one frame."""
    streams = clips()
    lengths = torch.tensor([6, 4, 2, 1])
    for row, length in enumerate(lengths):
        streams["visual"][row, length:] = torch.inf
    statistics = pooled_statistics(streams, SCHEMA, lengths)
    for row, length in enumerate(lengths):
        alone = {
            "visual": streams["visual"][row : row + 1, :length],
            "sync": streams["sync"][row : row + 1],
        }
        torch.testing.assert_close(statistics[row : row + 1], pooled_statistics(alone, SCHEMA))


def test_a_stream_that_a_clip_lacks_changes_neither_fit_nor_score() -> None:
    """Its statistics are NaN, which the path leaves out of the fit and replaces by the mean."""
    streams, present = clips(), {"visual": torch.tensor([True, True, False, True])}
    statistics = pooled_statistics(streams, SCHEMA, None, present)
    assert statistics[2, :9].isnan().all()
    assert statistics[[0, 1, 3]].isfinite().all()
    path = StatisticsPath(SCHEMA, width=4, dropout=0.0, input_dropout=0.0)
    path.fit(statistics)
    torch.testing.assert_close(path.centre[:9], statistics[[0, 1, 3], :9].mean(dim=0))
    scores = path(statistics)
    assert scores.isfinite().all()
    torch.testing.assert_close(scores[2], path(statistics.nan_to_num(nan=0.0).where(~statistics.isnan(),
                                                                               path.centre))[2])  # fmt: skip


def test_a_statistic_that_is_constant_in_train_is_ignored() -> None:
    """Where it differs in other data it must not dominate all others."""
    train = torch.randn(8, count_statistics(SCHEMA), generator=torch.Generator().manual_seed(1))
    train[:, 0] = 7.0
    path = StatisticsPath(SCHEMA, width=4, dropout=0.0, input_dropout=0.0)
    path.fit(train)
    moved = train.clone()
    moved[:, 0] = 1e9
    torch.testing.assert_close(path(moved), path(train))
