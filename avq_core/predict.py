"""`python -m avq_core.predict`: scores clips with a trained model, in the user's units."""

if __name__ == "__main__":  # before any other import
    from avq_search.start import begin

    begin()

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from avq_core.cli import CommandParser
from avq_core.invocation import typed
from avq_core.run_command import leave, run_command

_SHOWN: Final = 5


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog=typed("avq_core.predict"),
        description="Scores every sample of a file with a model that avq_core.train saved. Only the "
        "model's folder and the data are needed. Labels are optional; where there are any, R² is "
        "printed. Scores are in the units of the labels that the model was trained on.",
        epilog="The score of an ensemble is the mean of its members. A column TASK_sd gives their "
        "standard deviation in the same units, which shows how much the seed matters for the clip. "
        "The total error is larger, since it includes the errors that all members share.",
    )
    add = parser.add_argument
    add("--model", type=Path, required=True, metavar="DIR", help="a folder of avq_core.train")
    add(
        "--data",
        required=True,
        metavar="PATH|demo",
        help="a list of samples, or lists by split with any names (.pkl, .npz, .safetensors)",
    )
    add("--out", type=Path, required=True, metavar="FILE", help="the CSV file to write")
    add("--device", default="auto", metavar="NAME", help="auto, cpu or cuda:N")
    return parser


def main(argv: Sequence[str]) -> int:
    """Loads the model, preprocesses the clips with its statistics, scores them, writes the CSV."""
    options = build_parser().parse_args(argv)
    import numpy as np

    from avq_core.data.files.read import load_samples
    from avq_core.data.preprocessing.splits import outside_range, transform_split
    from avq_core.evaluation.ensemble import member_scores
    from avq_core.files import check_place, whole_file
    from avq_core.training.checkpoint import load_ensemble
    from avq_core.training.device import parse_device
    from avq_core.training.metrics import num_labels, r2_by_task
    from avq_core.training.precision import note_on_emulation
    from avq_core.training.resident import to_device

    device = parse_device(options.device)
    models = load_ensemble(options.model, device)
    check_place(options.out)
    model = models[0]
    if (note := note_on_emulation(model.config, device)) is not None:
        print(note, file=sys.stderr)
    tasks = model.schema.tasks
    splits = load_samples(
        options.data,
        model.raw_schema,
        model.config.data,
        on_note=lambda line: print(f"note: {line}", file=sys.stderr),
    )
    spreads = [f"{task}_sd" for task in tasks] if len(models) > 1 else []
    if spreads:
        print(f"scores are the mean of {len(models)} models; _sd is their standard deviation")
    with whole_file(options.out) as file:
        table = csv.writer(file)
        table.writerow(["split", "index", "group", *tasks, *spreads])
        for name, raw in splits.items():
            for line in _filled(outside_range(raw, model.raw_schema, model.statistics)):
                print(f"{name}: {line}", file=sys.stderr)
            split = transform_split(
                raw, model.raw_schema, model.statistics, storage=model.config.data.storage
            )
            scaled = member_scores(models, to_device(split, device))
            members = model.statistics.labels.unscale(scaled)
            scores = members.mean(axis=0)
            columns = [scores, members.std(axis=0, ddof=1)] if spreads else [scores]
            rows = zip(raw.groups, np.concatenate(columns, axis=1), strict=True)
            for index, (group, row) in enumerate(rows):
                table.writerow([name, index, group, *(f"{value:.6f}" for value in row)])
            counts = num_labels(raw.labels, tasks)
            r2 = r2_by_task(scores, raw.labels, tasks)
            line = ", ".join(f"{t} {r2[t]:.3f} ({counts[t]})" for t in tasks if counts[t] > 1)
            print(f"{name}: {len(scores)} clips" + (f"; R² (labels): {line}" if line else ""))
    print(f"scores: {options.out}")
    return 0


def _filled(outside: Mapping[str, Mapping[int, int]]) -> Iterator[str]:
    """Lines on values that are no measurements, by stream."""
    for stream, samples in outside.items():
        shown = ", ".join(map(str, list(samples)[:_SHOWN])) + (
            ", ..." if len(samples) > _SHOWN else ""
        )
        yield (
            f"{stream}: {sum(samples.values()):,} values far outside the range of the train clips "
            f"(samples {shown}) are filled with train medians; check what made those clips"
        )


if __name__ == "__main__":
    leave(run_command(main))
