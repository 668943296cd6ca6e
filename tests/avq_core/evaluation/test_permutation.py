"""Permutation importance: what is shuffled, what stays, and what is reported."""

import numpy as np
import pytest
import torch

from avq_core.data.preprocessing.splits import PreparedSplit
from avq_core.evaluation.permutation import Importance, shuffle_stream, stream_importance
from avq_core.evaluation.permutation_plot import draw
from avq_core.explain import as_json
from avq_core.training.resident import ResidentSplit, to_device

NUM, FRAMES = 60, 4


@pytest.fixture
def prepared() -> PreparedSplit:
    """60 clips: `a` is all of the first task, `b` half of the second; no clip has `gone`."""
    rng = np.random.default_rng(0)
    a = rng.standard_normal((NUM, FRAMES, 1)).astype(np.float32)
    b = rng.standard_normal((NUM, 2)).astype(np.float32)
    c = rng.standard_normal((NUM, 3)).astype(np.float32)
    targets = np.stack([a.mean(axis=(1, 2)), b[:, 0] + c[:, 0]], axis=1).astype(np.float32)
    targets[::7, 0] = np.nan
    return PreparedSplit(
        streams={"c": c, "a": a, "b": b, "gone": np.zeros((NUM, 1), np.float32)},
        targets=targets,
        groups=tuple(f"g{n // 2}" for n in range(NUM)),
        present={"gone": np.zeros(NUM, bool)},
    )


def score(split: ResidentSplit) -> np.ndarray:
    """A model that knows the truth, but for the second task's `c`."""
    a, b = split.streams["a"], split.streams["b"]
    scores: np.ndarray = torch.stack([a.mean(dim=(1, 2)), b[:, 0]], dim=1).numpy()
    return scores


def importance(prepared: PreparedSplit, **settings: int) -> Importance:
    split = to_device(prepared, torch.device("cpu"))
    options = {"repeats": 4, "seed": 0} | settings
    return stream_importance(
        score, split, prepared, ("one", "two"), **options, on_step=lambda _: None
    )


def test_the_loss_of_a_stream_is_what_the_model_reads_from_it(prepared: PreparedSplit) -> None:
    """All R² of a task and more where it is the only stream; nothing where it is not read."""
    result = importance(prepared)
    assert result.r2["one"] == pytest.approx(1.0)
    assert result.r2["two"] == pytest.approx(0.5, abs=0.2)
    assert result.num_labels == {"one": NUM - 9, "two": NUM}
    assert list(result.streams)[:2] == ["a", "b"]
    lost = result.streams["a"].r2["one"]
    assert lost.value > 1.0
    assert lost.low > 0.5
    assert result.streams["a"].r2["two"].value == 0.0
    assert result.streams["c"].r2["two"].value == 0.0
    both = [result.all_streams.r2[task].value for task in ("one", "two")]
    alone = [result.streams["a"].r2["one"].value, result.streams["b"].r2["two"].value]
    assert both == pytest.approx(alone)


def test_a_stream_that_no_clip_has_gets_no_value(prepared: PreparedSplit) -> None:
    """There is nothing to shuffle, which is not the same as a loss of 0."""
    loss = importance(prepared).streams["gone"]
    assert loss.num_clips == 0
    assert loss.r2["one"].to_dict() == {"value": None, "low": None, "high": None}


def test_the_same_seed_gives_the_same_permutations(prepared: PreparedSplit) -> None:
    """Another seed gives others."""
    first = as_json(importance(prepared))
    assert as_json(importance(prepared)) == first
    assert as_json(importance(prepared, seed=1)) != first


def test_a_stream_is_permuted_by_whole_clips(prepared: PreparedSplit) -> None:
    """Frames keep their order, the other streams stay, and the original split is unchanged."""
    split = to_device(prepared, torch.device("cpu"))
    order = torch.randperm(NUM, generator=torch.Generator().manual_seed(0))
    shuffled = shuffle_stream(split, "a", order)
    assert torch.equal(shuffled.streams["a"], split.streams["a"][order])
    assert shuffled.streams["b"] is split.streams["b"]
    assert np.array_equal(split.streams["a"].numpy(), prepared.streams["a"])


def test_a_clip_keeps_its_length(prepared: PreparedSplit) -> None:
    """The other clip's frames are repeated from the start, or cut; padding stays 0."""
    a = torch.tensor([[1.0, 2, 3, 4], [5, 6, 0, 0], [7, 0, 0, 0]])[:, :, None]
    split = ResidentSplit(
        streams={"a": a}, targets=torch.zeros(3, 1), lengths=torch.tensor([4, 2, 1])
    )
    shuffled = shuffle_stream(split, "a", torch.tensor([1, 2, 0]))
    assert shuffled.streams["a"][:, :, 0].tolist() == [[5, 6, 5, 6], [7, 7, 0, 0], [1, 0, 0, 0]]


def test_presence_is_permuted_with_the_stream() -> None:
    """A clip without the stream gets that of another one, which then lacks it."""
    split = ResidentSplit(
        streams={"a": torch.tensor([[1.0], [0.0]]), "b": torch.ones(2, 1)},
        targets=torch.zeros(2, 1),
        present={"a": torch.tensor([True, False]), "b": torch.tensor([False, True])},
    )
    shuffled = shuffle_stream(split, "a", torch.tensor([1, 0]))
    assert shuffled.streams["a"][:, 0].tolist() == [0, 1]
    assert shuffled.present["a"].tolist() == [False, True]
    assert shuffled.present["b"].tolist() == [False, True]


def test_the_plot_has_a_panel_for_each_task(prepared: PreparedSplit) -> None:
    """The title gives the unshuffled R²; a loss that is not defined is written as n/a."""
    figure = draw(importance(prepared))
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[0] == "one (R² 1.000)"
    assert len(titles) == 2
    assert "n/a" in [text.get_text() for text in figure.axes[0].texts]
