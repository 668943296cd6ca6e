"""fp32 and bf16 take turns."""

import pytest
import torch

from avq_core.config.training import TrainConfig
from avq_core.data.preprocessing.splits import SearchSplits
from avq_core.training.resident import splits_to_device
from benchmarks import precision
from benchmarks.throughput import default_schema, make_split


def test_networks_train_in_turn_and_get_a_row_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ratio is the median of the turns'."""
    monkeypatch.setattr(precision, "in_turn", lambda *_, **__: ([3.0, 4.0, 8.0], [2.0, 4.0, 4.0]))
    assert precision.main(["--frames", "2", "--clips", "2"]) == 0
    told = capsys.readouterr().out
    assert told.count("1.50") == len(precision.networks())


def test_a_turn_is_an_epoch_in_either_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same seed."""
    asked: list[tuple[str, int]] = []

    def note(config: TrainConfig, _splits: object) -> float:
        asked.append((config.training.precision, config.training.seed))
        return 1.0

    monkeypatch.setattr(precision, "_epoch_seconds", note)
    schema = default_schema(2)
    split = make_split(schema, 2, 0)
    splits = splits_to_device(
        SearchSplits(schema=schema, train=split, val=split), torch.device("cpu")
    )
    assert precision.in_turn(precision.networks()["recommended"], splits, turns=2) == (
        [1.0, 1.0],
        [1.0, 1.0],
    )
    assert asked == [("fp32", 0), ("bf16", 0), ("fp32", 1), ("bf16", 1)]
