"""Augmentation of training batches: random windows of frames.

Shapes: b clips of a micro-batch, T frames, W frames of the window.
"""

import dataclasses
import math
from dataclasses import dataclass

import torch

from avq_core.training.resident import Batch


@dataclass(frozen=True, slots=True)
class Window:
    """A run of neighbouring frames."""

    start: int
    """Index of the first frame."""
    length: int
    """Number of frames."""


def draw_window(frames: int, *, shortest: int, min_share: float) -> Window | None:
    """Draws one window for all clips of an effective batch, whatever the micro-batches.

    Length and start are drawn from torch's default generator.

    Args:
        frames: T of the padded clips.
        shortest: Real frames of the shortest clip in the batch; it keeps at least its last frame.
        min_share: Shortest window, as a share of T in (0, 1].

    Returns:
        A window whose length is uniform between `ceil(min_share T)` and T; `None` where that is T.
    """
    min_length = math.ceil(min_share * frames)
    if min_length >= frames:
        return None
    length = int(torch.randint(min_length, frames + 1, ()))
    start = int(torch.randint(0, min(frames - length, shortest - 1) + 1, ()))
    return Window(start, length)


def crop_frames(clips: Batch, window: Window) -> Batch:
    """Cuts the same window of frames out of all clips and all of their temporal streams.

    The label of a clip also holds for any long enough part of it, so the network cannot memorise
    single frames. Statistics stay those of the whole clips.

    Args:
        clips: Temporal streams of (b, T, D).
        window: The window, of W frames.

    Returns:
        The clips with streams of (b, W, D).
    """
    start, lengths = window.start, clips.lengths
    return dataclasses.replace(
        clips,
        streams={
            name: x[:, start : start + window.length] if x.dim() == 3 else x
            for name, x in clips.streams.items()
        },
        lengths=None if lengths is None else (lengths - start).clamp(max=window.length),
    )
