"""Statistics over time: what they are, and what they leave out."""

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
    """As NumPy has them; clip-level streams as they are."""
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
    found = pooled_statistics(streams, SCHEMA)
    assert found.shape == (4, count_statistics(SCHEMA))
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-6)


def test_padding_counts_for_nothing() -> None:
    """A short clip among long ones has the statistics that it has alone, one frame included."""
    streams = clips()
    lengths = torch.tensor([6, 4, 2, 1])
    for row, length in enumerate(lengths):
        streams["visual"][row, length:] = torch.inf
    found = pooled_statistics(streams, SCHEMA, lengths)
    for row, length in enumerate(lengths):
        alone = {
            "visual": streams["visual"][row : row + 1, :length],
            "sync": streams["sync"][row : row + 1],
        }
        torch.testing.assert_close(found[row : row + 1], pooled_statistics(alone, SCHEMA))


def test_a_stream_that_a_clip_lacks_is_not_known_and_says_nothing() -> None:
    """NaN in the statistics; what stands in its place changes neither fit nor score."""
    streams, present = clips(), {"visual": torch.tensor([True, True, False, True])}
    found = pooled_statistics(streams, SCHEMA, None, present)
    assert found[2, :9].isnan().all()
    assert found[[0, 1, 3]].isfinite().all()
    path = StatisticsPath(SCHEMA, width=4, dropout=0.0, input_dropout=0.0)
    path.fit(found)
    torch.testing.assert_close(path.centre[:9], found[[0, 1, 3], :9].mean(dim=0))
    scores = path(found)
    assert scores.isfinite().all()
    torch.testing.assert_close(scores[2], path(found.nan_to_num(nan=0.0).where(~found.isnan(),
                                                                               path.centre))[2])  # fmt: skip


def test_a_statistic_that_never_varies_says_nothing_elsewhere() -> None:
    """A column constant in train must not drown all else where it is not."""
    train = torch.randn(8, count_statistics(SCHEMA), generator=torch.Generator().manual_seed(1))
    train[:, 0] = 7.0
    path = StatisticsPath(SCHEMA, width=4, dropout=0.0, input_dropout=0.0)
    path.fit(train)
    moved = train.clone()
    moved[:, 0] = 1e9
    torch.testing.assert_close(path(moved), path(train))
