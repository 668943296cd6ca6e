"""Points from elsewhere: another study's best, exported configurations; queued once, tried anew."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml
from commands import assert_one_line, run, write_space, write_tiny
from optuna.trial import TrialState, create_trial

from avq_core.config.values import to_dict
from avq_core.errors import ConfigError
from search.configure import configure
from search.queue.warm_start import (
    NUM_BEST,
    RequestedPoints,
    best_points,
    configured_points,
    queue,
    source_study,
)
from search.suggest import suggest
from space.parameters import Float, Int
from space.space import Space
from studies.distributions import distributions_of
from studies.errors import StudyError
from studies.records import attributes
from studies.records.trial import BestEpoch
from studies.storage.open import open_study

TASKS = ("lip_sync", "cross_modal", "overall")
WEIGHTS = {f"training.task_weights.{task}": Float(low=0.25, high=4.0, log=True) for task in TASKS}
SPACE = Space(
    name="mine",
    epochs=2,
    parameters={
        "model.num_layers": Int(low=1, high=3),
        "optim.lr": Float(low=1e-4, high=1e-2, log=True),
        **WEIGHTS,
    },
)
WIDER = Space(
    name="wider",
    epochs=2,
    fixed={"optim.cycle_epochs": 2},
    parameters=SPACE.parameters | {"model.num_layers": Int(low=1, high=5)},
)


def metrics(score: float) -> dict[str, Any]:
    """What a trial stores of its best epoch."""
    return BestEpoch(epoch=2, score=score, r2={}, num_labels={}).encode()


def make_study(
    space: Space, num: int, *, name: str = "other", score: Callable[[int], float] = float
) -> optuna.Study:
    """A study whose trials score by their number; every third is pruned."""
    study = optuna.create_study(
        study_name=name, direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0)
    )
    for number in range(num):
        trial = study.ask()
        config = configure(space, suggest(trial, space), tasks=TASKS, epochs=2, seed=number)
        trial.set_user_attr(attributes.CONFIG, to_dict(config))
        trial.set_user_attr(attributes.METRICS, metrics(score(number)))
        if number % 3 == 0:
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, score(number))
    return study


def queue_into(study: optuna.Study, requested: RequestedPoints, space: Space = SPACE) -> str:
    said: list[str] = []
    queue(study, requested, space=space, tasks=TASKS, baseline={}, say=said.append)
    return said[0]


def waiting(study: optuna.Study) -> list[dict[str, Any]]:
    trials = study.get_trials(states=(TrialState.WAITING,))
    return [trial.system_attrs["fixed_params"] for trial in trials]


def test_the_best_of_a_study_of_the_same_space_all_fit() -> None:
    """Though half of their recorded weights lie outside the bounds that they were drawn from."""
    other = make_study(SPACE, 60)
    requested = best_points(other, SPACE, TASKS)
    assert len(requested.points) == NUM_BEST
    assert requested.num_unfit == 0
    best = [t.params["optim.lr"] for t in other.trials if t.state is TrialState.COMPLETE][-10:]
    assert [point["optim.lr"] for point in requested.points] == best[::-1]
    assert all(map(SPACE.contains, requested.points))


def test_of_another_space_what_fits_is_taken() -> None:
    """Deeper networks do not fit; what one space fixes and the other does not is left behind."""
    requested = best_points(make_study(WIDER, 40), SPACE, TASKS)
    assert 0 < requested.num_unfit < NUM_BEST
    assert len(requested.points) + requested.num_unfit == NUM_BEST
    study = optuna.create_study()
    assert queue_into(study, requested) == (
        f"warm start from other: {len(requested.points)} points queued, "
        f"{requested.num_unfit} do not fit this space"
    )
    assert len(waiting(study)) == len(requested.points)


def test_a_warm_start_is_made_once() -> None:
    """Whatever the other study has tried since."""
    other, study = make_study(SPACE, 12), optuna.create_study()
    queue_into(study, best_points(other, SPACE, TASKS))
    queued = waiting(study)
    assert queue_into(study, best_points(make_study(SPACE, 30), SPACE, TASKS)).endswith(
        "done before"
    )
    assert waiting(study) == queued


def test_a_warm_start_that_was_cut_off_queues_the_rest() -> None:
    """Killed between two points: those that are there are not queued again."""
    other, study = make_study(SPACE, 12), optuna.create_study()
    requested = best_points(other, SPACE, TASKS)
    study.enqueue_trial(dict(requested.points[0]))
    assert "1 in the study already" in queue_into(study, requested)
    assert len(waiting(study)) == len(requested.points)


def test_repeats_and_the_manuals_trial_are_passed_over() -> None:
    """A configuration that was tried twice is one point; every study has its own baseline."""
    other = make_study(SPACE, 6)
    for trial in other.trials:
        if trial.state is TrialState.COMPLETE:
            other.add_trial(trial)
    manual = create_trial(
        value=99.0,
        user_attrs={
            attributes.BASELINE: True,
            attributes.CONFIG: other.trials[1].user_attrs[attributes.CONFIG],
            attributes.METRICS: metrics(99.0),
        },
    )
    other.add_trial(manual)
    requested = best_points(other, SPACE, TASKS)
    assert len(requested.points) == 4


def test_a_study_without_configurations_gives_its_parameters() -> None:
    """One that another program made, or an earlier version."""
    other = optuna.create_study(study_name="foreign", direction="maximize")
    params = {"optim.lr": 3e-3, "model.num_layers": 2}
    distributions = distributions_of(SPACE)
    trial = create_trial(
        value=0.5,
        params=params,
        distributions={name: distributions[name] for name in params},
        user_attrs={attributes.METRICS: metrics(0.5)},
    )
    other.add_trial(trial)
    assert best_points(other, SPACE, TASKS).points == (params,)


@pytest.mark.parametrize(("direction", "best"), [("minimize", 0), ("maximize", 3)])
def test_a_study_of_another_program_gives_what_fits(direction: str, best: int) -> None:
    """Its best by its own values; parameters of other names, and values outside the bounds, are left."""
    other = optuna.create_study(study_name="theirs", direction=direction)
    for number in range(4):
        trial = other.ask()
        trial.suggest_float("optim.lr", 1e-3, 9e-3, log=True)
        trial.suggest_categorical("optim", ["adam", "sgd"])
        other.tell(trial, number)
    requested = best_points(other, SPACE, TASKS)
    assert requested.points[0] == {"optim.lr": other.trials[best].params["optim.lr"]}
    assert len(requested.points) == 4
    strange = optuna.create_study(study_name="strange", directions=["minimize", "maximize"])
    trial = strange.ask()
    trial.suggest_categorical("optim.lr", ["high", "low"])
    trial.suggest_float("training", 0, 1)
    strange.tell(trial, (1.0, 2.0))
    with pytest.raises(
        ConfigError, match="strange: none of its best 1 points fits the space 'mine'"
    ):
        best_points(strange, SPACE, TASKS)


def test_a_weight_of_a_task_that_the_other_data_lacks_is_left_to_the_sampler() -> None:
    """The others come along; the trial is whole all the same."""
    other = make_study(SPACE, 12)
    more = Space(
        name="more",
        epochs=2,
        parameters=SPACE.parameters | {"training.task_weights.smile": Float(low=0.25, high=4.0)},
    )
    requested = best_points(other, more, (*TASKS, "smile"))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    queue(study, requested, space=more, tasks=(*TASKS, "smile"), baseline={}, say=lambda _: None)
    values = suggest(study.ask(), more)
    assert more.contains(values)
    assert values["optim.lr"] == requested.points[0]["optim.lr"]


def test_a_study_of_which_nothing_fits_is_told() -> None:
    """In a line, before anything is created."""
    far = Space(name="far", epochs=2, parameters={"optim.lr": Float(low=0.1, high=0.5)})
    with pytest.raises(ConfigError, match="none of its best 8 points fits the space 'far'"):
        best_points(make_study(SPACE, 12), far, TASKS)
    with pytest.raises(ConfigError, match="it has no complete trial, so none fits"):
        best_points(make_study(SPACE, 1), SPACE, TASKS)


def test_a_study_is_no_warm_start_of_itself(tmp_path: Path) -> None:
    """And a study that does not exist is an error as everywhere."""
    with pytest.raises(ConfigError, match="`warm_start` is 'a', the study itself"):
        source_study("a", into="a", runs=tmp_path, storage=None)
    with pytest.raises(StudyError, match="there is no study 'b'"):
        source_study("b", into="a", runs=tmp_path, storage=None)
    assert source_study(None, into="a", runs=tmp_path, storage=None) is None


def write_config(folder: Path, values: dict[str, Any], **changes: Any) -> str:
    """A file as `studies.export` writes it."""
    config = to_dict(configure(SPACE, values, tasks=TASKS, epochs=2, seed=5))
    for name, value in changes.items():
        section, setting = name.split("__")
        config[section][setting] = value
    path = folder / "best.yaml"
    path.write_text(yaml.safe_dump({"study": "x", "trial": 3, "config": config}))
    return str(path)


VALUES = {"model.num_layers": 2, "optim.lr": 2e-3} | dict.fromkeys(WEIGHTS, 1.0)


def test_a_configuration_is_queued_once(tmp_path: Path) -> None:
    """Waiting, running or finished, it is there, whatever factor its weights were suggested with."""
    file = write_config(tmp_path, VALUES)
    requested = configured_points(file, SPACE, TASKS)
    study = optuna.create_study()
    assert queue_into(study, requested) == f"configuration {file}: 1 point queued"
    assert (
        queue_into(study, requested)
        == f"configuration {file}: 0 points queued, 1 in the study already"
    )
    trial = study.ask()
    assert suggest(trial, SPACE)["optim.lr"] == 2e-3
    assert "1 in the study already" in queue_into(study, requested)
    study.tell(trial, 0.5)
    assert "1 in the study already" in queue_into(study, requested)

    searched = optuna.create_study()
    searched.enqueue_trial(VALUES | dict.fromkeys(WEIGHTS, 2.0))
    assert "1 in the study already" in queue_into(searched, requested)


def test_what_the_study_will_train_anyway_is_there(tmp_path: Path) -> None:
    """The manual's configuration, asked for in a study that comes to it later."""
    requested = configured_points(write_config(tmp_path, VALUES), SPACE, TASKS)
    study, said = optuna.create_study(), list[str]()
    queue(study, requested, space=SPACE, tasks=TASKS, baseline=VALUES, say=said.append)
    assert "0 points queued, 1 in the study already" in said[0]
    assert not study.trials


