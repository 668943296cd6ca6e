"""What a study has queued when it is opened."""

from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
import yaml
from commands import write_space, write_tiny
from optuna.trial import TrialState, create_trial

from search.cli import read_settings
from search.main_job.open_study import open_study
from search.main_job.plan import Plan, make_plan
from search.main_job.stages import Listener, note_missing_baseline
from search.queue.baseline import HEAD_START
from studies.records import attributes

MakePlan = Callable[..., Plan]
LONG = 2 * HEAD_START


@pytest.fixture
def plan(tmp_path: Path) -> MakePlan:
    """Plans of one study over a tiny file, by the command's arguments."""
    data, space = write_tiny(tmp_path), write_space(tmp_path)

    def make(*arguments: object) -> Plan:
        own = ["--data", data, "--space", space, "--runs", tmp_path / "runs", "--study", "tiny"]
        words = [str(word) for word in (*own, "--devices", "cpu", *arguments)]
        return make_plan(read_settings(words), say=lambda _: None)

    return make


def opened(plan: Plan, said: list[str] | None = None) -> optuna.Study:
    """The plan's study."""
    return open_study(plan, say=[].append if said is None else said.append)


def baselines(study: optuna.Study) -> list[TrialState]:
    """States of the manual's trials."""
    return [trial.state for trial in study.trials if attributes.BASELINE in trial.user_attrs]


def test_a_long_study_leaves_the_baseline_to_its_workers(plan: MakePlan) -> None:
    """Until it is short, and then it is queued once."""
    assert not opened(plan("--trials", LONG)).trials
    for arguments in (("--trials", LONG - 1), ("--trials", LONG), ("--trials", LONG - 2)):
        assert baselines(opened(plan(*arguments))) == [TrialState.WAITING]


def test_a_baseline_that_was_given_up_is_tried_again_by_the_next_command(plan: MakePlan) -> None:
    """Which a user may give with what it lacked; not where all trials are done."""
    study = opened(plan("--trials", LONG))
    given_up = create_trial(state=TrialState.FAIL, user_attrs={attributes.BASELINE: True})
    study.add_trials([create_trial(value=0.5)] * HEAD_START + [given_up])
    opened(plan("--trials", HEAD_START))
    assert baselines(study) == [TrialState.FAIL]
    opened(plan("--trials", LONG))
    assert baselines(study) == [TrialState.FAIL, TrialState.WAITING]


def test_the_manuals_configuration_is_not_trained_twice(plan: MakePlan) -> None:
    """A study comes to it of itself, if later than a queued one."""
    said: list[str] = []
    study = opened(plan("--trials", LONG + 1, "--space", "full", "--enqueue", "manual"), said)
    assert not study.trials
    assert said == ["configuration manual: 0 points queued, 1 in the study already"]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (None, "the same search with `trials` 6 trains it"),
        (TrialState.FAIL, "the same search with `trials` 6 trains it"),
        (TrialState.WAITING, "the same search with `trials` 6 trains it"),
        (TrialState.COMPLETE, ""),
    ],
)
def test_a_study_that_ended_without_its_baseline_says_what_trains_it(
    plan: MakePlan, state: TrialState | None, said: str
) -> None:
    """Queued is not trained; one that waits has its place already, beside four that ended and another."""
    own = plan("--trials", LONG)
    study = opened(own)
    study.add_trials([create_trial(value=0.5)] * 4)
    study.enqueue_trial({})
    if state is TrialState.WAITING:
        study.enqueue_trial({}, user_attrs={attributes.BASELINE: True})
    elif state is not None:
        value = 0.5 if state is TrialState.COMPLETE else None
        study.add_trial(
            create_trial(state=state, value=value, user_attrs={attributes.BASELINE: True})
        )
    lines: list[str] = []
    listener = Listener(say=lines.append, show=lambda _: None)
    note_missing_baseline(plan("--trials", 4), study, listener)
    assert said in "".join(lines)
    assert bool(lines) == bool(said)
    lines.clear()
    note_missing_baseline(own, study, listener)
    assert "`trials`" not in "".join(lines)  # there are trials left for it


def test_another_start_in_the_middle_of_a_study_is_told(plan: MakePlan, tmp_path: Path) -> None:
    """It is not tried, but what is drawn around it changes; the same one, and none as before, say nothing."""
    said: list[str] = []
    opened(plan("--trials", LONG), said)
    opened(plan("--trials", LONG), said)
    assert not said
    space = tmp_path / "tiny_space.yaml"
    values = yaml.safe_load(space.read_text())
    low = {
        name: found.get("low", found.get("choices", [0])[0])
        for name, found in values["parameters"].items()
    }
    space.write_text(yaml.safe_dump({**values, "start": low}))
    study = opened(plan("--trials", LONG), said)
    assert len(said) == 1
    assert "has another start" in said[0]
    assert not study.trials
