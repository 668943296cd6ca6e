"""Settings: validated where they are made, the same after YAML, light to import."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from avq_core.config.data import DataConfig
from avq_core.config.model import ModelConfig
from avq_core.config.optim import OptimConfig
from avq_core.config.presets import manual
from avq_core.config.training import TrainConfig, TrainingConfig
from avq_core.config.values import (
    from_dict,
    load_config,
    load_configs,
    load_data_config,
    to_dict,
    with_values,
)
from avq_core.errors import ConfigError


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
        (DataConfig, {"pca": {"audio": True}}, "data.pca.audio is True, expected an integer >= 1"),
        (DataConfig, {"pca": 3}, "data.pca is 3, expected a mapping of stream to width"),
        (DataConfig, {"splits": {"vla": "x"}}, "a name in data.splits is 'vla', did you mean val"),
        (DataConfig, {"storage": "flot16"}, "data.storage is 'flot16', did you mean float16"),
        (OptimConfig, {"lr": True}, "optim.lr is True, expected a number > 0"),
        (OptimConfig, {"clip_norm": 0}, "optim.clip_norm is 0, expected a number > 0, or null"),
        (OptimConfig, {"min_rl": 1}, "unknown setting optim.min_rl, did you mean min_lr"),
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
        (
            {"modle": {}},
            r"unknown section modle, did you mean model\? expected one of model, optim",
        ),
        ({"model": {"width": 3}}, "unknown setting model.width"),
        ({"model": 3}, "model is 3, expected settings by name: hidden_dim"),
        ([], r"a configuration is \[\], expected settings by name: model"),
        ({"optim": {"lr": "fast"}}, "optim.lr is 'fast'"),
        ({"optim": {3: 1}}, "unknown setting optim.3, expected one of lr"),
    ],
)
def test_an_unknown_setting_is_refused(values: object, message: str) -> None:
    """A slip in a file must not be trained in silence."""
    with pytest.raises(ConfigError, match=message):
        from_dict(values)


def test_a_changed_copy_is_checked_again() -> None:
    """And leaves the one that it was made from as it is."""
    config = DataConfig(keys={"labels": "scores"})
    assert config.changed(clip=3).clip == 3.0
    assert config.changed(clip=3).keys == {"labels": "scores"}
    assert config.clip == 10.0
    with pytest.raises(ConfigError, match=r"data\.clip is -1, expected a number > 0"):
        config.changed(clip=-1)


def test_settings_cross_to_another_process() -> None:
    """Workers get them by pickle."""
    assert pickle.loads(pickle.dumps(manual())) == manual()


@pytest.mark.parametrize("path", ["optim.rate", "lr", "modle.width", "training.task_weights.smile"])
def test_a_path_that_names_no_setting_is_refused(path: str) -> None:
    """Spaces are made of such paths."""
    with pytest.raises(ConfigError, match="names no setting"):
        with_values(manual(), {path: 1})


EXPORT = """\
study: tiny
trial: 3
config:
  model:
    hidden_dim: 64
    num_heads: 4
  optim:
    lr: 1e-3
  training:
    task_weights:
      overall: 1.0
    epochs: 5
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "hidden_dim: 64",
            "hidden_dim: abc",
            "line 5: config.model.hidden_dim is 'abc', expected an integer >= 1; what a file leaves",
        ),
        (
            "hidden_dim",
            "hiden_dim",
            "line 5: unknown setting config.model.hiden_dim, did you mean hidden_dim\\?",
        ),
        ("num_heads: 4", "lr: 4", "line 6: unknown setting config.model.lr, lr stands under optim"),
        ("num_heads: 4", "num_heads: 7", "line 5: config.model.hidden_dim is 64, expected a multi"),
        ("hidden_dim: 64", "dropout: 1.5", "line 5: config.model.dropout is 1.5, expected a prob"),
        ("hidden_dim: 64", "positions: none", None),
        # What is wrong is left out: the line of its section.
        ("hidden_dim: 64", "dropout: 0", "line 4: config.model.hidden_dim is 512, expected"),
        ("lr: 1e-3", "lr: fast", "line 8: config.optim.lr is 'fast', expected a number > 0"),
        ("overall: 1.0", "overall: -1", "line 11: config.training.task_weights.overall is -1, "),
        ("overall: 1.0", "overall: 1e-1", None),
        ("epochs: 5", "epochs: 5.5", "line 12: config.training.epochs is 5.5, expected an integer"),
        ("  optim:", "  optin:", "line 7: unknown section config.optin, did you mean optim\\?"),
        ("config:", "confg:", "line 3: unknown key 'confg', did you mean config\\?"),
        (
            "trial: 3",
            "training: {epochs: 1}",
            "line 2: unknown key 'training', training stands und",
        ),
        ("trial: 3", "notes: good", "line 2: unknown key 'notes', .*stand behind a #"),
        (
            "num_heads: 4",
            "hidden_dim: 32",
            "line 6: config.model.hidden_dim stands twice, first on",
        ),
        ("  optim:", "  model:", "line 7: config.model stands twice, first on line 4; keep one"),
        ("num_heads: 4", "num_heads: [4", "line 7: is not YAML: "),
        ("    num_heads", "\tnum_heads", "line 6: is not YAML: found character .*check quotes"),
        ("    num_heads", "   num_heads", "line 6: is not YAML: expected <block end>"),
        ("lr: 1e-3", "lr: 2026-13-01", "line 8: '2026-13-01' cannot be read .month must be"),
        ("lr: 1e-3", "lr: \x07", "line 8: is not YAML: it holds the control character"),
    ],
)
def test_a_slip_in_a_file_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, message: str | None
) -> None:
    """File, line, setting as the file has it, got, expected; `None`: nothing is wrong."""
    if new == "dropout: 0":
        text = EXPORT.replace(old, new).replace("num_heads: 4", "num_heads: 7")
    else:
        text = EXPORT.replace(old, new, 1)
    assert text != EXPORT
    path = tmp_path / "best.yaml"
    path.write_text(text)
    if message is None:
        load_config(str(path))
        return
    with pytest.raises(ConfigError, match=rf"best\.yaml, {message}"):
        load_config(str(path))


