"""`studies.export`: which trial, what is in the file, and that training can read it."""

from pathlib import Path

import optuna
import pytest
import yaml
from commands import assert_one_line, run

from avq_core.config_values import load_config, load_configs
from studies.errors import StudyError
from studies.export import exported, pick, to_yaml, write
from studies.records import read_study


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
    assert exported(record, record.trials[3])["config"]["training"]["epochs"] == 6


def test_the_chosen_trial_wins_over_the_best(confirmed: optuna.Study) -> None:
    """The confirmation's choice, with its seed and its test figures beside it."""
    record = read_study(confirmed)
    trial = pick(record, None)
    assert trial.number == 2
    values = exported(record, trial)
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
    with pytest.raises(StudyError, match=r"trial 6 of 'tiny' is waiting and holds no config"):
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
