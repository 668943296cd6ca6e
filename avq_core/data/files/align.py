"""Aligns streams of different frame rates, as in the unaligned form of public sets.

Shapes: T frames, D columns of a stream.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def align(samples: Sequence[dict[str, Any]]) -> list[str]:
    """Gives all streams of a sample the frames of its longest one, in place.

    Each new frame is the one that lies nearest in time, if all streams of a sample start and end
    together: of 50 frames in 500, each stands ten times. No value is made up. A stream that never
    has more than one frame is clip-level and stays so.

    Args:
        samples: Stream name to an array (T, D) or (D,) of each sample.

    Returns:
        A line for the user where a sample was changed.
    """
    most: dict[str, int] = {}
    for sample in samples:
        for name, num in _frames(sample).items():
            most[name] = max(most.get(name, 0), num)
    clips = 0
    for sample in samples:
        frames = {name: num for name, num in _frames(sample).items() if most[name] > 1}
        longest = max(frames.values(), default=0)
        short = [name for name, num in frames.items() if 0 < num < longest]
        for name in short:
            centres = (np.arange(longest) + 0.5) * frames[name] / longest
            sample[name] = sample[name][centres.astype(int)]
        clips += bool(short)
    if not clips:
        return []
    shown = ", ".join(f"{name} up to {num}" for name, num in most.items() if num > 1)
    note = (
        f"streams differ in frames ({shown}) in {clips} of {len(samples)} clips: the shorter ones "
        "were stretched to the longest of the clip by repeating frames"
    )
    return [note]


def _frames(sample: Mapping[str, Any]) -> dict[str, int]:
    return {name: len(array) for name, array in sample.items() if array.ndim == 2}
