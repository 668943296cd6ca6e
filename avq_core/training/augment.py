"""Augmentation of training batches: random windows of frames.

Shapes: B clips of an effective batch, b of a micro-batch, T frames, W frames of the widest window.
"""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from avq_core.training.resident import Batch


@dataclass(frozen=True, kw_only=True, slots=True)
class Windows:
    """A run of neighbouring frames of each clip."""

    starts: Tensor
    """(B,) index of each window's first frame."""
    lengths: Tensor | None
    """(B,) frames of each window, at most W; `None` where all have W."""
    width: int
    """W."""

    def split(self, size: int) -> Iterator["Windows"]:
        """The windows of each micro-batch of that many clips."""
        lengths = self.lengths
        for at in range(0, len(self.starts), size):
            part = slice(at, at + size)
            yield Windows(
                starts=self.starts[part],
                lengths=None if lengths is None else lengths[part],
                width=self.width,
            )


def draw_windows(
    num_clips: int,
    lengths: Tensor | None,
    *,
    frames: int,
    min_share: float,
    generator: torch.Generator,
) -> Windows | None:
    """Draws a window of each clip of an effective batch, whatever the micro-batches.

    All clips keep the same share of their own frames, so that clips of one length stay so and need no
    mask; where each window starts is drawn for itself.

    Args:
        num_clips: B.
        lengths: (B,) real frames of each clip; `None` where all have T.
        frames: T of the padded clips.
        min_share: Least share of its real frames that a clip keeps, in (0, 1].
        generator: On the CPU, whatever the device of the clips.

    Returns:
        Windows inside the real frames. W is uniform between `ceil(min_share T)` and T, and a clip of L
        frames keeps `ceil(L W / T)` of them; `None` where W can only be T.
    """
    min_width = math.ceil(min_share * frames)
    if min_width >= frames:
        return None
    width = int(torch.randint(min_width, frames + 1, (), generator=generator))
    where = torch.rand(num_clips, generator=generator, dtype=torch.float64)
    if lengths is None:
        return Windows(starts=(where * (frames - width + 1)).long(), lengths=None, width=width)
    kept = -(-lengths * width // frames)
    starts = (where.to(lengths.device) * (lengths - kept + 1)).long()
    return Windows(starts=starts, lengths=kept, width=width)


def crop_frames(clips: Batch, windows: Windows) -> Batch:
    """Cuts a clip's window out of all of its temporal streams.

    The label of a clip also holds for any long enough part of it, so the network cannot memorise
    single frames. Statistics stay those of the whole clips.

    Args:
        clips: Temporal streams of (b, T, D).
        windows: One for each of the b clips.

    Returns:
        The clips with streams of (b, W, D); what lies behind a shorter window is padding, whatever it
        holds.
    """
    frames = max((x.shape[1] for x in clips.streams.values() if x.dim() == 3), default=1)
    starts = windows.starts.to(clips.targets.device)
    steps = torch.arange(windows.width, device=starts.device)
    in_clip = (starts[:, None] + steps).clamp(max=frames - 1)
    rows = (in_clip + frames * torch.arange(len(starts), device=starts.device)[:, None]).flatten()
    return dataclasses.replace(
        clips,
        streams={
            name: x.flatten(0, 1).index_select(0, rows).view(*in_clip.shape, -1)
            if x.dim() == 3
            else x
            for name, x in clips.streams.items()
        },
        lengths=windows.lengths,
    )
