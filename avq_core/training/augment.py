"""Augmentation of training batches.

Shapes: b clips of a micro-batch, T frames, W frames of the window.
"""

import dataclasses
import math

import torch

from avq_core.training.resident import Batch


def crop_frames(clips: Batch, smallest: float) -> Batch:
    """Cuts one window of frames out of all clips of a micro-batch and all of their streams.

    A score is of the whole clip and of each part of it that is long enough; what only holds at
    certain frames of certain clips cannot be learned by heart then. Length and place are drawn from
    torch's default generator. Statistics stay those of the whole clips.

    Args:
        clips: Temporal streams of (b, T, D).
        smallest: Least share of T in a window, in (0, 1].

    Returns:
        The clips with streams of (b, W, D), W drawn evenly from `ceil(smallest T)` to T.
    """
    frames = max((x.shape[1] for x in clips.streams.values() if x.dim() == 3), default=1)
    least = math.ceil(smallest * frames)
    if least >= frames:
        return clips
    window = int(torch.randint(least, frames + 1, ()))
    # A clip that is shorter than others keeps at least its last frame.
    shortest = frames if clips.lengths is None else int(clips.lengths.min())
    start = int(torch.randint(0, min(frames - window, shortest - 1) + 1, ()))
    lengths = clips.lengths
    return dataclasses.replace(
        clips,
        streams={
            name: x[:, start : start + window] if x.dim() == 3 else x
            for name, x in clips.streams.items()
        },
        lengths=None if lengths is None else (lengths - start).clamp(max=window),
    )
