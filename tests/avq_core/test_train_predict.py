"""Training and scoring as processes: what is saved is enough, and mistakes are told."""

import csv
import pickle
from pathlib import Path

import numpy as np
import pytest
import yaml
from commands import TASKS, assert_one_line, make_samples, run, write_tiny

from avq_core.predict import main as predict_main
from avq_core.run_command import run_command

CONFIG = {
    "model": {"hidden_dim": 16, "num_layers": 1, "num_heads": 2, "embedder_scale": 0.125},
    "optim": {"lr": 0.01, "cycle_epochs": 5},
    "training": {
        "epochs": 5,
        "task_weights": {"lip_sync": 1.0, "cross_modal": 1.0, "overall": 1.0},
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny file, a configuration, and the model trained from them."""
    folder = tmp_path_factory.mktemp("train")
    write_tiny(folder)
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    done = train(folder, "--out", folder / "model")
    assert done.returncode == 0, done.stderr
    return folder


def train(folder: Path, *options: object):  # type: ignore[no-untyped-def] # noqa: ANN201
    return run(
        "avq_core.train", "--config", folder / "config.yaml", "--data", folder / "tiny.pkl",
        "--runs", folder / "runs", "--device", "cpu", "--threads", 1, *options,
    )  # fmt: skip


def predict(folder: Path, data: Path, out: Path):  # type: ignore[no-untyped-def] # noqa: ANN201
    return run(
        "avq_core.predict", "--model", folder / "model", "--data", data, "--out", out,
        "--device", "cpu",
    )  # fmt: skip


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_model_folder_holds_no_code(folder: Path) -> None:
    """Weights and statistics are safetensors, the rest is YAML."""
    names = sorted(path.name for path in (folder / "model").iterdir())
    assert names == ["model.safetensors", "model.yaml", "statistics.safetensors"]


def test_training_again_gives_the_same_scores(folder: Path, tmp_path: Path) -> None:
    """The same configuration, seed and threads: the same model."""
    assert train(folder, "--out", tmp_path / "model").returncode == 0
    first = (folder / "model" / "model.safetensors").read_bytes()
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == first


def test_the_model_folder_alone_scores_new_clips_in_the_users_units(
    folder: Path, tmp_path: Path
) -> None:
    """Unlabelled clips as a bare list, longer than those of training; labels were in [-0.8, 1]."""
    samples = make_samples(9, seed=77)
    for i, sample in enumerate(samples):
        del sample["labels"]
        features = sample["features"]
        assert isinstance(features, dict)
        if i % 2:  # clips of two lengths in one file
            for name in ("audio", "visual"):
                features[name] = np.concatenate([features[name]] * 2)
    new = tmp_path / "new.pkl"
    new.write_bytes(pickle.dumps(samples))
    done = predict(folder, new, tmp_path / "scores.csv")
    assert done.returncode == 0, done.stderr
    scores = rows(tmp_path / "scores.csv")
    assert [row["index"] for row in scores] == [str(i) for i in range(9)]
    values = np.array([[float(row["overall"]), float(row["lip_sync"])] for row in scores])
    assert values.min() >= -0.8
    assert values.max() <= 1.0
    assert values[:, 0].std() > 0.01


def test_a_broken_frame_is_filled_and_told(folder: Path, tmp_path: Path) -> None:
    """One frame of 1e9 moves the clip's scores a little, and other clips' not at all."""
    samples = make_samples(6, seed=77)
    clean = tmp_path / "clean.pkl"
    clean.write_bytes(pickle.dumps(samples))
    features = samples[2]["features"]
    assert isinstance(features, dict)
    features["audio"][1] = 1e9
    broken = tmp_path / "broken.pkl"
    broken.write_bytes(pickle.dumps(samples))
    common = ["--model", str(folder / "model"), "--device", "cpu"]
    scores = []
    for data in (clean, broken):
        out = data.with_suffix(".csv")
        assert predict_main([*common, "--data", str(data), "--out", str(out)]) == 0
        scores.append(np.array([float(row["overall"]) for row in rows(out)]))
    difference = np.abs(scores[1] - scores[0])
    assert difference[2] < 0.2
    assert np.delete(difference, 2).max() < 1e-5


def test_scores_of_the_training_file_agree_with_what_training_reported(
    folder: Path, tmp_path: Path
) -> None:
    """R² of the CSV against the file's own labels is the R² that training printed for test."""
    done = predict(folder, folder / "tiny.pkl", tmp_path / "scores.csv")
    assert done.returncode == 0, done.stderr
    saved = yaml.safe_load((folder / "model" / "model.yaml").read_text())
    told = saved["provenance"]["test_r2"]["overall"]["value"]
    data = pickle.loads((folder / "tiny.pkl").read_bytes())
    truth = np.array([sample["labels"]["overall_score"] for sample in data["test"]])
    scores = np.array(
        [float(r["overall"]) for r in rows(tmp_path / "scores.csv") if r["split"] == "test"]
    )
    seen = truth != -1.0
    error = np.square(truth - scores)[seen].sum()
    r2 = 1 - error / np.square(truth[seen] - truth[seen].mean()).sum()
    assert r2 == pytest.approx(told, abs=1e-3)


def test_mistakes_of_train_are_told(folder: Path, tmp_path: Path) -> None:
    """No such configuration, an unknown setting, tasks that are not the data's."""
    no_file = run("avq_core.train", "--config", tmp_path / "no.yaml", "--out", tmp_path / "m")
    assert_one_line(no_file, "no.yaml")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump({"model": {"hiden_dim": 4}}))
    assert_one_line(
        run("avq_core.train", "--config", wrong, "--out", tmp_path / "m"), "model.hiden_dim"
    )
    wrong.write_text(yaml.safe_dump({"model": CONFIG["model"]}))  # the manual's five tasks
    other = run(
        "avq_core.train", "--config", wrong, "--data", folder / "tiny.pkl", "--device", "cpu",
        "--runs", folder / "runs", "--out", tmp_path / "m",
    )  # fmt: skip
    assert_one_line(other, "training.task_weights", "cross_modal")


@pytest.mark.slow
def test_the_manual_trains_on_other_peoples_tasks(folder: Path, tmp_path: Path) -> None:
    """By name; a task it knows has its weight, another weighs 1."""
    done = run(
        "avq_core.train", "--config", "manual", "--data", folder / "tiny.pkl", "--device", "cpu",
        "--runs", folder / "runs", "--out", tmp_path / "m", "--epochs", 1,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    saved = yaml.safe_load((tmp_path / "m" / "model.yaml").read_text())["config"]
    assert saved["model"]["num_layers"] == 6
    assert saved["training"]["task_weights"] == {
        "lip_sync": 0.8, "cross_modal": 1.5, "overall": 1.3,
    }  # fmt: skip


def test_mistakes_of_predict_are_told(folder: Path, tmp_path: Path) -> None:
    """A folder that is no model; clips that lack a stream the model reads."""
    no_model = run(
        "avq_core.predict", "--model", tmp_path, "--data", folder / "tiny.pkl",
        "--out", tmp_path / "s.csv", "--device", "cpu",
    )  # fmt: skip
    assert_one_line(no_model, "model.yaml", "avq_core.train")
    samples = make_samples(3, seed=5)
    features = samples[1]["features"]
    assert isinstance(features, dict)
    del features["audio"]
    poor = tmp_path / "poor.pkl"
    poor.write_bytes(pickle.dumps(samples))
    assert_one_line(predict(folder, poor, tmp_path / "s.csv"), "audio")


def test_clips_to_score_may_lie_in_any_splits_and_any_file(folder: Path, tmp_path: Path) -> None:
    """Lists under names of one's own, and arrays without a split; the same clips, the same scores."""
    samples = [{"features": sample["features"]} for sample in make_samples(4, seed=5)]
    (tmp_path / "list.pkl").write_bytes(pickle.dumps(samples))
    parts = {"monday": samples[:1], "tuesday": samples[1:]}
    (tmp_path / "days.pkl").write_bytes(pickle.dumps(parts))
    arrays = {
        f"features/{name}": np.stack([sample["features"][name] for sample in samples])  # type: ignore[index]
        for name in ("audio", "visual", "sync")
    }
    np.savez(tmp_path / "arrays.npz", **arrays)
    found = {}
    for name in ("list.pkl", "days.pkl", "arrays.npz"):
        done = predict(folder, tmp_path / name, tmp_path / "scores.csv")
        assert done.returncode == 0, done.stderr
        found[name] = rows(tmp_path / "scores.csv")
    assert [row["split"] for row in found["days.pkl"]] == ["monday"] + ["tuesday"] * 3
    assert {row["split"] for row in found["arrays.npz"]} == {"samples"}
    for task in TASKS:
        first, *others = [[float(row[task]) for row in table] for table in found.values()]
        for other in others:
            assert other == pytest.approx(first, abs=2e-6)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "split 'samples' is empty, expected at least one sample"),
        ([3], "samples sample 0 is a int, expected a dict with 'features'"),
        ({"features": {}}, "split 'features' is a dict, expected a list of samples"),
        ([{"features": {"audio": "loud"}}], "stream 'audio' is a str, expected a NumPy array"),
        ([{"features": {"mood": np.zeros(3)}}], "'mood' is unknown, expected ['audio', 'visual'"),
        ([{"features": {"audio": np.zeros((5, 9))}}], "has shape (5, 9), expected (frames, 4)"),
    ],
)
def test_clips_that_cannot_be_scored_are_told(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: object,
    words: str,
) -> None:
    """In one line: which clip, what was got and what the model was trained on."""
    path, out = tmp_path / "new.pkl", tmp_path / "scores.csv"
    path.write_bytes(pickle.dumps(content))
    model = ["--model", str(folder / "model"), "--device", "cpu"]
    assert run_command(predict_main, [*model, "--data", str(path), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_a_slip_in_a_configuration_is_told_with_its_line(folder: Path, tmp_path: Path) -> None:
    """As the file has it, before anything is read or trained."""
    path = tmp_path / "best.yaml"
    text = yaml.safe_dump({"study": "a", "config": CONFIG}, sort_keys=False)
    path.write_text(text.replace("hidden_dim: 16", "hidden_dim: abc"))
    done = run("avq_core.train", "--config", path, "--data", folder / "tiny.pkl",
               "--out", tmp_path / "m", "--runs", folder / "runs")  # fmt: skip
    assert_one_line(
        done, "best.yaml, line 4: config.model.hidden_dim is 'abc', expected an integer >= 1"
    )


def test_members_are_an_ensemble(folder: Path, tmp_path: Path) -> None:
    """Models that differ in their seeds, saved together; scores are the mean of theirs."""
    done = train(folder, "--out", tmp_path / "mean", "--members", 2)
    assert done.returncode == 0, done.stderr
    assert "ensemble test R²" in done.stdout
    names = sorted(path.name for path in (tmp_path / "mean").iterdir())
    assert names == ["ensemble.yaml", "member-1", "member-2"]
    seeds = [
        yaml.safe_load((tmp_path / "mean" / n / "model.yaml").read_text())["config"]["training"][
            "seed"
        ]
        for n in names[1:]
    ]
    assert seeds == [0, 1]
    scores = []
    for model in ("mean", "mean/member-1", "mean/member-2"):
        out = tmp_path / "scores.csv"
        run("avq_core.predict", "--model", tmp_path / model, "--data", folder / "tiny.pkl",
            "--out", out, "--device", "cpu")  # fmt: skip
        scores.append([float(row["overall"]) for row in rows(out)])
    np.testing.assert_allclose(scores[0], np.mean(scores[1:], axis=0), atol=2e-6)
    run("avq_core.predict", "--model", tmp_path / "mean", "--data", folder / "tiny.pkl",
        "--out", tmp_path / "scores.csv", "--device", "cpu")  # fmt: skip
    table = rows(tmp_path / "scores.csv")
    assert list(table[0])[3:] == [*TASKS, *(f"{task}_sd" for task in TASKS)]
    apart = [float(row["overall_sd"]) for row in table]
    np.testing.assert_allclose(apart, np.std(scores[1:], axis=0, ddof=1), atol=2e-6)
    assert max(apart) > 0
    # Trained over, the folder holds the one model and no trace of the ensemble.
    assert train(folder, "--out", tmp_path / "mean").returncode == 0
    assert not (tmp_path / "mean" / "ensemble.yaml").exists()


def test_mistakes_with_ensembles_are_told(folder: Path, tmp_path: Path) -> None:
    """No members, an ensemble of an ensemble, members that are none."""
    assert_one_line(train(folder, "--out", tmp_path / "m", "--members", 0), "--members is 0")
    for ensemble, words in (
        ([{"config": CONFIG}, {"config": CONFIG}], "is an ensemble of 2 already"),
        ([3], "ensemble is [3], expected a list of members"),
    ):
        path = tmp_path / "ensemble.yaml"
        path.write_text(yaml.safe_dump({"ensemble": ensemble}))
        done = run("avq_core.train", "--config", path, "--data", folder / "tiny.pkl",
                   "--out", tmp_path / "m", "--members", 2, "--runs", folder / "runs")  # fmt: skip
        assert_one_line(done, words)


def test_the_recommended_configuration_trains_on_other_peoples_tasks(
    folder: Path, tmp_path: Path
) -> None:
    """By name, without a search."""
    done = run("avq_core.train", "--config", "recommended", "--data", folder / "tiny.pkl",
               "--out", tmp_path / "model", "--runs", folder / "runs", "--device", "cpu",
               "--epochs", 2)  # fmt: skip
    assert done.returncode == 0, done.stderr
    config = yaml.safe_load((tmp_path / "model" / "model.yaml").read_text())["config"]
    assert config["model"]["max_lag"] == 15
