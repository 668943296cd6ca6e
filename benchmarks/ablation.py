"""What is each setting of a configuration worth? The same seeds with and without it.

    python -m benchmarks.ablation DATA --config best.yaml --seeds 5
    python -m benchmarks.ablation DATA --config best.yaml --vary model.max_lag=0 model.fusion=gated

Without `--vary` every setting of the network and its training that differs from the manual's is put back to
it, one at a time. Values are means over seeds with their 95 % intervals; `difference` is the score less the
unchanged configuration's, paired by seed. The score is the mean R² of the two watched tasks on val: choose by
it, and look at `--test` afterwards.
"""

import argparse
import math
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml

from avq_core.cli import CommandParser
from avq_core.config.presets import manual
from avq_core.config.training import TrainConfig
from avq_core.config.values import from_dict, load_config, to_dict, with_values
from avq_core.data.store.store import PreparedStore, prepare
from avq_core.display.tables import text_table
from avq_core.errors import ConfigError
from avq_core.run_command import run_command
from avq_core.training.metrics import r2_by_task
from benchmarks.settings_text import parse_pairs
from benchmarks.spread import spread
from search.workers.pool import Result, Task, TaskPool
from search.workers.slots import device_names, make_slots
from studies.names import PREPARED

_SIZES: Final = ("hidden_dim", "num_layers", "num_heads", "embedder_scale", "feedforward_factor")
"""Not varied by default: what a size is worth is another question than what a part is worth."""
_TRAINING: Final = (
    "training.normalise_loss",
    "training.frame_crop",
    "training.ema",
    "optim.warmup_epochs",
    "optim.clip_norm",
)
UNCHANGED: Final = "unchanged"
Changes = Mapping[str, Any]
"""Dotted path of a setting to its value."""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m benchmarks.ablation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("data", help="a file, or demo")
    add("--config", default="recommended", help="a YAML file, or recommended (default)")
    add("--seeds", type=int, default=5, help="of each variant (default %(default)s)")
    add("--vary", nargs="*", metavar="PATH=VALUE[,PATH=VALUE]", help="the variants to train")
    add("--test", action="store_true", help="shows R² on test too")
    add("--watch", default="cross_modal,overall", help="tasks of the score (default %(default)s)")
    add("--runs", type=Path, default=Path("runs"), help="where prepared data lies")
    return parser


def main(argv: Sequence[str]) -> int:
    """Trains every variant with every seed and prints a row for each as it is done."""
    options = build_parser().parse_args(argv)
    if options.seeds < 1:
        raise ConfigError(f"--seeds is {options.seeds}, expected a number >= 1")
    base = load_config(options.config)
    variants = switched_off(base) if options.vary is None else parse_variants(options.vary)
    store = prepare(options.data, base.data, root=options.runs / PREPARED, on_note=print)
    tasks, watched = store.schema.tasks, options.watch.split(",")
    for task in watched:
        if task not in tasks:
            raise ConfigError(f"--watch names {task!r}, expected some of {', '.join(tasks)}")
    base = with_weights(base, tasks)
    slots = make_slots(workers=None, devices=device_names(None), data_bytes=store.num_bytes)
    slots = slots[: options.seeds]
    reference: list[float] | None = None
    with TaskPool(slots) as pool:
        pool.start()
        for name, changes in {UNCHANGED: {}, **variants}.items():
            start = time.monotonic()
            results = train(with_values(base, dict(changes)), store, pool, options)
            seconds = (time.monotonic() - start) * len(slots) / options.seeds
            scores = [score(result, watched) for result in results]
            reference = scores if reference is None else reference
            print(f"\n{describe(name, scores, reference)}  {seconds:.0f} s a training")
            print(task_table(results, store, with_test=options.test), flush=True)
    return 0


def with_weights(config: TrainConfig, tasks: Sequence[str]) -> TrainConfig:
    """The configuration, with equal weights where its own are of other tasks than the data's."""
    if set(config.training.task_weights) == set(tasks):
        return config
    values = to_dict(config)
    values["training"]["task_weights"] = dict.fromkeys(tasks, 1.0)
    return from_dict(values)


def switched_off(config: TrainConfig) -> dict[str, Changes]:
    """A variant for each setting that differs from the manual's, with the manual's value."""
    values, manual_values = to_dict(config), to_dict(manual())
    paths = [f"model.{name}" for name in values["model"] if name not in _SIZES] + list(_TRAINING)
    variants: dict[str, Changes] = {}
    for path in paths:
        section, name = path.split(".")
        value = manual_values[section][name]
        if values[section][name] != value:
            variants[f"{path}={value}"] = {path: value}
    return variants


def parse_variants(texts: Sequence[str]) -> dict[str, Changes]:
    """`a.b=1` to a variant; commas join several settings of one variant.

    Raises:
        ConfigError: A text that is no list of PATH=VALUE.
    """
    return {
        text: {path: yaml.safe_load(value) for path, value in parse_pairs(text).items()}
        for text in texts
    }


def train(
    config: TrainConfig, store: PreparedStore, pool: TaskPool, options: argparse.Namespace
) -> list[Result]:
    """One training for each seed, in the seeds' order."""
    tasks = [
        Task(
            key=str(seed),
            config=with_values(config, {"training.seed": seed}),
            store=store.path,
            opens_test=options.test,
        )
        for seed in range(options.seeds)
    ]
    results = dict(pool.run(tasks))
    return [results[str(seed)] for seed in range(options.seeds)]


def score(result: Result, watched: Sequence[str]) -> float:
    """Mean R² of the watched tasks on val; NaN where one of them is not defined."""
    r2 = [result.r2[task] for task in watched]
    return float(np.mean([math.nan if value is None else value for value in r2]))


def describe(name: str, scores: Sequence[float], reference: Sequence[float]) -> str:
    """A variant's score and its difference from the unchanged configuration's, paired by seed."""
    differences = spread(one - other for one, other in zip(scores, reference, strict=True))
    return f"{name}: score {spread(scores).text(3)}, difference {differences.text(3)}"


def task_table(results: Sequence[Result], store: PreparedStore, *, with_test: bool) -> str:
    """R² by task: a column a task, a row a split."""
    tasks = store.schema.tasks
    rows = [["R²", *tasks]]
    rows.append(["val", *(spread(result.r2[task] for result in results).text(3) for task in tasks)])
    if with_test:
        test = store.test_split()
        r2 = [r2_by_task(result.test_scores, test.targets, tasks) for result in results]
        rows.append(["test", *(spread(one[task] for one in r2).text(3) for task in tasks)])
    return text_table(rows)


if __name__ == "__main__":
    sys.exit(run_command(main))
