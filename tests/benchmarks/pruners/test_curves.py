"""Files of curves, and the pairs and rungs that are made of them."""

from pathlib import Path

import numpy as np
import pytest

from avq_core.errors import ConfigError, DataError
from benchmarks.pruners.curves import pair_trials, parse_pairs, read_curves, rungs_of

TASKS = ("a", "b", "c")


def save(folder: Path, **arrays: object) -> Path:
    path = folder / "some.npz"
    np.savez(path, **arrays)
    return path


def test_losses_become_metrics_without_the_point_before_training(curves_file: Path) -> None:
    """Higher is better, and the first column is the first epoch's."""
    curves = read_curves(curves_file)
    assert curves.tasks == TASKS
    assert curves.metrics.shape == (3, 40, 16)
    with np.load(curves_file) as stored:
        np.testing.assert_array_equal(curves.metrics, -stored["valid_loss"][:, :, 1:])


def test_tasks_without_names_are_numbered(tmp_path: Path) -> None:
    """Losses alone are enough."""
    path = save(tmp_path, valid_loss=np.ones((2, 5, 4)))
    assert read_curves(path).tasks == ("task 0", "task 1")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"loss": np.ones((2, 5, 4))}, r"holds loss, expected valid_loss \(tasks"),
        ({"valid_loss": np.ones((5, 4))}, r"has shape \(5, 4\) of float64, expected numbers as"),
        ({"valid_loss": np.full((2, 5, 4), "x")}, "of <U1, expected numbers"),
        ({"valid_loss": np.ones((2, 5, 2))}, "expected at least 1 task, 2 configurations and 3"),
        (
            {"valid_loss": np.ones((2, 5, 4)), "tasks": ["a"]},
            "names 1 tasks, expected 2 different names",
        ),
        (
            {"valid_loss": np.ones((2, 5, 4)), "tasks": ["a", "a"]},
            "names 1 tasks, expected 2 different names",
        ),
    ],
)
def test_a_file_of_another_layout_is_refused(
    arrays: dict[str, object], message: str, tmp_path: Path
) -> None:
    """The message says what the file holds, and what was expected."""
    with pytest.raises(DataError, match=message):
        read_curves(save(tmp_path, **arrays))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """Whether it is missing or no archive."""
    with pytest.raises(DataError, match=r"cannot read .*none\.npz"):
        read_curves(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(DataError, match=r"text\.npz: it is not a whole \.npz file"):
        read_curves(tmp_path / "text.npz")


def test_pairs_are_named_numbered_or_all() -> None:
    """A single task is both metrics."""
    assert parse_pairs(["all"], TASKS) == [(0, 1), (0, 2), (1, 2)]
    assert parse_pairs(["2,a", "0,1"], TASKS) == [(2, 0), (0, 1)]
    assert parse_pairs(["all"], TASKS[:1]) == [(0, 0)]
    for text in ("a", "a,b,c", "a,3"):
        with pytest.raises(ConfigError, match=f"--pairs holds '{text}', expected all or A,B"):
            parse_pairs([text], TASKS)


def test_a_pair_holds_both_tasks_of_every_configuration(curves_file: Path) -> None:
    """One that diverges on either task diverges."""
    curves = read_curves(curves_file)
    (trials,) = pair_trials(curves, [(2, 0)], [1, 3])
    assert trials.name == "c + a"
    np.testing.assert_array_equal(trials.metrics[:, 0, 0], curves.metrics[2, :, 0])
    broken = ~np.isfinite(curves.metrics[[2, 0]]).all(axis=(0, 2))
    assert broken.any()
    np.testing.assert_array_equal(trials.finishes, ~broken)
    assert set(trials.rungs) == {(1, 3)}


def test_a_pair_in_which_all_diverge_is_refused(tmp_path: Path) -> None:
    """No configuration can be the best."""
    curves = read_curves(save(tmp_path, valid_loss=np.full((2, 5, 4), np.nan)))
    with pytest.raises(DataError, match=r"no configuration of task 0 \+ task 1 is finite"):
        list(pair_trials(curves, [(0, 1)], [1]))


def test_rungs_are_the_ends_of_cycles_before_the_last_epoch() -> None:
    """The default scales with the curve; a cycle as long as the curve has no rung."""
    assert rungs_of(None, 2, 50) == [3, 9, 21, 45]
    assert rungs_of(None, 2, 30) == [2, 6, 14]
    assert rungs_of(10, 2, 50) == [10, 30]
    assert rungs_of(5, 1, 15) == [5, 10]
    with pytest.raises(ConfigError, match="--cycle is 15, but the curves have 15 epochs"):
        rungs_of(15, 2, 15)
