"""What clipping and half-precision storage do to R²: the same runs on differently prepared data.

`python benchmarks/preprocessing.py DATA --seeds 5`: every setting trains the same small network with
the same seeds, so the differences to the first setting are paired.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from avq_core.config.data import DataConfig
from avq_core.config.training import TrainConfig, manual
from avq_core.config.values import with_values
from avq_core.data.store.store import prepare
from avq_core.training.loop import fit
from avq_core.training.resident import splits_to_device

SETTINGS = {
    "float32, no clipping": DataConfig(storage="float32", clip=None),
    "float32, clip 10": DataConfig(storage="float32"),
    "float16, clip 10": DataConfig(),
    "float16, clip 5": DataConfig(clip=5.0),
}


def small(tasks: tuple[str, ...], seed: int, epochs: int) -> TrainConfig:
    """A network that learns on a CPU in a minute."""
    return with_values(
        manual(tasks),
        {
            "model.hidden_dim": 32,
            "model.num_layers": 1,
            "model.num_heads": 4,
            "model.dropout": 0.1,
            "model.embedder_scale": 0.125,
            "model.pooling": "mean_std",
            "model.head": "linear",
            "optim.lr": 1e-2,
            "optim.cycle_epochs": 2,
            "training.epochs": epochs,
            "training.seed": seed,
            "training.precision": "fp32",
        },
    )


def main() -> None:
    """Trains and prints a row a setting: mean R² by task, and the paired difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="a file, or demo")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=14)
    options = parser.parse_args()
    torch.set_num_threads(1)
    scores: dict[str, np.ndarray] = {}
    tasks: tuple[str, ...] = ()
    with tempfile.TemporaryDirectory() as folder:
        for name, data in SETTINGS.items():
            store = prepare(options.data, data, root=Path(folder))
            tasks = store.schema.tasks
            resident = splits_to_device(store.search_splits(), torch.device("cpu"))
            rows = []
            for seed in range(options.seeds):
                result = fit(small(tasks, seed, options.epochs), resident)
                rows.append([result.history[-1].r2[task] for task in tasks])
                print(f"{name}, seed {seed}: {np.round(rows[-1], 3)}", file=sys.stderr, flush=True)
            scores[name] = np.array(rows)
    print("| setting | " + " | ".join(tasks) + " | mean | difference of the mean, +- 2 se |")
    print("|---" * (len(tasks) + 3) + "|")
    first = next(iter(scores.values())).mean(axis=1)
    for name, rows in scores.items():
        gaps = rows.mean(axis=1) - first
        error = 2 * gaps.std(ddof=1) / np.sqrt(len(gaps))
        cells = [f"{value:.3f}" for value in (*rows.mean(axis=0), rows.mean())]
        print(f"| {name} | " + " | ".join(cells) + f" | {gaps.mean():+.3f} +- {error:.3f} |")


if __name__ == "__main__":
    main()
