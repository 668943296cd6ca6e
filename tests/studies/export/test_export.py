"""`studies.export`: which trial, what is in the file, and that training can read it."""

import dataclasses
from pathlib import Path

import optuna
import pytest
import yaml
from commands import assert_one_line, run, write_tiny
from made_records import with_confirmation

from avq_core.config.values import load_config, load_configs
from search.workers.slots import make_slots
from studies.errors import StudyError
from studies.export.configuration import plain, to_yaml, write
from studies.export.selection import exported, pick
from studies.records import attributes
from studies.records.intervals import IntervalValue
from studies.records.provenance import Provenance
from studies.records.read import read_study
from studies.records.study import StudyRecord
from studies.records.trial import RanOn
from studies.storage.open import open_study


def test_the_best_trial_is_written_for_training(study: optuna.Study, runs: Path) -> None:
    """The file's configuration is the trial's, with the epochs that gave its score."""
    out = runs / "out" / "best.yaml"
    done = run("studies.export", "tiny", "--out", out, "--runs", runs)
    assert done.returncode == 0, done.stderr
    config = load_config(str(out))
    assert config.optim.lr == pytest.approx(1.5e-3)
    assert config.training.epochs == 14
    text = out.read_text(encoding="utf-8")
    assert text.startswith("#")
    values = yaml.safe_load(text)
    assert (values["study"], values["trial"], values["data_key"]) == ("tiny", 1, "d" * 32)


def test_a_pruned_trial_is_trained_as_long_as_its_score_took(study: optuna.Study) -> None:
    """The judged epoch that gave the score, not the epochs planned."""
    record = read_study(study)
    assert exported(record, record.trials[3]).config["training"]["epochs"] == 6


def test_the_chosen_trial_wins_over_the_best(confirmed: optuna.Study) -> None:
    """The confirmation's choice, with its seed and its test metrics beside it."""
    record = read_study(confirmed)
    trial = pick(record, None)
    assert trial.number == 2
    values = plain(exported(record, trial))
    assert values["config"]["training"]["seed"] == 77
    assert values["confirmed"]["test_r2"]["overall"]["value"] == 0.31
    assert pick(record, 1).number == 1


def test_a_dash_prints_the_file(study: optuna.Study, runs: Path) -> None:
    """For a pipe."""
    done = run("studies.export", "tiny", "--out", "-", "--runs", runs)
    assert yaml.safe_load(done.stdout)["trial"] == 1


def test_trials_that_cannot_be_exported_say_why(study: optuna.Study, empty: optuna.Study) -> None:
    """No such trial, one without a configuration, and a study without a complete one."""
    record = read_study(study)
    with pytest.raises(StudyError, match=r"has no trial 99, expected 0 to 6"):
        pick(record, 99)
    with pytest.raises(StudyError, match=r"trial 6 of 'tiny' is waiting and has no config"):
        to_yaml(record, pick(record, 6))
    with pytest.raises(StudyError, match=r"'empty' has no complete trial yet"):
        pick(read_study(empty), None)
    with pytest.raises(StudyError, match=r"'empty' has no trial 0"):
        pick(read_study(empty), 0)


def test_a_place_that_cannot_be_written_is_one_line(study: optuna.Study, runs: Path) -> None:
    """A file stands where a folder should be."""
    out = runs / "tiny" / "study.db" / "best.yaml"
    assert_one_line(run("studies.export", "tiny", "--out", out, "--runs", runs), "cannot write")


def test_writing_leaves_no_half_file_behind(tmp_path: Path) -> None:
    """The old file stands until the new one is whole."""
    write(tmp_path / "a.yaml", "one")
    write(tmp_path / "a.yaml", "two")
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]
    assert (tmp_path / "a.yaml").read_text(encoding="utf-8") == "two"


def test_an_ensemble_is_written_whole(confirmed: optuna.Study, runs: Path) -> None:
    """Every member's configuration, in the order in which they were confirmed."""
    out = runs / "ensemble.yaml"
    done = run("studies.export", "tiny", "--ensemble", "--out", out, "--runs", runs)
    assert done.returncode == 0, done.stderr
    assert "ensemble of trials 2, 1" in done.stdout
    members = yaml.safe_load(out.read_text(encoding="utf-8"))["ensemble"]
    assert [member["trial"] for member in members] == [2, 1]
    assert len(load_configs(str(out))) == 2


