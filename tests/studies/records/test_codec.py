"""Records as JSON and back."""

import json
import math

import pydantic
import pytest

from studies.records.codec import RunKey, StoredList, decode_r2, encode_r2
from studies.records.confirmation import CandidateResult, Confirmation, ConfirmationRun
from studies.records.held_out import Opening
from studies.records.trial import Epoch

EPOCH = {"epoch": 1, "train_loss": 0.5, "lr": 1e-3, "r2": {"a": None, "b": 0.25}, "judged": True}


def test_null_is_nan_in_python_and_null_again() -> None:
    """JSON has no NaN."""
    epoch = Epoch.decode(EPOCH | {"seconds": 0.1})
    assert math.isnan(epoch.r2["a"])
    assert epoch.r2["b"] == 0.25
    assert epoch.encode() == EPOCH | {"seconds": 0.1}
    assert json.dumps(epoch.encode(), allow_nan=False)
    table = {"ridge": {"a": math.nan, "b": 0.5}}
    assert encode_r2(table) == {"ridge": {"a": None, "b": 0.5}}
    assert encode_r2(decode_r2(encode_r2(table))) == encode_r2(table)


def test_what_was_never_set_is_not_written() -> None:
    """A confirmation that was stopped in its first runs holds these alone."""
    runs = {RunKey(3, 0, 1): ConfirmationRun(r2={"a": 0.5}, num_labels={"a": 9}, losses=None)}
    stored = Confirmation(runs=runs).encode()
    assert stored == {
        "runs": {
            "trial 3 seed 0 fold 1": {"r2": {"a": 0.5}, "num_labels": {"a": 9}, "losses": None}
        }
    }
    assert Confirmation.decode(stored).runs == runs


def test_a_key_that_names_no_run_is_refused() -> None:
    """Rather than taken for another one."""
    with pytest.raises(pydantic.ValidationError, match="expected a key such as 'trial 3 seed 0"):
        Confirmation.decode({"runs": {"trial 3": {}}})


def test_a_missing_field_is_named() -> None:
    """A stored record that is none must not be shown as an empty one."""
    with pytest.raises(pydantic.ValidationError, match="judged"):
        Epoch.decode({"epoch": 1, "r2": {}})


def test_unknown_keys_are_ignored() -> None:
    """A later version may store more."""
    assert Opening.decode({"when": "now", "for": [1, 2], "more": 1}).trials == (1, 2)


def test_records_do_not_change() -> None:
    """They are shared by all that read the study."""
    epoch = Epoch.decode(EPOCH)
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        epoch.lr = 1.0  # type: ignore[misc]


def test_a_list_is_decoded_when_it_is_looked_at() -> None:
    """Its length costs nothing; a broken entry is left out when it is read."""
    entries = StoredList(Epoch, [EPOCH, {"epoch": 2}])
    assert len(entries) == 2
    assert list(entries) == [Epoch.decode(EPOCH)]
    assert len(entries) == 1


def result(trial: int, score: float, dropped: str | None = None) -> CandidateResult:
    return CandidateResult(
        trial=trial,
        baseline=False,
        parameters=1,
        num_runs=6,
        dropped=dropped,
        score_mean=score,
        score_std=math.nan,
        score_error=math.nan,
        behind=None,
        r2_mean={},
    )


def test_a_dropped_candidate_does_not_lead_by_a_mean_of_fewer_runs() -> None:
    """One run on an easy fold is no better than six; those without a score come last."""
    rows = (result(3, math.nan), result(1, 0.9, "after 1 of 6 runs"), result(2, 0.5))
    ranked = Confirmation(candidates=rows).ranked
    assert [candidate.trial for candidate in ranked] == [2, 1, 3]
