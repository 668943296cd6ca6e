"""What the recommended network costs beside the manual's parts at the same width.

    python -m benchmarks.parts_cost DATA --rounds 3

Both train one epoch in turns, so that a slow moment of the machine meets both; the ratio is of medians,
with the lowest and highest of the rounds. `+ part` is the manual's network with that part alone.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import torch

from avq_core.config.data import DataConfig
from avq_core.config.training import TrainConfig, manual, recommended
from avq_core.config.values import to_dict, with_values
from avq_core.data.store.store import prepare
from avq_core.training.loop import fit
from avq_core.training.resident import ResidentSplits, splits_to_device

_PARTS = ("statistics_width", "max_lag", "frame_stride", "norm_first", "pooling", "positions")
_SIZES = ("hidden_dim", "num_layers", "num_heads", "embedder_scale", "dropout")


def variants(tasks: tuple[str, ...]) -> dict[str, TrainConfig]:
    """The manual's parts at the recommended sizes, each part added, and all of them."""
    ours = to_dict(recommended(tasks))["model"]
    sizes = {f"model.{name}": ours[name] for name in _SIZES} | {"training.epochs": 1}
    base = with_values(manual(tasks), sizes)
    found = {"manual's parts": base}
    for part in _PARTS:
        found[f"+ {part} {ours[part]}"] = with_values(base, {f"model.{part}": ours[part]})
    found["recommended"] = with_values(recommended(tasks), {"training.epochs": 1})
    return found


def seconds(config: TrainConfig, splits: ResidentSplits) -> float:
    """Wall time of one epoch, validation included."""
    start = time.perf_counter()
    fit(config, splits)
    return time.perf_counter() - start


def main() -> int:
    """Prints a row a variant."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="a file, or demo")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    store = prepare(options.data, DataConfig(), root=options.runs / "prepared")
    splits = splits_to_device(store.search_splits(), torch.device("cpu"))
    for split in (splits.train, splits.val):
        split.statistics(splits.schema)  # once a process, however many trials it runs
    configs = variants(store.schema.tasks)
    for config in configs.values():
        seconds(config, splits)
    times = {name: [] for name in configs}
    for _ in range(options.rounds):
        for name, config in configs.items():
            times[name].append(seconds(config, splits))
    base = times["manual's parts"]
    for name, taken in times.items():
        ratios = [t / b for t, b in zip(taken, base, strict=True)]
        print(
            f"{name:<28} {statistics.median(taken):6.2f} s   {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
