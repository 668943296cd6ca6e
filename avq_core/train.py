"""`python -m avq_core.train`: trains one configuration, saves it, reports the test split."""

if __name__ == "__main__":  # before any other import
    from avq_search.start import begin

    begin()

import argparse
import dataclasses
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from avq_core.cli import CommandParser, integer
from avq_core.display.numbers import json_number, metric_text
from avq_core.display.tables import text_table
from avq_core.invocation import typed
from avq_core.run_command import leave, run_command

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from avq_core.config.training import TrainConfig
    from avq_core.data.preprocessing.splits import PreparedSplit
    from avq_core.data.store.store import PreparedStore
    from avq_core.evaluation.evaluate import Evaluation
    from avq_core.evaluation.intervals import Interval
    from avq_core.training.checkpoint import TrainedModel
    from avq_core.training.resident import ResidentSplits


_MAX_SHOWN = 8
"""Tasks on the line of an epoch; with more tasks, the first ones and the mean of all."""


class _Trained(NamedTuple):
    """A trained model and its metrics."""

    model: "TrainedModel"
    val_r2: "Mapping[str, float]"
    """After the last epoch, by task; NaN where it is not defined."""
    test_scores: "npt.NDArray[np.float32] | None"
    """(N, K), in the scaled units of the targets; `None` without a test split."""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog=typed("avq_core.train"),
        description="Trains a configuration on the train split, reports R² on val after each epoch "
        "and on test at the end, with 95 % bootstrap intervals, and saves the model.",
    )
    add = parser.add_argument
    add("--config", required=True, metavar="FILE|recommended|manual", help="a best.yaml, or a name")
    add("--data", metavar="PATH|demo", help="default: datasets/ac.pkl if it exists, else demo")
    add(
        "--layout",
        type=Path,
        metavar="FILE",
        help="YAML with data settings (docs/data.md), in place of those of the configuration",
    )
    add("--out", type=Path, required=True, metavar="DIR", help="the model's folder")
    add("--device", default="auto", metavar="NAME", help="auto, cpu or cuda:N")
    add("--seed", type=integer(0), metavar="N", help="default: that of the configuration")
    add("--epochs", type=integer(1), metavar="N", help="default: that of the configuration")
    add(
        "--members",
        type=integer(1),
        metavar="N",
        help="train N models with different seeds as an ensemble, whose score is their mean",
    )
    add("--threads", type=integer(1), metavar="N", help="CPU threads (default: one per core)")
    add(
        "--runs",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        help="prepared data is stored in DIR/prepared (default: runs)",
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Prepares the data, trains, saves the model or ensemble, reports R² on test."""
    options = build_parser().parse_args(argv)
    import numpy as np
    import torch

    from avq_core.data.dataset import NO_TEST
    from avq_core.data.files.read import default_source
    from avq_core.data.store.store import prepare
    from avq_core.evaluation.evaluate import evaluate
    from avq_core.training.checkpoint import save_ensemble
    from avq_core.training.device import parse_device
    from avq_core.training.resident import splits_to_device

    configs = _configurations(options)
    device = parse_device(options.device)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    source = options.data or default_source()
    _make_folder(options.out)
    store = prepare(source, configs[0].data, root=options.runs / "prepared", on_note=_say)
    splits = splits_to_device(store.search_splits(), device)
    test = store.test_split() if store.has_test else None
    if test is None:
        _say(f"{NO_TEST}, so metrics on test will be missing")
    trained = []
    for number, config in enumerate(configs, 1):
        which = f"member {number} of {len(configs)}, " if len(configs) > 1 else ""
        _say(f"training {which}on {source}, {device}, {config.training.epochs} epochs")
        trained.append(_train(config, options.config, store, splits, test))
    scores = [member.test_scores for member in trained if member.test_scores is not None]
    if len(scores) > 1:
        scores.append(np.mean(scores, axis=0))
    evaluation = None if test is None else evaluate(scores, test, store.schema.tasks)
    about = {"data": source, "fingerprint": store.fingerprint}
    save_ensemble(options.out, _with_provenance(trained, about, evaluation))
    _print_table(trained[0].val_r2, evaluation)
    print(f"model: {options.out}")
    return 0


def _configurations(options: argparse.Namespace) -> "list[TrainConfig]":
    """The configuration, or those of an ensemble's members, with the command's options applied."""
    from avq_core.config.values import load_configs, load_data_config, with_values
    from avq_core.errors import ConfigError

    configs = load_configs(options.config)
    overrides = {"training.seed": options.seed, "training.epochs": options.epochs}
    given = {k: v for k, v in overrides.items() if v is not None}
    configs = [with_values(config, given) for config in configs]
    if options.layout is not None:
        data = load_data_config(options.layout)
        configs = [config.changed(data=data) for config in configs]
    if any(config.data != configs[0].data for config in configs):
        raise ConfigError(f"{options.config}: the members of the ensemble read different data")
    if options.members is None:
        return configs
    if len(configs) > 1:
        raise ConfigError(
            f"{options.config} is an ensemble of {len(configs)} already; leave --members out"
        )
    first = configs[0].training.seed
    return [
        with_values(configs[0], {"training.seed": first + member})
        for member in range(options.members)
    ]


def _train(
    config: "TrainConfig",
    name: str,
    store: "PreparedStore",
    splits: "ResidentSplits",
    test: "PreparedSplit | None",
) -> _Trained:
    """Trains one configuration and scores test, where there is one."""
    from avq_core.config.presets import manual
    from avq_core.config.values import with_values
    from avq_core.errors import ConfigError, NonFiniteLossError, OutOfDeviceMemoryError
    from avq_core.training.checkpoint import TrainedModel
    from avq_core.training.loop import EpochRecord, fit
    from avq_core.training.precision import note_on_emulation, settled
    from avq_core.training.resident import to_device
    from avq_core.training.scoring import predict

    if name in ("manual", "recommended"):
        weights = manual(store.schema.tasks).training.task_weights
        config = with_values(config, {"training.task_weights": dict(weights)})

    config = settled(config, store.schema, splits.device)
    if (note := note_on_emulation(config, splits.device)) is not None:
        _say(note)

    def show(record: EpochRecord) -> bool:
        r2 = "  ".join(f"{t} {v:6.3f}" for t, v in list(record.r2.items())[:_MAX_SHOWN])
        if len(record.r2) > _MAX_SHOWN:
            r2 += f"  … mean of {len(record.r2)} {sum(record.r2.values()) / len(record.r2):.3f}"
        _say(
            f"epoch {record.epoch:3d}/{config.training.epochs}  loss {record.train_loss:.4f}  "
            f"val R²: {r2}  ({record.seconds:.1f} s)"
        )
        return False

    try:
        result = fit(config, splits, on_epoch=show)
    except NonFiniteLossError as error:
        raise ConfigError(f"training diverged ({error}); lower optim.lr") from error
    except OutOfDeviceMemoryError as error:
        raise ConfigError(f"{error}; choose a smaller network or another --device") from error
    model = TrainedModel(
        network=result.network,
        config=config,
        raw_schema=store.raw_schema,
        schema=store.schema,
        statistics=store.statistics,
        provenance={},
    )
    scores = None
    if test is not None:
        scores = predict(result.network, to_device(test, splits.device), precision=result.precision)
    return _Trained(model=model, val_r2=result.history[-1].r2, test_scores=scores)


def _with_provenance(
    trained: Sequence[_Trained], about: "Mapping[str, str]", evaluation: "Evaluation | None"
) -> "list[TrainedModel]":
    """The models with what `model.yaml` says of their data and R², as plain values."""
    models = []
    # An ensemble's own R² stands behind those of its members, and belongs to no model.
    for index, member in enumerate(trained):
        provenance: dict[str, Any] = {
            "val_r2": {task: json_number(value) for task, value in member.val_r2.items()},
            **about,
        }
        if evaluation is not None:
            r2 = evaluation.r2[index]
            provenance["test_r2"] = {task: interval.to_dict() for task, interval in r2.items()}
            provenance["test_labels"] = evaluation.num_labels
        models.append(dataclasses.replace(member.model, provenance=provenance))
    return models


def _print_table(val_r2: "Mapping[str, float]", evaluation: "Evaluation | None") -> None:
    """One row for each task: R² on val, R² on test with its interval, number of test labels.

    For an ensemble the first column is the mean R² of its members on test instead.
    """
    if evaluation is None:
        rows = [[task, metric_text(r2)] for task, r2 in val_r2.items()]
        print(text_table([["task", "val R²"], *rows]))
        return
    *members, last = evaluation.r2
    head = ["task", "one, mean test R²" if members else "val R²"]
    head += ["ensemble test R²" if members else "test R²", "test labels"]
    rows = []
    for task, num_labels in evaluation.num_labels.items():
        single = _mean_r2(members, task) if members else val_r2[task]
        rows.append([task, metric_text(single), str(last[task]), str(num_labels)])
    print(text_table([head, *rows]))


def _mean_r2(members: "Sequence[Mapping[str, Interval]]", task: str) -> float | None:
    values = [r2[task].value for r2 in members]
    defined = [value for value in values if math.isfinite(value)]
    return sum(defined) / len(defined) if defined else None


def _make_folder(folder: Path) -> None:
    """Makes the model's folder, and checks that it can be written, before the long training."""
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


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    leave(run_command(main))
