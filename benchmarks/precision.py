"""From which size on is a network faster in bf16 on this CPU?

Trains networks of several sizes on noise in the default schema's shape, one step in fp32 and one in bf16 in
turn, and prints the median of the ratios turn by turn beside what `precision: auto` takes here.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import torch

from avq_core.cli import CommandParser, integer
from avq_core.config.presets import manual, recommended
from avq_core.config.training import TrainConfig
from avq_core.config.values import with_values
from avq_core.data.preprocessing.splits import SearchSplits
from avq_core.display.tables import text_table
from avq_core.run_command import run_command
from avq_core.training.loop import EpochRecord, fit
from avq_core.training.precision import cpu_bf16, settled, work_per_frame
from avq_core.training.resident import ResidentSplits, splits_to_device
from benchmarks.throughput import default_schema, make_split

_CPU: Final = torch.device("cpu")


def networks() -> Mapping[str, TrainConfig]:
    """The named configurations, and networks between them."""
    wide, narrow = manual(), recommended()

    def of_width(base: TrainConfig, width: int, layers: int, scale: float) -> TrainConfig:
        size = {"hidden_dim": width, "num_layers": layers, "num_heads": 4, "embedder_scale": scale}
        return with_values(base, {f"model.{name}": value for name, value in size.items()})

    return {
        "recommended": narrow,
        **{f"recommended, {w} wide": of_width(narrow, w, 2, 0.25) for w in (128, 256, 512)},
        **{f"recommended, {w} wide, embedders x 1": of_width(narrow, w, 2, 1) for w in (64, 256)},
        **{f"manual, {w} wide, 2 layers": of_width(wide, w, 2, 1) for w in (64, 128, 256)},
        **{
            f"manual, {w} wide, 2 layers, embedders x 0.125": of_width(wide, w, 2, 0.125)
            for w in (64, 128)
        },
        "manual, 384 wide, 4 layers": of_width(wide, 384, 4, 1),
        "manual": wide,
    }


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(prog="python -m benchmarks.precision", description=__doc__)
    add = parser.add_argument
    add("--frames", type=integer(1), default=150, metavar="N", help="default: %(default)s")
    add("--clips", type=integer(1), default=16, metavar="N", help="in a step; default: %(default)s")
    add("--turns", type=integer(1), default=5, metavar="N", help="default: %(default)s")
    add("--threads", type=integer(1), default=1, metavar="N", help="default: %(default)s")
    return parser


def main(argv: Sequence[str]) -> int:
    """Times every network and prints a row for each."""
    options = build_parser().parse_args(argv)
    torch.set_num_threads(options.threads)
    schema = default_schema(options.frames)
    split = make_split(schema, options.clips, 0)
    splits = splits_to_device(
        SearchSplits(schema=schema, train=split, val=make_split(schema, 1, 1)), _CPU
    )
    rows = [["network", "1,000 products a frame", "fp32 ms", "fp32 / bf16", "auto"]]
    for name, config in networks().items():
        seconds = in_turn(config, splits, turns=options.turns)
        ratio = float(np.median(np.divide(*seconds)))
        rows.append(
            [
                name,
                f"{work_per_frame(config.model, schema) / 1000:,.0f}",
                f"{1000 * np.median(seconds[0]):.0f}",
                f"{ratio:.2f}",
                settled(config, schema, _CPU).training.precision,
            ]
        )
    print(f"bf16 by: {cpu_bf16()}; {options.frames} frames, {options.clips} clips a step")
    print(text_table(rows))
    return 0


def in_turn(
    config: TrainConfig, splits: ResidentSplits, *, turns: int
) -> tuple[list[float], list[float]]:
    """CPU seconds of an epoch of one step in fp32 and in bf16, by turn."""
    seconds: dict[str, list[float]] = {"fp32": [], "bf16": []}
    for turn in range(turns):
        for precision, of_turns in seconds.items():
            values = {"training.precision": precision, "training.epochs": 3, "training.seed": turn}
            of_turns.append(_epoch_seconds(with_values(config, values), splits))
    return seconds["fp32"], seconds["bf16"]


def _epoch_seconds(config: TrainConfig, splits: ResidentSplits) -> float:
    """CPU seconds of an epoch after the first, which loads the kernels."""
    ends: list[float] = []

    def note(_record: EpochRecord) -> bool:
        ends.append(time.process_time())
        return False

    fit(config, splits, on_epoch=note)
    return float(np.diff(ends).min())


if __name__ == "__main__":
    sys.exit(run_command(main))
