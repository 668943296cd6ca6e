"""`python -m avq_core.predict`: scores clips with a trained model, in the user's own units."""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

from avq_core.cli import CommandParser, run_command


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m avq_core.predict",
        description="Scores every sample of a file with a model that avq_core.train saved. The "
        "model's folder is all that is needed; labels are not, and are compared with if there.",
    )
    add = parser.add_argument
    add("--model", type=Path, required=True, metavar="DIR", help="a folder of avq_core.train")
    add("--data", required=True, metavar="PATH|demo", help="splits of samples, or a list of them")
    add("--out", type=Path, required=True, metavar="FILE", help="the CSV to write")
    add("--device", default="auto", metavar="NAME", help="auto, cpu or cuda:N")
    return parser


def main(argv: Sequence[str]) -> int:
    """Loads, transforms with the model's own statistics, scores, writes."""
    options = build_parser().parse_args(argv)
    import numpy as np

    from avq_core.data.dataset import load_samples
    from avq_core.data.splits import transform_split
    from avq_core.files import whole_file
    from avq_core.training.checkpoint import load_ensemble
    from avq_core.training.device import parse_device, resolve_precision
    from avq_core.training.metrics import num_labels, r2_by_task
    from avq_core.training.resident import to_device
    from avq_core.training.scoring import predict

    device = parse_device(options.device)
    models = load_ensemble(options.model, device)
    model = models[0]
    tasks = model.schema.tasks
    splits = load_samples(options.data, model.raw_schema, model.config.data)
    if len(models) > 1:
        print(f"the mean of {len(models)} models")
    with whole_file(options.out) as file:
        table = csv.writer(file)
        table.writerow(["split", "index", "group", *tasks])
        for name, raw in splits.items():
            split = transform_split(
                raw, model.raw_schema, model.statistics, storage=model.config.data.storage
            )
            resident = to_device(split, device)
            scaled = [
                predict(
                    member.network,
                    resident,
                    precision=resolve_precision(member.config.training.precision, device),
                )
                for member in models
            ]
            scores = model.statistics.labels.unscale(np.mean(scaled, axis=0))
            for index, (group, row) in enumerate(zip(raw.groups, scores, strict=True)):
                table.writerow([name, index, group, *(f"{value:.6f}" for value in row)])
            counts = num_labels(raw.labels, tasks)
            figures = r2_by_task(scores, raw.labels, tasks)
            told = ", ".join(f"{t} {figures[t]:.3f} ({counts[t]})" for t in tasks if counts[t] > 1)
            print(f"{name}: {len(scores)} clips" + (f"; R² (labels): {told}" if told else ""))
    print(f"scores: {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
