"""Presets: every point of theirs can be built, every bound has its reason."""

import itertools
from pathlib import Path

import pytest
import yaml

from avq_core.config.presets import manual, recommended
from avq_core.config.training import MANUAL_TASK_WEIGHTS
from avq_core.config.values import to_dict, with_values
from space.errors import SpaceError
from space.presets import preset
from space.space import load_space

TASKS = tuple(MANUAL_TASK_WEIGHTS)
TEN = ("small", "full")
EXTENDED = ("extended-small", "extended")
presets = pytest.mark.parametrize("name", [*TEN, *EXTENDED])


def at(config: dict[str, dict[str, object]], path: str) -> object:
    node: object = config
    for key in path.split("."):
        assert isinstance(node, dict)
        node = node[key]
    return node


@presets
def test_a_preset_can_be_made_before_the_tasks_are_known(name: str) -> None:
    """A command looks at its space before it reads the data; only the weights are missing."""
    weights = {f"training.task_weights.{task}" for task in TASKS}
    early, whole = preset(name, ()), preset(name, TASKS)
    assert early.parameters.keys() == whole.parameters.keys() - weights
    assert early.fixed == whole.fixed


@pytest.mark.parametrize("name", TEN)
def test_searches_ten_settings_of_the_manuals_configuration(name: str) -> None:
    """Five of model and optimiser and a weight for each task, every one a setting there is."""
    space = preset(name, TASKS)
    assert len(space.parameters) == 10
    config = to_dict(manual(TASKS))
    for path in (*space.parameters, *space.fixed):
        at(config, path)


@pytest.mark.parametrize("name", ["full", "extended"])
def test_a_gpus_spaces_hold_the_manuals_point(name: str) -> None:
    """The manual's configuration is one of the points that the search may try."""
    space = preset(name, TASKS)
    config = to_dict(manual(TASKS))
    whole = {path: at(config, path) for path in space.parameters}
    assert space.contains({path: whole[path] for path in space.active(whole)})
    assert not space.fixed


@pytest.mark.parametrize("name", EXTENDED)
def test_an_extended_search_starts_from_the_recommended_configuration(name: str) -> None:
    """A first run is no disappointment: its first trial is what is trained without a search."""
    space = preset(name, TASKS)
    assert space.contains(space.start)
    config = to_dict(with_values(manual(TASKS), {**space.fixed, **space.start}))
    wanted = to_dict(recommended(TASKS))
    differing = {
        f"{section}.{setting}"
        for section in ("model", "optim", "training")
        for setting in config[section]
        if config[section][setting] != wanted[section][setting]
    }
    # On a GPU the cycles are the manual's; epochs follow from the study.
    assert differing <= {"training.epochs", "optim.cycle_epochs"}
    if name == "extended-small":
        assert differing == set()


def test_an_extended_space_searches_what_lags_are_made_of_only_with_lags() -> None:
    """Conditional parameters: without lags their channels change nothing."""
    space = preset("extended-small", TASKS)
    with_lags = space.active(space.start)
    without = space.active({**space.start, "model.max_lag": 0})
    assert set(with_lags) - set(without) == {
        "model.lag_channels",
        "model.lag_contents",
        "model.lag_powers",
    }


@presets
def test_weights_centre_on_the_manuals(name: str) -> None:
    """A factor of four either way."""
    parameters = preset(name, TASKS).parameters
    for task, weight in MANUAL_TASK_WEIGHTS.items():
        ends = parameters[f"training.task_weights.{task}"].ends()
        assert ends == (weight / 4, weight * 4)


FINGERPRINTS = {
    "small": "daf850bd81d5f1436d57a38a2d9175aac7a96d2c87ec9052f86891670756558c",
    "full": "98a4a14e941864e2e36adb8c14833c88ac9c5396a4e382166a7806d0a50e0978",
    "extended-small": "d522de23669e74f7b4e2583d6dab7968e150b80522b3342f7f119df41ea6b080",
    "extended": "1b601ac228914971089a4c369c80fb98bb52ad0295c61882d1c85b6abab8e3cd",
}


@presets
def test_studies_of_a_preset_can_be_resumed(name: str) -> None:
    """Its fingerprint is stored in every study of it, so it stays the same."""
    assert preset(name, TASKS).fingerprint() == FINGERPRINTS[name]


@presets
def test_every_bound_has_its_reason(name: str) -> None:
    """A reason is a sentence, not a word."""
    for path, parameter in preset(name, (*TASKS, "new")).parameters.items():
        assert len(parameter.reason.split()) >= 6, path


@presets
def test_every_number_of_heads_divides_every_width(name: str) -> None:
    """Valid by construction: no trial crashes in the middle of a study."""
    parameters = preset(name, TASKS).parameters
    widths, heads = (
        parameters[f"model.{path}"].values() or () for path in ("hidden_dim", "num_heads")
    )
    assert widths
    assert all(width % head == 0 for width, head in itertools.product(widths, heads))


@presets
@pytest.mark.parametrize("end", [0, -1])
def test_both_ends_build_a_valid_configuration(name: str, end: int) -> None:
    """Each parameter's lowest and highest value, alone and together with all the others'."""
    space = preset(name, TASKS)
    base = with_values(manual(TASKS), space.fixed)
    whole = {path: parameter.ends()[end] for path, parameter in space.parameters.items()}
    point = {path: whole[path] for path in space.active(whole)}
    assert space.contains(point)
    with_values(base, point)


@presets
def test_a_task_that_the_manual_does_not_know_weighs_around_one(name: str) -> None:
    """Other people's data has other tasks."""
    low, high = preset(name, ("new", "overall")).parameters["training.task_weights.new"].ends()
    assert low * high == pytest.approx(1.0)
    assert not any("lip_sync" in path for path in preset(name, ("new", "overall")).parameters)


@presets
def test_a_single_task_has_no_weight_to_search(name: str) -> None:
    """Weights count relative to each other."""
    names = preset(name, ("overall",)).parameters
    assert not any(path.startswith("training.task_weights") for path in names)


def test_an_unknown_name_says_which_there_are() -> None:
    """A slip of the finger is mended from the message."""
    with pytest.raises(SpaceError, match=r"no space 'smal', expected one of small, full"):
        preset("smal", TASKS)


@presets
def test_a_preset_can_be_written_and_read_as_a_file(name: str, tmp_path: Path) -> None:
    """A preset is a starting point for a user's own file."""
    path = tmp_path / "own.yaml"
    space = preset(name, TASKS)
    path.write_text(yaml.safe_dump(space.to_dict(), sort_keys=False), encoding="utf-8")
    assert load_space(path) == space
