"""Augmentation: random windows of frames."""

import pytest
import torch

from avq_core.training.augment import Window, crop_frames, draw_window
from avq_core.training.resident import Batch


def batch(lengths: list[int] | None = None) -> Batch:
    frames = torch.arange(10.0)[None, :, None].expand(3, 10, 2)
    return Batch(
        streams={"a": frames, "b": 100 + frames, "clip": torch.ones(3, 4)},
        targets=torch.zeros(3, 1),
        lengths=None if lengths is None else torch.tensor(lengths),
        present={},
    )


def cropped(clips: Batch, share: float) -> Batch:
    shortest = 10 if clips.lengths is None else int(clips.lengths.min())
    window = draw_window(10, shortest=shortest, min_share=share)
    assert window is not None
    return crop_frames(clips, window)


def test_all_streams_keep_the_same_window() -> None:
    """Neighbouring frames, between `min_share` of them and all; clip-level streams are unchanged."""
    torch.manual_seed(0)
    widths = set()
    for _ in range(200):
        cut = cropped(batch(), 0.55).streams
        widths.add(cut["a"].shape[1])
        torch.testing.assert_close(cut["b"] - cut["a"], torch.full_like(cut["a"], 100.0))
        assert (cut["a"][:, 1:] - cut["a"][:, :-1] == 1).all()
        assert cut["clip"].shape == (3, 4)
    assert widths == {6, 7, 8, 9, 10}


def test_short_clips_keep_a_frame() -> None:
    """However late the window starts; the new lengths count the real frames in it."""
    torch.manual_seed(0)
    for _ in range(200):
        cut = cropped(batch([10, 2, 5]), 0.3)
        assert cut.lengths is not None
        start, window = int(cut.streams["a"][0, 0, 0]), cut.streams["a"].shape[1]
        assert cut.lengths.tolist() == [min(n - start, window) for n in (10, 2, 5)]
        assert int(cut.lengths.min()) >= 1


@pytest.mark.parametrize("share", [1.0, 0.95])
def test_all_frames_are_no_augmentation(share: float) -> None:
    """Then no random number is drawn, so that runs without augmentation stay the same."""
    state = torch.get_rng_state()
    assert draw_window(10, shortest=10, min_share=share) is None
    assert torch.equal(torch.get_rng_state(), state)


def test_the_window_is_where_it_was_drawn() -> None:
    """It begins at its start and has its length."""
    assert crop_frames(batch(), Window(2, 3)).streams["a"][0, :, 0].tolist() == [2.0, 3.0, 4.0]
