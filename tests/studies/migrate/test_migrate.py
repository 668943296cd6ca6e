"""`studies.migrate`: which trials are copied, as what, and that the search resumes with them."""

import dataclasses
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml
from commands import assert_one_line, run, write_tiny
from optuna.trial import FrozenTrial, TrialState

from avq_core.config.presets import manual
from avq_core.config.values import to_dict, with_values
from search.samplers.factory import make_sampler
from search.suggest import suggest
from space.parameters import Categorical, Float, Int
from space.presets import preset
from space.space import Space
from studies.distributions import distributions_of
from studies.errors import StudyError
from studies.migrate.copying import copy_trials, sort_out
from studies.records import attributes
from studies.records.read import read_study
from studies.storage.open import open_study, storage_url

TASKS = ("lip_sync", "cross_modal", "overall")
NARROW = Space(
    name="narrow",
    epochs=14,
    parameters={"optim.lr": Float(low=1.3e-3, high=2e-3, log=True)},
)


def copied(source: optuna.Study, space: Space, runs: Path) -> optuna.Study:
    url = storage_url(runs, "new", None)
    return copy_trials(source, sort_out(source, space), space=space, url=url, new="new")


def finished(
    config: dict[str, Any], params: dict[str, Any], space: Space, **noted: Any
) -> FrozenTrial:
    """A complete trial of a configuration."""
    distributions = distributions_of(space)
    return optuna.trial.create_trial(
        value=0.5,
        params=params,
        distributions={path: distributions[path] for path in params},
        user_attrs={attributes.CONFIG: config, **noted},
    )


def test_trials_that_fit_keep_all_but_their_distributions(study: optuna.Study, runs: Path) -> None:
    """Metrics, state, dates, curve and attributes; the baseline goes along, wherever it lies."""
    new = copied(study, NARROW, runs)
    assert [trial.user_attrs[attributes.COPIED_FROM]["trial"] for trial in new.trials] == [0, 1, 2]
    distributions = distributions_of(NARROW)
    for trial in new.trials:
        before = study.trials[trial.user_attrs[attributes.COPIED_FROM]["trial"]]
        assert (trial.state, trial.value) == (before.state, before.value)
        assert trial.datetime_start == before.datetime_start
        assert trial.datetime_complete == before.datetime_complete
        assert trial.intermediate_values == before.intermediate_values
        assert {
            k: v for k, v in trial.user_attrs.items() if k != attributes.COPIED_FROM
        } == before.user_attrs
    assert new.trials[0].params == {}
    assert new.trials[0].user_attrs[attributes.BASELINE]
    assert new.trials[1].params == {"optim.lr": 1.5e-3}
    assert new.trials[1].distributions == distributions


def test_the_new_study_is_of_the_same_data_and_the_new_space(
    confirmed: optuna.Study, runs: Path
) -> None:
    """Its identity is that of a run with the new space; nothing is confirmed or chosen in it.

    That the data's test split was looked at goes along, and the old command does not.
    """
    confirmed.set_user_attr(attributes.PROVENANCE, {"command": "python -m search.run --study old"})
    looked = [{"when": "2026-11-26T02:40:00+00:00", "for": [0, 2], "chosen": 2, "done": True}]
    before_it = confirmed.user_attrs[attributes.CONFIRMATION]
    confirmed.set_user_attr(attributes.CONFIRMATION, before_it | {"openings": looked})
    new = copied(confirmed, NARROW, runs)
    before, now = read_study(confirmed), read_study(new)
    assert before.identity is not None
    assert now.identity == dataclasses.replace(before.identity, space=NARROW.fingerprint())
    assert Space.from_dict(new.user_attrs[attributes.SPACE]) == NARROW
    assert (now.tasks, now.watch, now.data_source) == (before.tasks, before.watch, "demo")
    assert (
        new.user_attrs[attributes.SIMPLE_MODELS] == confirmed.user_attrs[attributes.SIMPLE_MODELS]
    )
    assert new.user_attrs[attributes.CONFIRMATION] == {
        "test_openings": 1,
        "openings": [{"study": "tiny", **looked[0]}],
    }
    assert now.provenance is None
    assert now.chosen is None
    assert repr(read_study(confirmed)) == repr(before)


def test_what_is_left_is_sorted_by_the_setting_that_does_not_fit(study: optuna.Study) -> None:
    """With words for the first of a kind; unfinished trials are another thing."""
    left = sort_out(study, NARROW).misfits
    assert [path for path, _ in left] == ["optim.lr", *["not finished"] * 3]
    assert left[0][1] == "optim.lr is 0.0012, but the space searches 0.0013 to 0.002"
    fixed = Space(
        name="fixed",
        epochs=14,
        fixed={"model.num_layers": 2},
        parameters={"optim.lr": Float(low=1e-4, high=1e-2)},
    )
    with pytest.raises(
        StudyError, match=r"no finished trial .* such as: model.num_layers is 6, but"
    ):
        sort_out(study, fixed)


