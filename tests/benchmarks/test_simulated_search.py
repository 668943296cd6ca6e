"""Searches simulated on recorded curves."""

import json
from pathlib import Path

import numpy as np
import pytest

from avq_core.errors import ConfigError, DataError
from benchmarks import simulated_search
from benchmarks.replay.curves import read_curves
from benchmarks.replay.landscape import Landscape, make_landscape, read_places
from benchmarks.replay.searches import Search, run_search
from benchmarks.simulated_search import make_method
from tests.benchmarks.conftest import made_up_losses

RUNGS = [2, 6, 14]


@pytest.fixture
def searchable_file(tmp_path: Path) -> Path:
    """Three tasks, 60 configurations of two settings, 16 epochs; the first setting makes curves better."""
    rng = np.random.default_rng(0)
    losses = made_up_losses(rng, 3, 60, 17)
    configs = rng.random((60, 2))
    losses -= configs[:, :1, None].transpose(1, 0, 2) * np.linspace(0, 1, 17)
    path = tmp_path / "searchable.npz"
    np.savez(path, valid_loss=losses.astype(np.float32), configs=np.stack([configs] * 3))
    return path


@pytest.fixture
def landscape(searchable_file: Path) -> Landscape:
    curves = read_curves(searchable_file)
    return make_landscape(curves, read_places(searchable_file, 60), (0, 1), RUNGS)


def search(
    landscape: Landscape, name: str, *, trials: int = 60, luck: float = 0.0, seed: int = 0
) -> Search:
    watch = landscape.trials.watch
    method = make_method(name, watch, first_rung=RUNGS[0], gain=1.5)
    return run_search(landscape, method, trials=trials, luck=luck, seed=seed)


def test_a_method_may_search_more_than_once(landscape: Landscape) -> None:
    """It makes a pruner for each search: one of ours remembers the trials of a study by its name."""
    method = make_method("ours:cycle", landscape.trials.watch, first_rung=RUNGS[0], gain=1.5)
    found = [run_search(landscape, method, trials=40, luck=0.1, seed=s) for s in (0, 1)]
    assert found[1] == search(landscape, "ours:cycle", trials=40, luck=0.1, seed=1)


def test_the_start_is_the_best_of_the_other_tasks(
    landscape: Landscape, searchable_file: Path
) -> None:
    """Of three tasks, of the one outside the pair."""
    third = read_curves(searchable_file).figures[2, :, -1]
    start = np.array(list(landscape.space.start.values()))
    assert landscape.nearest(start, np.ones(60, bool)) == np.nanargmax(
        np.where(np.isfinite(third), third, np.nan)
    )


@pytest.mark.parametrize(("name", "workers"), [("optuna:none", 1), ("ours:none", 2)])
def test_without_pruning_every_configuration_is_trained_to_its_end(
    name: str, workers: int, landscape: Landscape
) -> None:
    """All 60 of 60: each once, and the last incumbent is the best there is."""
    found = search(landscape, name)
    trials = landscape.trials
    assert found.epochs == trials.ends.sum()
    if workers == 1:
        assert found.time == found.epochs
    else:
        assert found.epochs / 1.5 <= found.time < found.epochs / 1.5 + trials.lengths.max() / 0.75
    scores = [score for _, score in found.curve]
    assert scores == sorted(scores)
    assert scores[-1] == np.nanmax(trials.final)


@pytest.mark.parametrize(
    "name", ["optuna:median", "optuna:halving-4", "ours:cycle", "ours-8-far:cycle-0.3-8"]
)
def test_a_rule_saves_epochs_and_a_search_repeats(name: str, landscape: Landscape) -> None:
    """A method's rule keeps nothing from one search to the next."""
    found = search(landscape, name, luck=0.1)
    assert 0 < found.epochs < landscape.trials.ends.sum()
    assert found.curve
    assert search(landscape, name, luck=0.1) == found
    assert search(landscape, name, luck=0.1, seed=1) != found


