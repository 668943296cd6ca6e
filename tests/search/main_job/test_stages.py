"""The folds of the confirmation, as a search cuts them."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import make_samples

from search.main_job.plan import Plan, make_plan
from search.main_job.stages import Listener, _cut
from search.settings import Settings
from studies.errors import StudyError

Samples = list[dict[str, object]]


def planned(
    folder: Path, change: Callable[[Samples, Samples], None]
) -> tuple[Plan, Listener, list[str]]:
    """A plan for 40 + 16 changed clips, and the lines that a search says on the way."""
    train, val = make_samples(40, 0), make_samples(16, 1)
    change(train, val)
    path = folder / "clips.pkl"
    path.write_bytes(pickle.dumps({"train": train, "val": val, "test": make_samples(16, 2)}))
    settings = Settings(data=str(path), runs=folder / "runs", devices=("cpu",), space="small")
    said: list[str] = []
    plan = make_plan(settings, say=lambda _line: None)
    return plan, Listener(say=said.append, show=lambda _state: None), said


def test_usually_there_are_three_folds_and_nothing_is_said(tmp_path: Path) -> None:
    """Of 28 groups of two clips."""
    plan, listener, said = planned(tmp_path, lambda _train, _val: None)
    assert sorted(len(fold.val) for fold in _cut(plan, listener)) == [18, 18, 20]
    assert said == []


def test_fewer_folds_are_told_in_a_line(tmp_path: Path) -> None:
    """Two speakers make two folds."""

    def two_speakers(train: Samples, val: Samples) -> None:
        for samples, speaker in ((train, "a"), (val, "b")):
            for sample in samples:
                sample["group"] = speaker

    plan, listener, said = planned(tmp_path, two_speakers)
    assert len(_cut(plan, listener)) == 2
    (line,) = said
    assert line.startswith("confirming on 2 folds, not 3: train + val have too few groups, or")
    assert line.endswith("too few of them with labels of cross_modal and overall")


def test_data_that_cannot_be_cut_is_told_in_a_line(tmp_path: Path) -> None:
    """A watched task of one speaker alone cannot be on both sides."""

    def one_speaker_scored(train: Samples, val: Samples) -> None:
        for sample in train[1:]:
            assert isinstance(sample["labels"], dict)
            sample["labels"]["cross_modal_score"] = -1.0
        for sample in val:
            sample["group"] = "b"

    plan, listener, _ = planned(tmp_path, one_speaker_scored)
    with pytest.raises(
        StudyError, match=r"nothing is confirmed: train \+ val have 56 clip.*`confirm` 0"
    ):
        _cut(plan, listener)