def test_a_slip_in_a_member_of_an_ensemble_names_it(tmp_path: Path) -> None:
    """The member's place beside the line; a list that is none, too."""
    path = tmp_path / "ensemble.yaml"
    member = "- trial: 1\n  config:\n    optim: {lr: 0.1}\n"
    path.write_text(f"ensemble:\n{member}{member.replace('0.1', '-1')}")
    with pytest.raises(ConfigError, match=r"yaml, line 7: ensemble\[1\]\.config\.optim\.lr is -1"):
        load_configs(str(path))
    for text in ("study: a\nensemble: [3]", "study: a\nensemble: []"):
        path.write_text(text)
        with pytest.raises(ConfigError, match=r"line 2: ensemble is .*expected a list of members"):
            load_configs(str(path))


def test_a_slip_in_a_layout_is_told_with_its_line(tmp_path: Path) -> None:
    """A layout is a file of the data's settings alone."""
    path = tmp_path / "layout.yaml"
    path.write_text("label_min: 0\nlabel_mx: 5\n")
    with pytest.raises(ConfigError, match=r"yaml, line 2: unknown setting data\.label_mx, did you"):
        load_data_config(path)
    path.write_text("label_min: 0\nlabel_ranges:\n  mos: [5, 1]\n")
    with pytest.raises(ConfigError, match=r"yaml, line 3: data\.label_ranges\.mos is \[5, 1\]"):
        load_data_config(path)


def test_what_earlier_versions_and_models_wrote_is_read(tmp_path: Path) -> None:
    """Their top-level keys stay known: of exports, and of a trained model's folder."""
    path = tmp_path / "old.yaml"
    config = to_dict(manual())
    old = {
        "study": "a",
        "trial": 1,
        "data": "demo",
        "data_key": "d",
        "search": {},
        "confirmed": None,
    }
    for beside in (old, {"raw_schema": {}, "schema": {}, "provenance": {}}):
        path.write_text(yaml.safe_dump({**beside, "config": config}))
        assert load_config(str(path)) == manual()
    path.write_text(yaml.safe_dump(old))
    with pytest.raises(ConfigError, match=r"old\.yaml: holds no config"):
        load_config(str(path))


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
    code = "import sys, avq_core.config.training; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
