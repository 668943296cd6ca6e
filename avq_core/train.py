"""`python -m avq_core.train`: trains one configuration, saves it, reports the test split."""

import argparse
import dataclasses
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from avq_core.cli import CommandParser, run_command

if TYPE_CHECKING:
    from avq_core.training.evaluation import Evaluation


_MOST_SHOWN = 8
"""Tasks named on an epoch's line; of more, the first few and the mean of all."""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m avq_core.train",
        description="Trains a configuration on train, watches val, saves the model and reports "
        "test with 95 % bootstrap intervals.",
    )
    add = parser.add_argument
    add("--config", required=True, metavar="FILE|manual", help="a best.yaml, or `manual`")
    add("--data", metavar="PATH|demo", help="default: datasets/ac.pkl if it is there, else demo")
    add(
        "--layout",
        type=Path,
        metavar="FILE",
        help="YAML of the data's settings (docs/data.md), in place of the configuration's own",
    )
    add("--out", type=Path, required=True, metavar="DIR", help="the model's folder")
    add("--device", default="auto", metavar="NAME", help="auto, cpu or cuda:N")
    add("--seed", type=int, metavar="N", help="default: the configuration's")
    add("--epochs", type=int, metavar="N", help="default: the configuration's")
    add("--threads", type=int, metavar="N", help="CPU threads (default: one a core)")
    add(
        "--runs",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        help="where prepared data is kept (default: runs)",
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Prepares, trains, saves, reports."""
    options = build_parser().parse_args(argv)
    import torch

    from avq_core.config import manual
    from avq_core.config_values import load_config, load_data_config, with_values
    from avq_core.data.dataset import default_source
    from avq_core.data.prepared import prepare
    from avq_core.errors import ConfigError, NonFiniteLossError, OutOfDeviceMemoryError
    from avq_core.training.checkpoint import TrainedModel, save_model
    from avq_core.training.device import parse_device
    from avq_core.training.evaluation import evaluate
    from avq_core.training.loop import EpochRecord, fit
    from avq_core.training.resident import splits_to_device, to_device
    from avq_core.training.scoring import predict

    config = load_config(options.config)
    overrides = {"training.seed": options.seed, "training.epochs": options.epochs}
    config = with_values(config, {k: v for k, v in overrides.items() if v is not None})
    if options.layout is not None:
        config = dataclasses.replace(config, data=load_data_config(options.layout))
    device = parse_device(options.device)
    if options.threads is not None:
        if options.threads < 1:
            raise ConfigError(f"--threads is {options.threads}, expected a number >= 1")
        torch.set_num_threads(options.threads)
    source = options.data or default_source()
    _make_folder(options.out)
    store = prepare(source, config.data, root=options.runs / "prepared", on_note=_say)
    if options.config == "manual":
        weights = manual(store.schema.tasks).training.task_weights
        config = with_values(config, {"training.task_weights": dict(weights)})
    _say(f"training on {source}, {device}, {config.training.epochs} epochs")

    def show(record: EpochRecord) -> bool:
        figures = "  ".join(f"{t} {v:6.3f}" for t, v in list(record.r2.items())[:_MOST_SHOWN])
        if len(record.r2) > _MOST_SHOWN:
            figures += (
                f"  … mean of {len(record.r2)} {sum(record.r2.values()) / len(record.r2):.3f}"
            )
        _say(
            f"epoch {record.epoch:3d}/{config.training.epochs}  loss {record.train_loss:.4f}  "
            f"val R²: {figures}  ({record.seconds:.1f} s)"
        )
        return False

    try:
        result = fit(config, splits_to_device(store.search_splits(), device), on_epoch=show)
    except NonFiniteLossError as error:
        raise ConfigError(f"training diverged ({error}); lower optim.lr") from error
    except OutOfDeviceMemoryError as error:
        raise ConfigError(f"{error}; choose a smaller network or another --device") from error
    test = store.test_split()
    scores = predict(result.network, to_device(test, device), precision=result.precision)
    evaluation = evaluate([scores], test, store.schema.tasks)
    val_r2 = {t: None if v != v else v for t, v in result.history[-1].r2.items()}  # noqa: PLR0124
    model = TrainedModel(
        network=result.network,
        config=config,
        raw_schema=store.raw_schema,
        schema=store.schema,
        statistics=store.statistics,
        provenance={
            "data": source,
            "fingerprint": store.fingerprint,
            "val_r2": val_r2,
            "test_r2": evaluation.r2[0],
            "test_labels": evaluation.num_labels,
        },
    )
    save_model(options.out, model)
    _print_figures(val_r2, evaluation)
    print(f"model: {options.out}")
    return 0


def _print_figures(val_r2: "Mapping[str, float | None]", evaluation: "Evaluation") -> None:
    """A row a task: R² on val, on test with its interval, and how many labels test has."""
    print(f"{'task':<16}{'val R²':>8}   {'test R²':<24}{'test labels':>12}")
    for task, val in val_r2.items():
        told = "n/a" if val is None else f"{val:.3f}"
        interval = _interval(evaluation.r2[0][task])
        print(f"{task:<16}{told:>8}   {interval:<24}{evaluation.num_labels[task]:>12}")


def _make_folder(folder: Path) -> None:
    """Before the training, not after it: an unwritable folder must not cost an hour."""
    from avq_core.errors import ConfigError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError(
            f"cannot write to {folder} ({error.strerror}); give --out a folder that can be written"
        ) from error


def _interval(interval: dict[str, float | None]) -> str:
    value, low, high = interval["value"], interval["low"], interval["high"]
    if value is None:
        return "n/a"
    return f"{value:.3f}" if low is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(run_command(main))
