"""Augmentation of training batches.

Shapes: b clips of a micro-batch, T frames, W frames of the window.
"""

import dataclasses
import math
from dataclasses import dataclass

import torch

from avq_core.training.resident import Batch


@dataclass(frozen=True, slots=True)
class Window:
    """Frames from `start` on, `length` of them."""

    start: int
    length: int


def draw_window(frames: int, *, shortest: int, smallest: float) -> Window | None:
    """Draws one window for all clips of an effective batch, however it is cut into micro-batches.

    Length and place are drawn from torch's default generator.

    Args:
        frames: T, of the padded clips.
        shortest: Real frames of the batch's shortest clip: it keeps at least its last one.
        smallest: Least share of T in a window, in (0, 1].

    Returns:
        A length drawn evenly from `ceil(smallest T)` to T; `None` where nothing is cut.
    """
    least = math.ceil(smallest * frames)
    if least >= frames:
        return None
    length = int(torch.randint(least, frames + 1, ()))
    start = int(torch.randint(0, min(frames - length, shortest - 1) + 1, ()))
    return Window(start, length)


def crop_frames(clips: Batch, window: Window) -> Batch:
    """Cuts a window of frames out of all clips and all of their streams.

    A score is of the whole clip and of each part of it that is long enough; what only holds at
    certain frames of certain clips cannot be learned by heart then. Statistics stay those of the
    whole clips.

    Args:
        clips: Temporal streams of (b, T, D).
        window: Of W frames.

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