def test_a_study_without_an_ensemble_says_so(study: optuna.Study, runs: Path) -> None:
    """Nothing was confirmed."""
    done = run("studies.export", "tiny", "--ensemble", "--out", "-", "--runs", runs)
    assert_one_line(done, "has no ensemble", "--confirm 2 or more")


def comments(text: str) -> str:
    """What stands at the top of a file for people, wrapped lines joined."""
    lines = [line.removeprefix("#") for line in text.splitlines() if line.startswith("#")]
    return " ".join(" ".join(lines).split())


def later(study: StudyRecord) -> StudyRecord:
    """The study with all that a confirmation and a provenance may say."""
    assert study.confirmation is not None
    assert study.test is not None
    first = IntervalValue(value=0.27, low=0.2, high=0.4)
    r2_first = {"cross_modal": first, "overall": first}
    test = study.test.model_copy(
        update={
            "seeds": 5,
            "trained_on": RanOn(device="cpu", threads=1),
            "chosen": study.test.chosen.model_copy(update={"r2_first": r2_first}),
        }
    )
    rows = tuple(
        candidate.model_copy(update={"score_error": 0.012})
        for candidate in study.confirmation.candidates
    )
    made = Provenance(command="python -m search.run", versions={"torch": "2.13.0"}, machine="Linux")
    where = RanOn(device="cpu", threads=1, precision="bf16")
    trials = [dataclasses.replace(trial, ran_on=where) for trial in study.trials]
    changed = with_confirmation(study, seeds=2, rule="#2: it is.", test=test, candidates=rows)
    return dataclasses.replace(changed, provenance=made, trials=trials)


def test_the_comments_say_where_a_file_comes_from(confirmed: optuna.Study) -> None:
    """Data, space, versions, seed, metrics of every stage, and what trains to them again."""
    record = later(read_study(confirmed))
    text = to_yaml(record, record.trials[2])
    text_of_comments = comments(text)
    assert (
        "avq-search: trial 2 of the study tiny. Train it with python -m avq_core.train"
        in text_of_comments
    )
    assert f"data demo, fingerprint {'d' * 32}" in text_of_comments
    assert f"space small, fingerprint {'s' * 64}" in text_of_comments
    assert "chosen #2: it is." in text_of_comments
    assert (
        "epochs 14, which gave the trial its score seed 77, of its run for the test split"
        in text_of_comments
    )
    assert "versions torch 2.13.0 machine Linux command python -m search.run" in text_of_comments
    row = "cross_modal * 0.450 0.330 0.310 [0.210, 0.410] 0.270 [0.200, 0.400]"
    assert row in text_of_comments
    assert (
        "score 0.330 ± 0.020 sd (standard error 0.012) over 3 of the runs on 3 folds and 2 fresh seeds"
        in text_of_comments
    )
    assert "test mean of 5 seeds, opened once" in text_of_comments
    options = "--data demo --out DIR --device cpu --threads 1"
    assert (
        f"test, first seed: python -m avq_core.train --config THIS_FILE {options}"
        in text_of_comments
    )
    assert (
        f"search, val: python -m avq_core.train --config THIS_FILE {options} --seed 0"
        in text_of_comments
    )
    assert "its matrix products were bf16" in text_of_comments


def test_programs_find_under_keys_what_the_comments_say(confirmed: optuna.Study) -> None:
    """Of several seeds, the mean on test and the first one's, which the file trains to."""
    record = later(read_study(confirmed))
    values = yaml.safe_load(to_yaml(record, record.trials[2]))
    assert (values["space"], values["space_key"]) == ("small", "s" * 64)
    assert values["made_with"]["versions"] == {"torch": "2.13.0"}
    assert values["search"]["seed"] == 0
    assert values["search"]["epoch"] == 14
    assert values["confirmed"]["test_r2"]["overall"]["value"] == 0.31
    assert values["confirmed"]["test_r2_first"]["overall"]["value"] == 0.27
    assert values["confirmed"]["trained_on"] == {"device": "cpu", "threads": 1}
    assert values["confirmed"]["score_error"] == 0.012


def test_what_a_study_does_not_hold_is_left_out(confirmed: optuna.Study) -> None:
    """One seed, no standard error, no versions, nothing of where it was trained."""
    record = read_study(confirmed)
    text_of_comments = comments(to_yaml(record, record.trials[2]))
    assert "versions not recorded by this study" in text_of_comments
    assert (
        "score 0.330 ± 0.020 sd over 3 of the runs on 3 folds and 1 fresh seed each of train + val test opened once"
        in text_of_comments
    )
    assert (
        "test: python -m avq_core.train --config THIS_FILE --data demo --out DIR "
        in text_of_comments
    )
    assert "first seed" not in text_of_comments
    assert "with the --device and --threads of its workers" in text_of_comments
    unconfirmed = comments(to_yaml(record, record.trials[3]))
    assert "confirmed" not in unconfirmed
    assert "seed 0, of the trial itself" in unconfirmed


