"""`python -m avq_core.explain`: which streams a trained model depends on."""

if __name__ == "__main__":  # before any other import
    from avq_search.start import begin

    begin()

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from avq_core.cli import CommandParser, file_ending, integer
from avq_core.display.numbers import json_number, metric_text
from avq_core.display.tables import text_table
from avq_core.errors import ConfigError, DataError
from avq_core.invocation import typed
from avq_core.run_command import leave, run_command

if TYPE_CHECKING:
    from avq_core.config.data import DataConfig
    from avq_core.data.dataset import RawSplit
    from avq_core.evaluation.permutation import Importance, R2Loss

_ALL_STREAMS: Final = "all streams"
_COLUMNS: Final = 5
"""Tasks side by side in the printed table."""
_NOTE: Final = (
    "Each value is the R² that the model loses when the stream is shuffled between clips. Streams "
    "with the same\ninformation can replace each other: a small value does not mean that a stream "
    "has no information. A negative\nvalue means that the model is better without the stream. "
    "`all streams` is the loss when all are shuffled together."
)


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog=typed("avq_core.explain"),
        description="Permutation importance: which streams a trained model depends on, measured by "
        "the R² that each task loses when a stream is shuffled between clips. For an ensemble, the "
        "mean score of its members is evaluated.",
    )
    add = parser.add_argument
    add("--model", type=Path, required=True, metavar="DIR", help="a folder of avq_core.train")
    add("--data", required=True, metavar="PATH|demo", help="labelled clips, by split or as a list")
    add(
        "--split",
        metavar="NAME",
        help="the split to use (default: val, or the only split of the file); using test counts as "
        "opening it",
    )
    add(
        "--repeats",
        type=integer(1),
        default=5,
        metavar="N",
        help="how often each stream is shuffled (default: 5)",
    )
    add("--seed", type=integer(0), default=0, metavar="N", help="seed of the shuffles (default: 0)")
    add("--out", type=Path, metavar="FILE", help="write a CSV, one row for each stream and task")
    add(
        "--plot",
        type=file_ending(".png", ".svg", ".pdf"),
        metavar="FILE",
        help="write a plot: .png, .svg or .pdf",
    )
    add("--json", action="store_true", help="print JSON instead of tables")
    add("--device", default="auto", metavar="NAME", help="auto, cpu or cuda:N")
    return parser


def main(argv: Sequence[str]) -> int:
    """Loads the model and the clips, shuffles each stream, reports the loss of R²."""
    options = build_parser().parse_args(argv)
    _check(options)
    from avq_core.data.files.read import load_samples
    from avq_core.data.preprocessing.splits import transform_split
    from avq_core.evaluation.ensemble import member_scores
    from avq_core.evaluation.permutation import stream_importance
    from avq_core.training.checkpoint import load_ensemble
    from avq_core.training.device import parse_device
    from avq_core.training.precision import note_on_emulation
    from avq_core.training.resident import to_device

    device = parse_device(options.device)
    models = load_ensemble(options.model, device)
    model = models[0]
    if (note := note_on_emulation(model.config, device)) is not None:
        _say(note)
    data = model.config.data
    splits = load_samples(
        options.data, model.raw_schema, data, on_note=lambda line: _say(f"note: {line}")
    )
    name, raw = _split(splits, options, data)
    prepared = transform_split(raw, model.raw_schema, model.statistics, storage=data.storage)
    importance = stream_importance(
        lambda split: member_scores(models, split).mean(axis=0),
        to_device(prepared, device),
        prepared,
        model.schema.tasks,
        repeats=options.repeats,
        seed=options.seed,
        on_step=lambda stream: _say(f"shuffling {stream}"),
    )
    _write(options, importance)
    if options.json:
        about = {"split": name, "clips": len(raw), "repeats": options.repeats, "seed": options.seed}
        print(json.dumps(about | as_json(importance), indent=2, allow_nan=False))
        return 0
    print(f"{name} of {options.data}: {len(raw)} clips, {options.repeats} shuffles of each stream")
    print("\n".join(render(importance)))
    print(f"\n{_NOTE}")
    for what, path in (("table", options.out), ("plot", options.plot)):
        if path is not None:
            print(f"{what}: {path}")
    return 0