def test_a_setting_that_the_old_space_fixed_becomes_a_coordinate(
    study: optuna.Study, runs: Path
) -> None:
    """From the effective configuration; one that does not matter there is left out."""
    space = Space(
        name="wide",
        epochs=14,
        parameters={
            "optim.lr": Float(low=1e-3, high=2e-3),
            "model.num_layers": Int(low=2, high=6, step=2),
            "model.max_lag": Categorical(choices=(0, 15)),
            "model.lag_channels": Int(low=1, high=8, when={"model.max_lag": (15,)}),
        },
    )
    new = copied(study, space, runs)
    assert len(new.trials) == 4
    assert new.trials[1].params == {
        "optim.lr": 1.5e-3,
        "model.num_layers": 6,
        "model.max_lag": 0,
    }


def test_weights_are_copied_as_they_were_suggested(empty: optuna.Study, runs: Path) -> None:
    """Recorded are effective ones; between two spaces that search all of them that is the same."""
    weights = {
        f"training.task_weights.{task}": Float(low=0.5, high=4.0, log=True) for task in TASKS
    }
    space = Space(name="weights", epochs=2, parameters=weights)
    raw = dict.fromkeys(weights, 2.0)
    effective = dict.fromkeys(weights, 1.2)  # the manual's sum for these tasks is 3.6
    config = to_dict(with_values(manual(TASKS), effective))
    empty.add_trial(finished(config, raw, space))
    assert sort_out(empty, space).fitting[0][1] == raw
    low = Space(name="low", epochs=2, parameters={n: Float(low=0.5, high=1.5) for n in weights})
    assert sort_out(empty, low).fitting[0][1] == pytest.approx(effective)


def test_who_finishes_whom_is_renumbered(study: optuna.Study, runs: Path) -> None:
    """The trial that repeats and finishes another one names it by its number."""
    again = study.trials[2].user_attrs | {attributes.FINISHES: 1}
    study.add_trial(finished(again[attributes.CONFIG], {}, NARROW, **{attributes.FINISHES: 2}))
    new = copied(study, NARROW, runs)
    assert new.trials[3].user_attrs[attributes.COPIED_FROM]["trial"] == 7
    assert new.trials[3].user_attrs[attributes.FINISHES] == 2
    narrower = Space(
        name="one", epochs=14, parameters={"optim.lr": Float(low=1.39e-3, high=1.41e-3)}
    )
    url = storage_url(runs, "other", None)
    other = copy_trials(study, sort_out(study, narrower), space=narrower, url=url, new="other")
    assert [t.user_attrs[attributes.COPIED_FROM]["trial"] for t in other.trials] == [0, 2, 7]
    assert other.trials[2].user_attrs[attributes.FINISHES] == 1


def test_the_first_point_of_the_new_space_is_queued(study: optuna.Study, runs: Path) -> None:
    """Unless a copied trial is that point."""
    for lr, queued in ((1.6e-3, 1), (1.5e-3, 0)):
        space = Space(name="start", epochs=14, parameters=NARROW.parameters, start={"optim.lr": lr})
        url = storage_url(runs, f"new-{queued}", None)
        new = copy_trials(study, sort_out(study, space), space=space, url=url, new=f"new-{queued}")
        assert len(new.get_trials(states=(TrialState.WAITING,))) == queued


def test_the_sampler_learns_from_copied_trials(empty: optuna.Study, runs: Path) -> None:
    """Past its start-up: TPE's suggestion is drawn from its model and lies by the good trials."""
    old = Space(name="old", epochs=2, parameters={"optim.lr": Float(low=1e-5, high=1e-1, log=True)})
    for number in range(40):
        lr = 1e-4 * 1.1**number
        config = to_dict(with_values(manual(TASKS), {"optim.lr": lr}))
        trial = finished(config, {"optim.lr": lr}, old)
        trial.value = -abs(number - 30)
        empty.add_trial(trial)
    space = Space(
        name="new", epochs=2, parameters={"optim.lr": Float(low=1e-4, high=5e-3, log=True)}
    )
    new = copied(empty, space, runs)
    assert len(new.trials) == 40
    new.sampler = make_sampler("tpe", space, seed=0, number=40)
    new.optimize(lambda trial: suggest(trial, space)["optim.lr"], n_trials=1)
    last = new.trials[-1]
    assert any(name.startswith("tpe:relative_params") for name in last.system_attrs)
    assert last.params["optim.lr"] > 1e-4 * 1.1**20


