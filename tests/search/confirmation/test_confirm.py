"""Confirmation: who stands, on what folds, and what is chosen."""

from typing import Any

from avq_core.config.values import to_dict, with_values
from search.configure import baseline_config
from search.confirmation.confirm import _count_opening, _is_opened, candidates
from studies.records import TrialRecord, by_confirmed_score

TASKS = ("lip_sync", "cross_modal", "overall")


def record(
    number: int,
    score: float | None,
    *,
    lr: float = 1e-3,
    state: str = "complete",
    baseline: bool = False,
    pair: tuple[float, float] | None = None,
) -> TrialRecord:
    config = baseline_config(tasks=TASKS, epochs=10, seed=number)
    return TrialRecord(
        number=number, state=state, score=score, best_epoch=6,
        r2={} if pair is None else dict(zip(("cross_modal", "overall"), pair, strict=True)), num_labels={}, epochs=14,
        planned_epochs=14, params={}, config=to_dict(with_values(config, {"optim.lr": lr})),
        reason=None, baseline=baseline, audited=None, history=[], seconds=1.0,
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


def test_of_two_objectives_the_front_stands_before_the_score() -> None:
    """Best in one figure comes before a higher mean that another trial beats in both."""
    trials = [
        record(1, 0.5, lr=1e-4, pair=(0.5, 0.5)),
        record(2, 0.45, lr=2e-4, pair=(0.45, 0.45)),
        record(3, 0.3, lr=3e-4, pair=(0.8, -0.2)),
    ]
    assert [c.trial for c in candidates(trials, 2)] == [1, 2]
    front_of = ("cross_modal", "overall")
    assert [c.trial for c in candidates(trials, 2, front_of=front_of)] == [1, 3]


def test_a_configuration_stands_once() -> None:
    """Two trials that differ in seed alone are one candidate."""
    trials = [record(0, 0.1, baseline=True), record(1, 0.5, lr=2e-4), record(2, 0.6, lr=2e-4)]
    assert [c.trial for c in candidates(trials, 3)] == [0, 2]


def test_candidates_train_for_the_epochs_that_gave_their_score() -> None:
    """Epoch 6 of 14 scored best, so 6 epochs are confirmed."""
    (candidate,) = candidates([record(1, 0.5)], 1)
    assert candidate.config.training.epochs == 6


def test_a_candidate_without_a_score_comes_last() -> None:
    """An undefined figure is not a high one."""
    rows = [{"trial": 1, "score_mean": None}, {"trial": 2, "score_mean": -0.2}]
    assert [row["trial"] for row in by_confirmed_score(rows)] == [2, 1]


def test_an_opening_is_counted_before_anything_is_seen() -> None:
    """Once for a choice, also where it was stopped on its way; anew for another."""
    summary: dict[str, Any] = {"test": {"old": 1}, "test_openings": 0, "openings": []}
    _count_opening(summary, 5, [0, 5])
    _count_opening(summary, 5, [0, 5])
    assert summary["test_openings"] == len(summary["openings"]) == 1
    assert summary["test"] is None
    summary["openings"][-1]["done"] = True
    _count_opening(summary, 7, [0, 7])
    assert summary["test_openings"] == 2
    assert [one["chosen"] for one in summary["openings"]] == [5, 7]


def test_test_is_opened_anew_for_another_choice_alone() -> None:
    """A confirmation that is run again changes nothing; other members are another ensemble."""
    stored = {"test": {"chosen": {"trial": 5}, "opened_for": [0, 5]}}
    assert _is_opened(stored, 5, [0, 5])
    assert not _is_opened(stored, 7, [0, 7])
    assert not _is_opened(stored, 5, [0, 5, 7])
    assert not _is_opened({"test": None}, 5, [0, 5])
