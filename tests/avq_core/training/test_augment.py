"""Augmentation: a random window of each clip's own frames."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from avq_core.config.model import ModelConfig
from avq_core.data.schema import Schema, Stream
from avq_core.model.network import Network
from avq_core.training.augment import Windows, crop_frames, draw_windows
from avq_core.training.resident import Batch
from avq_core.training.scoring import scores_of


def batch(lengths: list[int] | None = None, *, clips: int = 3, frames: int = 10) -> Batch:
    """Streams whose values are their frame's number, plus a hundred times their clip's."""
    values = torch.arange(float(frames)) + 100 * torch.arange(float(clips))[:, None]
    of_frames = values[:, :, None].expand(clips, frames, 2).clone()
    return Batch(
        streams={"a": of_frames, "b": 0.5 + of_frames, "clip": torch.ones(clips, 4)},
        targets=torch.zeros(clips, 1),
        lengths=None if lengths is None else torch.tensor(lengths),
        present={},
    )


def drawn(lengths: list[int] | None, share: float, *, seed: int, frames: int = 10) -> Windows:
    windows = draw_windows(
        3 if lengths is None else len(lengths),
        None if lengths is None else torch.tensor(lengths),
        frames=frames,
        min_share=share,
        generator=torch.Generator().manual_seed(seed),
    )
    assert windows is not None
    return windows


def test_clips_of_one_length_keep_windows_of_one_length_each_from_its_own_start() -> None:
    """Neighbouring frames, between `min_share` of them and all, the same in all streams of a clip."""
    widths, starts = set(), set()
    for seed in range(100):
        cut = crop_frames(batch(), drawn(None, 0.55, seed=seed))
        a = cut.streams["a"]
        widths.add(a.shape[1])
        torch.testing.assert_close(cut.streams["b"], a + 0.5)
        assert (a[:, 1:] - a[:, :-1] == 1).all()
        assert (a // 100 == torch.arange(3.0)[:, None, None]).all()
        assert cut.streams["clip"].shape == (3, 4)
        assert cut.lengths is None
        starts.add(tuple((a[:, 0, 0] % 100).tolist()))
    assert widths == {6, 7, 8, 9, 10}
    assert any(len(set(of_clips)) == 3 for of_clips in starts)


@given(
    st.integers(1, 150).flatmap(
        lambda frames: st.tuples(
            st.just(frames), st.lists(st.integers(1, frames), min_size=1, max_size=8)
        )
    ),
    st.floats(0.01, 1.0),
    st.integers(0, 999),
)
def test_every_clip_keeps_the_promised_share_of_its_own_frames(
    sizes: tuple[int, list[int]], share: float, seed: int
) -> None:
    """However short it is beside the others; nothing of the padding is in a window."""
    frames, lengths = sizes
    if math.ceil(share * frames) >= frames:
        return
    windows = drawn(lengths, share, seed=seed, frames=frames)
    cut = crop_frames(batch(lengths, clips=len(lengths), frames=frames), windows)
    assert cut.lengths is not None
    for clip, (length, kept) in enumerate(zip(lengths, cut.lengths.tolist(), strict=True)):
        assert share * length <= kept <= length
        seen = cut.streams["a"][clip, :kept, 0] - 100 * clip
        assert (seen[1:] - seen[:-1] == 1).all()
        assert seen[0] >= 0
        assert seen[-1] < length


def test_the_same_seed_draws_the_same_windows() -> None:
    """And another one others; nothing is drawn from a generator that others use."""
    state = torch.get_rng_state()
    first, again, other = (drawn([10, 8, 6], 0.3, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.starts, again.starts)
    assert first.width == again.width
    assert not (torch.equal(first.starts, other.starts) and first.width == other.width)
    assert torch.equal(torch.get_rng_state(), state)


def test_micro_batches_get_the_windows_of_their_clips() -> None:
    """However the effective batch is cut."""
    clips = batch([10, 4, 7])
    windows = drawn([10, 4, 7], 0.5, seed=3)
    whole = crop_frames(clips, windows)
    parts = list(windows.split(2))
    assert [len(part.starts) for part in parts] == [2, 1]
    for row, part in ((slice(0, 2), parts[0]), (slice(2, 3), parts[1])):
        assert clips.lengths is not None
        piece = Batch(
            streams={name: x[row] for name, x in clips.streams.items()},
            targets=clips.targets[row],
            lengths=clips.lengths[row],
            present={},
        )
        assert torch.equal(crop_frames(piece, part).streams["a"], whole.streams["a"][row])
        assert whole.lengths is not None
        assert torch.equal(part.lengths, whole.lengths[row])  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [1.0, 0.95])
def test_all_frames_are_no_augmentation(share: float) -> None:
    """Then no random number is drawn, so that runs without augmentation stay the same."""
    generator = torch.Generator().manual_seed(0)
    state = generator.get_state()
    windows = draw_windows(3, None, frames=10, min_share=share, generator=generator)
    assert windows is None
    assert torch.equal(generator.get_state(), state)


PARTS: list[dict[str, object]] = [
    {"positions": "learned"},
    {"positions": "sinusoidal", "pooling": "attention"},
    {"pooling": "mean_std", "frame_stride": 3},
    {"max_lag": 2, "lag_contents": True, "lag_powers": True},
    {"fusion": "attention", "norm_first": True},
]


@pytest.mark.parametrize("parts", PARTS, ids="-".join)
def test_a_clip_scores_through_its_window_as_a_clip_of_those_frames_alone(
    parts: dict[str, object], make_schema: Callable[[], Schema]
) -> None:
    """Positions, lags, attention, averaged frames and pooling see nothing outside of a clip's window."""
    torch.manual_seed(0)
    schema = make_schema()
    config = ModelConfig(hidden_dim=16, num_layers=1, num_heads=2, **parts)  # type: ignore[arg-type]
    network = Network(config, schema).eval()
    lengths = [10, 4, 7]
    streams = {name: torch.randn(3, 10, 5) for name in ("audio", "visual")}
    clips = Batch(
        streams=streams, targets=torch.zeros(3, 1), lengths=torch.tensor(lengths), present={}
    )
    windows = drawn(lengths, 0.4, seed=5)
    assert windows.lengths is not None
    assert windows.width < 10
    with torch.inference_mode():
        scores = scores_of(network, crop_frames(clips, windows))
        for clip, (start, kept) in enumerate(
            zip(windows.starts.tolist(), windows.lengths.tolist(), strict=True)
        ):
            own = {name: x[clip : clip + 1, start : start + kept] for name, x in streams.items()}
            torch.testing.assert_close(network(own), scores[clip : clip + 1], atol=1e-5, rtol=1e-4)


@pytest.fixture
def make_schema() -> Callable[[], Schema]:
    """Two temporal streams of ten frames, one task."""

    def make() -> Schema:
        temporal = [Stream(name=name, dim=5, temporal=True) for name in ("audio", "visual")]
        return Schema(streams=tuple(temporal), num_frames=10, tasks=("overall",))

    return make