def test_a_part_of_a_study_is_not_left_behind(
    study: optuna.Study, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted in the middle, it is as if nothing had been begun; the same call works then."""
    sorting, url = sort_out(study, NARROW), storage_url(runs, "new", None)
    with monkeypatch.context() as patch:
        patch.setattr("studies.migrate.copying._describe", interrupt)
        with pytest.raises(KeyboardInterrupt):
            copy_trials(study, sorting, space=NARROW, url=url, new="new")
    assert optuna.get_all_study_names(url) == []
    assert len(copy_trials(study, sorting, space=NARROW, url=url, new="new").trials) == 3


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_mistakes_give_one_line_each(study: optuna.Study, runs: Path, tmp_path: Path) -> None:
    """A name that is taken, one that is none, a space that is none, one that nothing fits."""
    space = tmp_path / "narrow.yaml"
    space.write_text(yaml.safe_dump(NARROW.to_dict()))

    def migrate(*options: object) -> Any:
        return run("studies.migrate", "tiny", "--runs", runs, *options)

    done = migrate("--space", space, "--into", "new")
    assert done.returncode == 0, done.stderr
    assert (
        "copied 3 of 4 finished trials of tiny into new: 3 complete; the manual baseline #0"
        in done.stdout
    )
    assert "1  optim.lr (such as: optim.lr is 0.0012" in done.stdout
    assert_one_line(
        migrate("--space", space, "--into", "new"), "is a study 'new' already", "--into"
    )
    assert_one_line(migrate("--space", space, "--into", "tiny"), "is a study 'tiny' already")
    assert_one_line(migrate("--space", space, "--into", "a/b"), "--into is 'a/b', expected letters")
    assert_one_line(migrate("--space", space, "--into", "prepared"), "not 'prepared'")
    assert_one_line(migrate("--space", "huge"), "there is no space 'huge'", "extended-small")
    assert_one_line(migrate("--space", "small", "--into", "x"), "fits the space 'small', such as")
    assert not (runs / "x").exists()


def test_a_study_that_the_search_did_not_make_is_refused() -> None:
    """It has no identity that a run could be held against."""
    other = optuna.create_study(study_name="mine")
    with pytest.raises(StudyError, match=r"'mine' was not made by this program, so its trials"):
        sort_out(other, NARROW)


def test_every_trial_of_a_space_fits_it(empty: optuna.Study) -> None:
    """Nothing is lost on the way from a space to the same one, whatever the sampler drew."""
    space = preset("extended-small", TASKS)
    from search.configure import configure

    drawn = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for number in range(20):
        values = suggest(drawn.ask(), space)
        config = configure(space, values, tasks=TASKS, epochs=30, seed=number)
        empty.add_trial(finished(to_dict(config), values, space))
    sorting = sort_out(empty, space)
    assert sorting.misfits == ()
    assert [point for _, point in sorting.fitting] == [trial.params for trial in empty.trials]


@pytest.mark.slow
def test_the_search_goes_on_with_the_new_study(tmp_path: Path) -> None:
    """By the command that is printed: no trial is run twice, and the old study is as it was."""
    data, runs = write_tiny(tmp_path), tmp_path / "runs"
    wide = {
        "epochs": 3,
        "fixed": {"model.num_layers": 1, "optim.cycle_epochs": 1},
        "parameters": {
            "model.hidden_dim": {"type": "int", "low": 8, "high": 16, "step": 8},
            "model.num_heads": {"type": "categorical", "choices": [1, 2]},
            "optim.lr": {"type": "float", "low": 1e-3, "high": 3e-2, "log": True},
        },
    }
    narrow = {
        **wide,
        "fixed": {**wide["fixed"], "model.num_heads": 2},  # type: ignore[dict-item]
        "parameters": {
            k: v
            for k, v in wide["parameters"].items()  # type: ignore[attr-defined]
            if k != "model.num_heads"
        },
    }
    for name, space in (("wide", wide), ("narrow", narrow)):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(space))
    common = ("--runs", runs, "--data", data, "--devices", "cpu", "--workers", 1, "--confirm", 0)
    first = run(
        "search.run", "--study", "old", "--space", tmp_path / "wide.yaml", "--trials", 7,
        "--seed", 3, "--pruner", "none", "--baseline-epochs", 1, *common,
    )  # fmt: skip
    assert first.returncode == 0, first.stderr
    before = read_study(open_study(runs, "old", None))
    done = run(
        "studies.migrate", "old", "--space", tmp_path / "narrow.yaml", "--into", "new",
        "--runs", runs,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    command = done.stdout.split("python -m search.run ")[1].split()
    assert command[command.index("--seed") + 1] == "3"
    assert command[command.index("--pruner") + 1] == "none"
    num = len(open_study(runs, "new", None).trials)
    assert 2 <= num < 7
    command[command.index("--trials") + 1] = str(num + 1)
    again = run("search.run", *command, "--devices", "cpu", "--workers", 1, "--confirm", 0)
    assert again.returncode == 0, again.stderr
    new = open_study(runs, "new", None)
    assert [t.state for t in new.trials] == [TrialState.COMPLETE] * (num + 1)
    assert attributes.COPIED_FROM not in new.trials[-1].user_attrs
    assert set(new.trials[-1].params) == {"model.hidden_dim", "optim.lr"}
    assert sum(bool(t.user_attrs.get(attributes.BASELINE)) for t in new.trials) == 1
    assert read_study(open_study(runs, "old", None)) == before