def _check(options: argparse.Namespace) -> None:
    """Checks what can be checked before anything is read."""
    from avq_core.files import check_place

    for path in (options.out, options.plot):
        if path is not None:
            check_place(path)


def _split(
    splits: "dict[str, RawSplit]", options: argparse.Namespace, data: "DataConfig"
) -> "tuple[str, RawSplit]":
    """The file's name of the split to use, and its clips."""
    import numpy as np

    from avq_core.data.files.layout import Names

    wanted = options.split or "val"
    names = Names(data)
    name = names.split(wanted, splits)
    if name not in splits and options.split is None and len(splits) == 1:
        name = next(iter(splits))
    if name not in splits:
        raise ConfigError(
            f"{options.data} has no split {name!r}, only {', '.join(splits)}; name one with --split"
        )
    if name == names.split("test", splits):
        _say("note: this looks at the test split; count it as an opening, and choose nothing by it")
    raw = splits[name]
    if len(raw) < 2:
        raise DataError(f"{options.data}: {name} has 1 clip, expected several to shuffle")
    if not np.isfinite(raw.labels).any():
        raise DataError(
            f"{options.data}: {name} has no label, expected labelled clips, since R² needs labels"
        )
    return name, raw


def as_json(importance: "Importance") -> dict[str, object]:
    """The importance as plain values for JSON; `None` where R² is not defined."""
    return {
        "r2": {task: json_number(r2) for task, r2 in importance.r2.items()},
        "num_labels": importance.num_labels,
        "streams": {name: _plain(loss) for name, loss in importance.streams.items()},
        "all_streams": _plain(importance.all_streams),
    }


def _plain(loss: "R2Loss") -> dict[str, object]:
    lost = {task: interval.to_dict() for task, interval in loss.r2.items()}
    return {"clips": loss.num_clips, "r2_lost": lost}


def render(importance: "Importance") -> Iterator[str]:
    """Tables with one row for each stream and one column for each task, at most `_COLUMNS` each."""
    losses = {**importance.streams, _ALL_STREAMS: importance.all_streams}
    tasks = list(importance.r2)
    for start in range(0, len(tasks), _COLUMNS):
        shown = tasks[start : start + _COLUMNS]
        rows = [["R² lost [95 %]", "clips", *shown]]
        rows += [
            [name, str(loss.num_clips), *(str(loss.r2[task]) for task in shown)]
            for name, loss in losses.items()
        ]
        rows.append(["R² unshuffled", "", *(metric_text(importance.r2[task]) for task in shown)])
        rows.append(["labels", "", *(str(importance.num_labels[task]) for task in shown)])
        yield text_table(rows)


def _write(options: argparse.Namespace, importance: "Importance") -> None:
    """Writes the CSV and the plot, as far as the options ask for them."""
    from avq_core.files import whole_binary_file, whole_file

    if options.out is not None:
        with whole_file(options.out) as file:
            table = csv.writer(file)
            table.writerow(["stream", "task", "clips", "labels", "r2", "r2_lost", "low", "high"])
            losses = {**importance.streams, _ALL_STREAMS: importance.all_streams}
            for name, loss in losses.items():
                for task, lost in loss.r2.items():
                    r2 = json_number(importance.r2[task])
                    row = [name, task, loss.num_clips, importance.num_labels[task], r2]
                    table.writerow([*row, *lost.to_dict().values()])
    if options.plot is not None:
        from avq_core.evaluation.permutation_plot import draw

        with whole_binary_file(options.plot) as file:
            draw(importance).savefig(file, format=options.plot.suffix[1:], dpi=150)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    leave(run_command(main))
