"""Confirmation: who stands, on what folds, and what is chosen."""

from pathlib import Path

import numpy as np
import pytest
from conftest import SCHEMA, make_split

from avq_core.config_values import to_dict, with_values
from avq_core.data.prepared import SearchSplits
from search.configure import baseline_config
from search.confirm import _row, candidates
from search.folds import count_folds, cut, make_folds
from search.launch.local import available_cores, make_slots
from search.score import Watch
from studies.records import TrialRecord, by_confirmed_score

TASKS = ("lip_sync", "cross_modal", "overall")


def record(
    number: int,
    score: float | None,
    *,
    lr: float = 1e-3,
    state: str = "complete",
    baseline: bool = False,
) -> TrialRecord:
    config = baseline_config(tasks=TASKS, epochs=10, seed=number)
    return TrialRecord(
        number=number, state=state, score=score, best_epoch=6, r2={}, num_labels={}, epochs=14,
        planned_epochs=14, params={}, config=to_dict(with_values(config, {"optim.lr": lr})),
        reason=None, baseline=baseline, history=[], seconds=1.0,
    )  # fmt: skip


def test_the_baseline_and_the_best_few_stand() -> None:
    """However poor the baseline's score is; pruned trials do not."""
    trials = [
        record(0, -0.5, baseline=True),
        record(1, 0.3, lr=1e-4),
        record(2, 0.9, lr=2e-4, state="pruned"),
        record(3, 0.5, lr=3e-4),
        record(4, 0.4, lr=4e-4),
    ]
    assert [c.trial for c in candidates(trials, 2)] == [0, 3, 4]


def test_a_configuration_stands_once() -> None:
    """Two trials that differ in seed alone are one candidate."""
    trials = [record(0, 0.1, baseline=True), record(1, 0.5, lr=2e-4), record(2, 0.6, lr=2e-4)]
    assert [c.trial for c in candidates(trials, 3)] == [0, 2]


def test_candidates_train_for_the_epochs_that_gave_their_score() -> None:
    """Epoch 6 of 14 scored best, so 6 epochs are confirmed."""
    (candidate,) = candidates([record(1, 0.5)], 1)
    assert candidate.config.training.epochs == 6


def test_folds_share_no_group_and_cover_every_clip_once() -> None:
    """What is learned of a speaker must not be asked of the same speaker."""
    groups = tuple(f"g{i // 3}" for i in range(30))
    folds = make_folds(groups, 3, seed=0)
    assert sorted(np.concatenate([fold.val for fold in folds])) == list(range(30))
    for fold in folds:
        assert not {groups[i] for i in fold.train} & {groups[i] for i in fold.val}


def test_few_groups_make_few_folds_and_one_group_is_cut_by_clip() -> None:
    """Two speakers give two folds; one speaker gives the folds asked for."""
    assert count_folds(("a", "a", "b"), 3) == len(make_folds(("a", "a", "b"), 3, 0)) == 2
    assert count_folds(("a",) * 9, 3) == len(make_folds(("a",) * 9, 3, 0)) == 3


def test_a_fold_is_standardised_by_its_own_train_side() -> None:
    """Its train side has mean 0 and deviation 1; a changed val side changes nothing of it."""
    splits = SearchSplits(schema=SCHEMA, train=make_split(20, 0), val=make_split(10, 1))
    groups = splits.train.groups + splits.val.groups
    fold = make_folds(groups, 3, seed=0)[0]
    made = cut(splits, fold)
    audio = made.train.streams["audio"]
    np.testing.assert_allclose(audio.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(audio.std(axis=(0, 1)), 1, atol=1e-4)
    assert made.train.groups == tuple(groups[i] for i in fold.train)
    whole = np.concatenate([splits.train.streams["sync"], splits.val.streams["sync"]])
    ranks = np.argsort(whole[fold.val][:, 0])
    np.testing.assert_array_equal(np.argsort(made.val.streams["sync"][:, 0]), ranks)
    for row in fold.val:
        side, at = (splits.train, row) if row < 20 else (splits.val, row - 20)
        for values in side.streams.values():
            values[at] += 100.0
    again = cut(splits, fold)
    np.testing.assert_array_equal(again.train.streams["audio"], audio)


def test_a_candidate_that_diverged_comes_last() -> None:
    """An undefined figure is not a high one."""
    good = {"r2": dict.fromkeys(TASKS, 0.2)}
    bad = {"r2": dict.fromkeys(TASKS)}
    runs = {
        "trial 1 fold 0": good,
        "trial 1 fold 1": bad,
        "trial 2 fold 0": good,
        "trial 2 fold 1": good,
    }
    first, second = (
        _row(c, runs, 2, Watch()) for c in candidates([record(1, 0.9), record(2, 0.8, lr=2e-4)], 2)
    )
    assert second["score_mean"] == pytest.approx(0.2)
    assert first["score_mean"] is first["score_std"] is None
    assert [row["trial"] for row in by_confirmed_score([first, second])] == [2, 1]


def test_workers_take_devices_in_turn_and_share_the_cores(tmp_path: Path) -> None:
    """Auto is one a core; more workers than cores have one thread each."""
    auto = make_slots(workers="auto", devices="cpu")
    assert len(auto) == available_cores()
    assert {slot.threads for slot in auto} == {1}
    mixed = make_slots(workers="3", devices="cpu")
    assert [slot.index for slot in mixed] == [0, 1, 2]
    (alone,) = make_slots(workers="1", devices="cpu")
    assert alone.threads == available_cores()