def test_incumbents_are_told_by_their_true_scores(landscape: Landscape) -> None:
    """A lucky one takes the place of a better one, so the curve may fall."""
    true = set(landscape.trials.final[landscape.trials.finishes].tolist())
    curves = [search(landscape, "ours:none", luck=0.5, seed=seed).curve for seed in range(6)]
    assert all(score in true for curve in curves for _, score in curve)
    assert any(np.diff([score for _, score in curve]).min(initial=0) < 0 for curve in curves)


@pytest.mark.parametrize("name", ["optuna:none", "ours:none"])
def test_the_sampler_learns_from_what_it_has_seen(
    name: str, landscape: Landscape, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked behind a study's back it would see no trial ever, and draw evenly to the end."""
    tried: list[int] = []
    nearest = Landscape.nearest

    def remember(own: Landscape, *arguments: np.ndarray) -> int:
        tried.append(nearest(own, *arguments))  # type: ignore[arg-type]
        return tried[-1]

    monkeypatch.setattr(Landscape, "nearest", remember)
    for seed in range(4):
        search(landscape, name, trials=30, seed=seed)
    good = landscape.places[tried, 0].reshape(4, 30)
    assert good[:, 15:].mean() > 0.65
    assert good[:, 15:].mean() > good[:, 1:10].mean() + 0.1


@pytest.mark.parametrize(
    "name",
    [
        "ours",
        "ours:best",
        "other:none",
        "ours-x:none",
        "ours-5-near:none",
        "optuna-5:none",
        "ours:halving-1",
        "ours:cycle-2",
    ],
)
def test_an_unknown_method_is_named_with_those_there_are(name: str, landscape: Landscape) -> None:
    """Numbers that a rule cannot take among them."""
    with pytest.raises(ConfigError, match=f"--methods holds '{name}', expected SAMPLER:RULE"):
        make_method(name, landscape.trials.watch, first_rung=2, gain=1.0)


def test_equal_settings_have_the_same_place(tmp_path: Path) -> None:
    """Wherever they stand in the file; one that never changes lies at zero."""
    path = tmp_path / "some.npz"
    np.savez(path, configs=np.array([[8, 1], [16, 1], [8, 1], [32, 1]]))
    assert read_places(path, 4).tolist() == [[0, 0], [0.5, 0], [0, 0], [1, 0]]


@pytest.mark.parametrize(
    ("configs", "told"),
    [
        (None, "has no numbers as `configs`"),
        (np.zeros((5, 2)), r"has shape \(5, 2\), expected configs"),
        (np.arange(12.0).reshape(2, 3, 2), "the same for every task"),
    ],
)
def test_a_file_without_the_configurations_is_told(
    configs: np.ndarray | None, told: str, tmp_path: Path
) -> None:
    """What is missing or has another shape."""
    path = tmp_path / "some.npz"
    np.savez(
        path, valid_loss=np.ones((2, 3, 4)), **({} if configs is None else {"configs": configs})
    )
    with pytest.raises(DataError, match=told):
        read_places(path, 3)


def test_the_command_tells_each_method_beside_the_reference(
    searchable_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line a method, and every search in the file."""
    out = tmp_path / "found.json"
    options = ["--pairs", "0,1", "--seeds", "2", "--trials", "20", "--workers", "1"]
    methods = ["--methods", "ours:cycle,ours-20-far:none"]
    status = simulated_search.main(
        ["--curves", str(searchable_file), *options, *methods, "--json", str(out)]
    )
    assert status == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 searches of 20 trials, 1 pairs of tasks, 16 epochs, rungs 1, 3, 7, 15"
    assert [line.split()[0] for line in lines[3:6]] == [
        "optuna:median",
        "ours:cycle",
        "ours-20-far:none",
    ]
    told = json.loads(out.read_text())
    assert [search["seed"] for search in told["searches"]] == [0, 1]
    assert told["searches"][0]["methods"]["ours:cycle"]["epochs"] > 0


@pytest.mark.parametrize("option", ["--seeds", "--trials", "--workers", "--gain"])
def test_a_number_too_small_is_refused(option: str, searchable_file: Path) -> None:
    """By its option's name."""
    with pytest.raises(ConfigError, match=f"{option} is 0"):
        simulated_search.main(["--curves", str(searchable_file), option, "0"])
