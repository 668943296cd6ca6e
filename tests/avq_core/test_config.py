"""Settings: validated where they are made, the same after YAML, light to import."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from avq_core.config import (
    OptimConfig,
    TrainConfig,
    TrainingConfig,
    manual,
)
from avq_core.config_values import from_dict, load_config, to_dict, with_values
from avq_core.data_config import DataConfig
from avq_core.errors import ConfigError
from avq_core.model_config import ModelConfig


def test_the_manuals_values_are_the_defaults() -> None:
    """Named `manual`, and what is left out anywhere."""
    assert manual() == TrainConfig()
    values = to_dict(manual())
    assert (
        values["model"] | {"hidden_dim": 512, "num_layers": 6, "num_heads": 16} == values["model"]
    )
    assert values["optim"]["lr"] == 1e-3
    assert values["training"]["task_weights"]["cross_modal"] == 1.5
    assert from_dict({}) == manual()


def test_a_configuration_survives_yaml(tmp_path: Path) -> None:
    """Written and read back it is the same, alone or under `config:` as in a best.yaml."""
    config = with_values(manual(), {"optim.lr": 3e-4, "model.head": "linear", "data.pca.audio": 8})
    for name, values in (("a", to_dict(config)), ("b", {"config": to_dict(config), "trial": 3})):
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(values))
        assert load_config(str(path)) == config


def test_yamls_way_with_small_numbers_is_mended() -> None:
    """YAML 1.1 reads 1e-3 as a word."""
    assert from_dict(yaml.safe_load("optim: {lr: 1e-3, min_lr: 0}")).optim.lr == 0.001


@pytest.mark.parametrize(
    ("cls", "values", "message"),
    [
        (ModelConfig, {"hidden_dim": 0}, "model.hidden_dim is 0, expected an integer >= 1"),
        (ModelConfig, {"hidden_dim": 100}, "model.hidden_dim is 100, expected a multiple of"),
        (ModelConfig, {"num_layers": True}, "model.num_layers is True"),
        (ModelConfig, {"dropout": 1.0}, "model.dropout is 1.0, expected a probability"),
        (ModelConfig, {"dropout": float("nan")}, "model.dropout is nan"),
        (ModelConfig, {"pooling": "max"}, "model.pooling is 'max', expected one of"),
        (
            ModelConfig,
            {"hidden_dim": 15, "num_heads": 5, "positions": "sinusoidal"},
            "model.hidden_dim is 15, expected an even number",
        ),
        (OptimConfig, {"lr": -1.0}, "optim.lr is -1.0"),
        (OptimConfig, {"min_lr": 1.0}, "optim.min_lr is 1.0, expected a number in"),
        (OptimConfig, {"cycle_mult": 0}, "optim.cycle_mult is 0"),
        (TrainingConfig, {"epochs": 2.5}, "training.epochs is 2.5"),
        (TrainingConfig, {"micro_batch_size": 0}, "training.micro_batch_size is 0"),
        (TrainingConfig, {"task_weights": {}}, "a weight for each task"),
        (TrainingConfig, {"task_weights": {"a": 0.0}}, "at least one weight > 0"),
        (TrainingConfig, {"task_weights": {"a": -1.0}}, "training.task_weights.a is -1.0"),
        (TrainingConfig, {"precision": "fp8"}, "training.precision is 'fp8'"),
        (DataConfig, {"label_min": 2.0}, "data.label_min is 2.0, expected less than"),
        (DataConfig, {"missing_label": 0.0}, "a value outside the valid labels"),
        (DataConfig, {"pca": {"audio": 0}}, "data.pca.audio is 0"),
    ],
)
def test_a_setting_out_of_range_says_got_and_expected(
    cls: type, values: dict[str, object], message: str
) -> None:
    """At once, where it is made."""
    with pytest.raises(ConfigError, match=message.replace("(", r"\(")):
        cls(**values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"modle": {}}, "unknown section 'modle'"),
        ({"model": {"width": 3}}, "unknown setting model.width"),
        ({"model": 3}, "section 'model' is 3"),
        ([], "a configuration is"),
        ({"optim": {"lr": "fast"}}, "optim.lr is 'fast'"),
    ],
)
def test_an_unknown_setting_is_refused(values: object, message: str) -> None:
    """A slip in a file must not be trained in silence."""
    with pytest.raises(ConfigError, match=message):
        from_dict(values)


@pytest.mark.parametrize("path", ["optim.rate", "lr", "modle.width", "training.task_weights.smile"])
def test_a_path_that_names_no_setting_is_refused(path: str) -> None:
    """Spaces are made of such paths."""
    with pytest.raises(ConfigError, match="names no setting"):
        with_values(manual(), {path: 1})


def test_a_file_that_is_no_configuration_is_told(tmp_path: Path) -> None:
    """Missing, not YAML, not a mapping."""
    with pytest.raises(ConfigError, match=r"there is no file .*no.yaml"):
        load_config(str(tmp_path / "no.yaml"))
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: [")
    with pytest.raises(ConfigError, match="is not YAML"):
        load_config(str(bad))
    bad.write_text("- 1")
    with pytest.raises(ConfigError, match="holds list"):
        load_config(str(bad))


def test_settings_import_without_torch() -> None:
    """A study can be looked at where torch is not installed."""
    code = "import sys, avq_core.config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