def test_a_hostile_name_stays_inside_its_comment(study: optuna.Study) -> None:
    """A line break would end it, and a control character is no YAML."""
    record = dataclasses.replace(
        read_study(study), data_source="a\nconfig: {}\x85b\u2028c\x07d", name="x\ry"
    )
    text = to_yaml(record, record.trials[1])
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    assert lines[first].startswith("study:")
    assert yaml.safe_load(text)["data"] == record.data_source


def test_the_front_is_written_a_file_a_trial(study: optuna.Study, runs: Path) -> None:
    """Those that no other beats in both R², whatever the study maximised."""
    better = study.trials[2].user_attrs[attributes.METRICS]
    better["r2"]["overall"] = 0.9
    study.add_trial(
        optuna.trial.create_trial(
            value=0.4,
            user_attrs={**study.trials[2].user_attrs, attributes.METRICS: better},
        )
    )
    folder = runs / "front"
    done = run("studies.export", "tiny", "--pareto", "--out", folder, "--runs", runs)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["trial-1.yaml", "trial-7.yaml"]
    assert "trial 1 of tiny (cross_modal 0.550, overall 0.450)" in done.stdout
    assert yaml.safe_load((folder / "trial-7.yaml").read_text())["trial"] == 7
    assert load_config(str(folder / "trial-7.yaml")).optim.lr == pytest.approx(1.4e-3)


def test_a_front_that_cannot_be_written_is_one_line(
    study: optuna.Study, empty: optuna.Study, runs: Path
) -> None:
    """No trial yet, no folder, two wishes at once."""
    done = run("studies.export", "empty", "--pareto", "--out", runs / "x", "--runs", runs)
    assert_one_line(done, "has no complete trial yet, so there is no front")
    done = run("studies.export", "tiny", "--pareto", "--out", "-", "--runs", runs)
    assert_one_line(done, "--pareto writes a file for each trial, got --out -, expected a folder")
    done = run("studies.export", "tiny", "--pareto", "--trial", 1, "--out", runs, "--runs", runs)
    assert_one_line(done, "not allowed with argument --pareto")


SPACE = """\
epochs: 3
fixed:
  model.num_layers: 1
  model.num_heads: 2
  model.embedder_scale: 0.125
  optim.cycle_epochs: 1
  training.precision: fp32  # `auto` would depend on the machine
parameters:
  model.hidden_dim: {type: int, low: 8, high: 16, step: 8}
  optim.lr: {type: float, low: 1e-3, high: 3e-2, log: true}
"""


@pytest.mark.slow
def test_a_trial_that_was_not_confirmed_trains_to_its_recorded_metrics(tmp_path: Path) -> None:
    """As many epochs as gave its score, its own seed, its workers' threads: the same val R²."""
    data, runs = write_tiny(tmp_path), tmp_path / "runs"
    (tmp_path / "space.yaml").write_text(SPACE)
    searched = run(
        "search.run", "--study", "tiny", "--data", data, "--space", tmp_path / "space.yaml",
        "--runs", runs, "--trials", 3, "--confirm", 0, "--workers", 2, "--devices", "cpu",
        "--baseline-epochs", 1, "--seed", 5,
    )  # fmt: skip
    assert searched.returncode == 0, searched.stderr
    threads = make_slots(workers=2, devices=["cpu"])[0].threads
    for trial in read_study(open_study(runs, "tiny", None)).trials[1:]:
        file, model = tmp_path / f"{trial.number}.yaml", tmp_path / f"model-{trial.number}"
        run("studies.export", "tiny", "--trial", trial.number, "--out", file, "--runs", runs)
        assert load_config(str(file)).training.epochs == trial.best_epoch
        trained = run(
            "avq_core.train", "--config", file, "--data", data, "--runs", runs, "--out", model,
            "--device", "cpu", "--threads", threads,
        )  # fmt: skip
        assert trained.returncode == 0, trained.stderr
        again = yaml.safe_load((model / "model.yaml").read_text())["provenance"]["val_r2"]
        assert again == pytest.approx(trial.r2, abs=1e-6)