def test_a_failed_trial_does_not_count_as_there(tmp_path: Path) -> None:
    """Its worker died too often; asked for again, it is tried again."""
    requested = configured_points(write_config(tmp_path, VALUES), SPACE, TASKS)
    study = optuna.create_study()
    queue_into(study, requested)
    trial = study.ask()
    suggest(trial, SPACE)
    study.tell(trial, state=TrialState.FAIL)
    assert "1 point queued" in queue_into(study, requested)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"optim__lr": 0.3}, r"optim.lr is 0.3, but the space searches 0.0001 to 0.01; change"),
        ({"model__pooling": "mean_std"}, r"model.pooling is 'mean_std', but the space leaves"),
    ],
)
def test_a_configuration_outside_the_space_is_told(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    """The first setting, and what the space has for it."""
    file = write_config(tmp_path, VALUES, **changes)
    with pytest.raises(ConfigError, match=f"`enqueue` {file}: {reason}"):
        configured_points(file, SPACE, TASKS)


@pytest.mark.slow
def test_the_main_job_starts_warm_and_resumes(tmp_path: Path) -> None:
    """As a user would: one study, its best.yaml and its best points into another, twice."""
    write_tiny(tmp_path)
    write_space(tmp_path)

    def search(study: str, *options: object) -> Any:
        return run(
            "search.run", "--data", tmp_path / "tiny.pkl", "--space", tmp_path / "tiny_space.yaml",
            "--runs", tmp_path / "runs", "--study", study, "--workers", 1, "--devices", "cpu",
            "--confirm", 0, "--baseline-epochs", 1, *options,
        )  # fmt: skip

    assert search("first", "--trials", 4).returncode == 0
    best = tmp_path / "runs" / "first" / "best.yaml"
    searched = next(
        t.number
        for t in open_study(tmp_path / "runs", "first", None).trials
        if t.state is TrialState.COMPLETE and t.params
    )
    exported = run(
        "studies.export", "first", "--trial", searched, "--out", best, "--runs", tmp_path / "runs"
    )
    assert exported.returncode == 0, exported.stderr
    warm = ("--warm-start", "first", "--enqueue", best)
    done = search("second", "--trials", 2, *warm)
    assert done.returncode == 0, done.stderr
    assert f"configuration {best}: 1 point queued" in done.stderr
    assert "warm start from first: " in done.stderr
    before = open_study(tmp_path / "runs", "second", None).trials
    again = search("second", "--trials", 3, *warm)
    assert f"configuration {best}: 0 points queued, 1 in the study already" in again.stderr
    assert "warm start from first: done before" in again.stderr
    assert len(open_study(tmp_path / "runs", "second", None).trials) == max(3, len(before))

    assert_one_line(
        search("third", "--warm-start", "fourth"), "no study 'fourth'", "first", "second"
    )
    wide = yaml.safe_load(best.read_text())
    wide["config"]["model"]["hidden_dim"] = 64
    (tmp_path / "wide.yaml").write_text(yaml.safe_dump(wide))
    assert_one_line(
        search("third", "--enqueue", tmp_path / "wide.yaml"), "model.hidden_dim is 64", "8 to 16"
    )
    assert not (tmp_path / "runs" / "third").exists()
