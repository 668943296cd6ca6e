"""Spaces: membership, fingerprint, and the file that a user writes."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from avq_core.errors import ConfigError
from space.errors import SpaceError
from space.parameters import Categorical, Float, Int
from space.space import Space, load_space

YAML = """
epochs: 14
fixed:
  model.embedder_scale: 1.25e-1
parameters:
  optim.lr: {type: float, low: 1e-4, high: 1E-2, log: true, reason: "1e-3 is the manual's"}
  model.num_layers: {type: int, low: 1, high: 3}
  model.num_heads: {type: categorical, choices: [1, 2, 4, 8]}
"""


def make_space(**changes: Any) -> Space:
    settings: dict[str, Any] = {
        "name": "mine",
        "epochs": 14,
        "fixed": {"model.embedder_scale": 0.125},
        "parameters": {
            "optim.lr": Float(low=1e-4, high=1e-2, log=True),
            "model.num_layers": Int(low=1, high=3),
            "model.num_heads": Categorical(choices=(1, 2, 4, 8)),
        },
    }
    return Space(**(settings | changes))


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_gives_the_space_it_says(tmp_path: Path) -> None:
    """Numbers such as `1e-3`, which YAML 1.1 reads as words, are numbers."""
    space = load_space(write(tmp_path, YAML))
    assert space.name == "mine"
    assert list(space.parameters) == ["optim.lr", "model.num_layers", "model.num_heads"]
    assert space.parameters["optim.lr"].ends() == (1e-4, 1e-2)
    assert space.fixed == {"model.embedder_scale": 0.125}
    assert space.epochs == 14
    assert space.fingerprint() == make_space().fingerprint()


def test_survives_being_written_down() -> None:
    """The inverse of `to_dict` gives the same space in the same order."""
    space = make_space()
    again = Space.from_dict(space.to_dict())
    assert again == space
    assert list(again.parameters) == list(space.parameters)


def test_crosses_to_another_process() -> None:
    """Workers get the space by pickle."""
    assert pickle.loads(pickle.dumps(make_space())) == make_space()


def test_fingerprint_ignores_order_name_reasons_and_epochs() -> None:
    """What configures the same trials has the same fingerprint."""
    space = make_space()
    told = {
        path: Float(low=1e-4, high=1e-2, log=True, reason="because") if path == "optim.lr" else spec
        for path, spec in reversed(space.parameters.items())
    }
    other = make_space(
        name="other", epochs=70, parameters=told, fixed={"model.embedder_scale": 0.125}
    )
    assert other.fingerprint() == space.fingerprint()
    assert (
        make_space(fixed={"optim.cycle_epochs": 2}).fingerprint()
        == make_space(fixed={"optim.cycle_epochs": 2.0}).fingerprint()
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"fixed": {}},
        {"fixed": {"model.embedder_scale": 0.25}},
        {"parameters": {"optim.lr": Float(low=1e-4, high=1e-2, log=True)}},
        {"parameters": {**make_space().parameters, "optim.lr": Float(low=1e-4, high=1e-2)}},
        {
            "parameters": {
                **make_space().parameters,
                "model.num_heads": Categorical(choices=(8, 4, 2, 1)),
            }
        },
    ],
)
def test_fingerprint_tells_spaces_apart(changes: dict[str, Any]) -> None:
    """Whatever changes the trials changes it, the order of choices too: storages keep indices."""
    assert make_space(**changes).fingerprint() != make_space().fingerprint()


def test_contains_whole_points_within_bounds_only() -> None:
    """A point has a value for every parameter and no other."""
    space = make_space()
    point = {"optim.lr": 1e-3, "model.num_layers": 2, "model.num_heads": 4}
    assert space.contains(point)
    assert not space.contains(point | {"optim.lr": 1.0})
    assert not space.contains(point | {"model.dropout": 0.1})
    assert not space.contains({"optim.lr": 1e-3})
    assert not space.contains(point | {"model.num_heads": None})


def test_a_space_cannot_be_changed_from_outside() -> None:
    """The caller's mapping is copied."""
    parameters = dict(make_space().parameters)
    space = make_space(parameters=parameters)
    parameters.clear()
    assert len(space.parameters) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameters": {}}, r"parameters is \{\}, expected at least one setting to search"),
        ({"parameters": [1]}, r"parameters is \[1\], expected settings by dotted path"),
        (
            {"parameters": {"lr": Float(low=0, high=1)}},
            r"a name in parameters is 'lr', expected a dotted path such as optim\.lr",
        ),
        (
            {"parameters": {"optim.": Float(low=0, high=1)}},
            r"a name in parameters is 'optim\.', expected a dotted path",
        ),
        (
            {"parameters": {"optim.lr": 3}},
            r"parameters\.optim\.lr is 3, expected type and bounds by name",
        ),
        (
            {"fixed": {"optim.lr": 1e-3}},
            r"fixed\.optim\.lr is 0\.001, expected a setting that is not searched",
        ),
        ({"fixed": {"data.pca": {"au": 3}}}, r"fixed\.data\.pca is .* expected a finite number"),
        (
            {"fixed": {"optim.min_lr": float("nan")}},
            r"fixed\.optim\.min_lr is nan, expected a finite number",
        ),
        ({"epochs": 0}, r"epochs is 0, expected an integer >= 1"),
        ({"epochs": True}, r"epochs is True, expected an integer"),
    ],
)
def test_impossible_spaces_say_what_is_wrong(changes: dict[str, Any], message: str) -> None:
    """A space validates itself where it is made."""
    with pytest.raises(SpaceError, match=message):
        make_space(**changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "epochs: 14",
            r"mine\.yaml: parameters is missing, expected at least name, epochs and parameters",
        ),
        (YAML.replace("epochs: 14", ""), r"mine\.yaml: epochs is missing"),
        (
            YAML + "\nseed: 3",
            r"mine\.yaml, line 10: unknown key seed, expected one of name, epochs",
        ),
        (YAML + "\nepochs: 3", r"mine\.yaml, line 10: epochs stands twice, first on line 2"),
        (
            YAML.replace("low: 1e-4", "low: tiny"),
            r"mine\.yaml, line 6: parameters\.optim\.lr: low is 'tiny', expected a finite",
        ),
        (
            YAML.replace("low: 1e-4", "lo: 1e-4"),
            r"mine\.yaml, line 6: parameters\.optim\.lr: unknown key lo, did you mean l",
        ),
        (YAML.replace("14", "many"), r"mine\.yaml, line 2: epochs is 'many', expected an integer"),
        ("[1, 2]", r"mine\.yaml holds list, expected settings by name"),
        ("", r"mine\.yaml holds nothing, expected"),
        ("a: [", r"mine\.yaml, line 1: is not YAML"),
        ("!!python/object/apply:os.getcwd []", r"mine\.yaml, line 1: the tag"),
        (
            "name: [1]\nepochs: 1\nparameters: {}",
            r"mine\.yaml, line 1: name is \[1\], expected a word",
        ),
    ],
)
def test_files_that_are_no_space_say_why_in_one_line(
    tmp_path: Path, text: str, message: str
) -> None:
    """The file's name leads, and the message is one line."""
    with pytest.raises(ConfigError, match=message) as caught:
        load_space(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    """A mistyped path is told as such."""
    with pytest.raises(ConfigError, match=r"cannot read .*nope\.yaml: No such file"):
        load_space(tmp_path / "nope.yaml")
