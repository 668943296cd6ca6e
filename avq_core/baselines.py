"""`python -m avq_core.baselines DATA`: R² of simple models, which a network has to beat."""

if __name__ == "__main__":  # before any other import
    from avq_search.start import begin

    begin()

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from avq_core.cli import CommandParser
from avq_core.display.numbers import json_number, metric_text
from avq_core.display.tables import text_table
from avq_core.invocation import typed
from avq_core.run_command import leave, run_command

R2ByModel = Mapping[str, Mapping[str, float]]
"""Simple model to task to R²; NaN where it is not defined."""


def main(argv: Sequence[str]) -> int:
    """Prepares the data, fits the simple models on train, prints R² on val and with --test on test."""
    options = build_parser().parse_args(argv)
    import torch

    from avq_core.config.values import load_data_config
    from avq_core.data.files.read import default_source
    from avq_core.data.store.store import prepare
    from avq_core.evaluation.evaluate import evaluate
    from avq_core.evaluation.simple_models import fit_simple_models, val_r2
    from avq_core.training.resident import splits_to_device, to_device

    source = options.data or default_source()
    config = load_data_config(options.layout)
    store = prepare(source, config, root=options.runs / "prepared", on_note=_say)
    cpu = torch.device("cpu")
    prepared = store.search_splits()
    splits = splits_to_device(prepared, cpu)
    _say(f"fitting simple models for each task on {len(splits.train)} clips of {source}")
    models = fit_simple_models(splits.train, store.schema, groups=prepared.train.groups, jobs=-1)
    r2_by_split: dict[str, R2ByModel] = {"val": val_r2(models, splits.val, store.schema)}
    if options.test:
        test = store.test_split()
        scores = models.scores(to_device(test, cpu), store.schema)
        evaluation = evaluate(list(scores.values()), test, store.schema.tasks)
        r2_by_split["test"] = {
            name: {task: interval.value for task, interval in r2.items()}
            for name, r2 in zip(scores, evaluation.r2, strict=True)
        }
    if options.json:
        plain = {split: _plain(r2) for split, r2 in r2_by_split.items()}
        print(json.dumps({"data": source, "r2": plain}, indent=2, allow_nan=False))
        return 0
    for split, r2 in r2_by_split.items():
        print(_table(split, r2))
    return 0


def _plain(r2: R2ByModel) -> dict[str, dict[str, float | None]]:
    """R² for JSON, with `None` for NaN."""
    return {
        name: {task: json_number(value) for task, value in by_task.items()}
        for name, by_task in r2.items()
    }


def _table(split: str, r2: R2ByModel) -> str:
    """One row for each task, one column for each simple model."""
    tasks = next(iter(r2.values()))
    rows = [[task, *(metric_text(model[task]) for model in r2.values())] for task in tasks]
    return text_table([[f"{split} R²", *r2], *rows])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog=typed("avq_core.baselines"),
        description="Fits simple models (train mean, ridge regression, random forest) on each "
        "stream's statistics over time, and prints their R² for each task.",
    )
    add = parser.add_argument
    add(
        "data",
        nargs="?",
        metavar="PATH|demo",
        help="default: datasets/ac.pkl if it exists, else demo",
    )
    add("--layout", type=Path, metavar="FILE", help="YAML with the data settings (docs/data.md)")
    add("--test", action="store_true", help="also report the test split; never choose by it")
    add("--json", action="store_true", help="print JSON instead of tables")
    add(
        "--runs",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        help="prepared data is stored in DIR/prepared (default: runs)",
    )
    return parser


if __name__ == "__main__":
    leave(run_command(main))
