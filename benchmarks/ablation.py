"""What each setting of a configuration is worth: the same seeds with and without it.

    python -m benchmarks.ablation DATA --config best.yaml --seeds 5
    python -m benchmarks.ablation DATA --config best.yaml --vary model.max_lag=0 model.fusion=gated

Without `--vary` every architecture setting that differs from the manual's is put back to it, one at a
time. A row is the mean over seeds and twice its standard error; `difference` is paired by seed, in the
score: the mean R² of the two watched tasks on val. Choose by val; `--test` shows test as well.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from avq_core.config.training import TrainConfig, manual
from avq_core.config.values import load_config, to_dict, with_values
from avq_core.data.store.store import PreparedStore, prepare
from avq_core.training.metrics import r2_by_task
from search.workers.pool import Task, run_tasks
from search.workers.slots import device_names, make_slots

_KEPT = ("hidden_dim", "num_layers", "num_heads", "embedder_scale", "feedforward_factor")
"""Sizes, not parts: putting them back to the manual's asks another question."""
_OTHERS = (
    "training.normalise_loss",
    "training.frame_crop",
    "training.ema",
    "optim.warmup_epochs",
    "optim.clip_norm",
)


def switched_off(config: TrainConfig) -> dict[str, dict[str, Any]]:
    """A variant for each setting of a configuration that the manual has otherwise."""
    ours, theirs = to_dict(config), to_dict(manual())
    paths = [f"model.{name}" for name in ours["model"] if name not in _KEPT] + list(_OTHERS)
    found = {}
    for path in paths:
        section, name = path.split(".")
        value = theirs[section][name]
        if ours[section][name] != value:
            found[f"{path}={value}"] = {path: value}
    return found


def parse(texts: list[str]) -> dict[str, dict[str, Any]]:
    """`a.b=1` to a variant; several settings of one variant are joined by commas."""
    variants = {}
    for text in texts:
        pairs = (part.split("=", 1) for part in text.split(","))
        variants[text] = {path: yaml.safe_load(value) for path, value in pairs}
    return variants


def main() -> int:
    """Trains every variant with every seed and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="a file, or demo")
    parser.add_argument("--config", default="recommended", help="a YAML file, or `recommended`")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--vary", nargs="*", help="PATH=VALUE[,PATH=VALUE] a variant")
    parser.add_argument("--test", action="store_true", help="show test figures too")
    parser.add_argument("--watch", default="cross_modal,overall")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    options = parser.parse_args()
    base = load_config(options.config)
    variants = {"as it is": {}} | (
        parse(options.vary) if options.vary is not None else switched_off(base)
    )
    store = prepare(options.data, base.data, root=options.runs / "prepared", on_note=print)
    weights = {f"training.task_weights.{t}": 1.0 for t in store.schema.tasks}
    if set(base.training.task_weights) != set(store.schema.tasks):
        base = with_values(base, weights)
    found: dict[str, list[Any]] = {}
    slots = make_slots(
        workers="auto",
        devices=device_names("auto"),
        data_bytes=store.num_bytes,
    )
    for name, changes in variants.items():
        start = time.monotonic()
        tasks = [
            Task(
                key=str(seed),
                config=with_values(base, {**changes, "training.seed": seed}),
                store=store.path,
                opens_test=options.test,
            )
            for seed in range(options.seeds)
        ]
        results = dict(run_tasks(tasks, slots=slots))
        found[name] = [results[str(seed)] for seed in range(options.seeds)]
        seconds = (time.monotonic() - start) * min(len(slots), options.seeds) / options.seeds
        show(name, found, store, options, seconds)
    return 0


def show(
    name: str,
    found: dict[str, list[Any]],
    store: PreparedStore,
    options: argparse.Namespace,
    seconds: float,
) -> None:
    """A variant's rows."""
    tasks, watch = store.schema.tasks, options.watch.split(",")
    val = {t: [r.r2[t] if r.r2[t] is not None else np.nan for r in found[name]] for t in tasks}
    score = np.mean([val[t] for t in watch], axis=0)
    base = np.mean([[r.r2[t] or np.nan for r in found["as it is"]] for t in watch], axis=0)
    print(f"{name:<40} score {spread(score)}  difference {spread(score - base)}  {seconds:.0f} s")
    print("    val   " + "  ".join(f"{t} {spread(val[t])}" for t in tasks))
    if options.test:
        test = store.test_split()
        scores = [r2_by_task(r.test_scores, test.targets, tasks) for r in found[name]]
        print("    test  " + "  ".join(f"{t} {spread([s[t] for s in scores])}" for t in tasks))
    sys.stdout.flush()


def spread(values: Any) -> str:
    """Mean and twice the standard error over seeds."""
    array = np.asarray(values, float)
    error = 2 * array.std(ddof=1) / np.sqrt(len(array)) if len(array) > 1 else np.nan
    return f"{array.mean():6.3f} ± {error:.3f}"


if __name__ == "__main__":
    sys.exit(main())
