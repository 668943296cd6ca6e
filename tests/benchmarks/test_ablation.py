"""Variants of a configuration, and their scores paired by seed."""

from pathlib import Path

import numpy as np
import pytest
from commands import write_tiny

from avq_core.config.presets import manual, recommended
from avq_core.config.values import with_values
from avq_core.errors import ConfigError
from avq_core.run_command import run_command
from benchmarks.ablation import describe, main, parse_variants, score, switched_off
from search.workers.pool import Result


def result_of(**r2: float | None) -> Result:
    scores = np.empty((0, 2), np.float32)
    return Result(r2=r2, num_labels={}, val_scores=scores, test_scores=scores)


def test_every_setting_that_differs_from_the_manual_is_a_variant() -> None:
    """But not its sizes; the manual's own configuration has none."""
    tasks = ("cross_modal", "overall")
    assert switched_off(manual(tasks)) == {}
    config = with_values(manual(tasks), {"model.pooling": "mean_std", "model.hidden_dim": 64})
    assert switched_off(config) == {"model.pooling=mean": {"model.pooling": "mean"}}
    assert len(switched_off(recommended(tasks))) > 3


def test_variants_are_read_from_their_texts() -> None:
    """Values as YAML has them; a text without an equals sign is refused."""
    variants = parse_variants(["model.max_lag=0", "model.fusion=gated,optim.lr=1.0e-3"])
    assert variants["model.max_lag=0"] == {"model.max_lag": 0}
    assert list(variants.values())[1] == {"model.fusion": "gated", "optim.lr": 1e-3}
    with pytest.raises(ConfigError, match=r"'model\.max_lag' is no setting, expected key=value"):
        parse_variants(["model.max_lag"])


def test_the_difference_is_paired_by_seed() -> None:
    """Seeds that differ much leave no interval where every one of them gains the same."""
    line = describe("variant", [0.2, 0.6, 1.0], [0.1, 0.5, 0.9])
    assert line.endswith("difference 0.100 ± 0.000")
    assert "score 0.600 ± 0.9" in line


def test_a_run_without_a_watched_r2_has_no_score() -> None:
    """A mean over the other task would flatter it."""
    assert score(result_of(a=0.2, b=0.4), ["a", "b"]) == pytest.approx(0.3)
    assert np.isnan(score(result_of(a=0.2, b=None), ["a", "b"]))


def test_a_task_that_the_data_lacks_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is trained."""
    arguments = [str(write_tiny(tmp_path)), "--watch", "lips", "--runs", str(tmp_path)]
    assert run_command(main, arguments) == 2
    assert "--watch names 'lips', expected some of lip_sync" in capsys.readouterr().err


@pytest.mark.slow
def test_each_variant_stands_beside_the_unchanged_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With R² by task on val and, if asked for, on test."""
    config = tmp_path / "tiny.yaml"
    config.write_text(
        "model: {hidden_dim: 8, num_layers: 1, num_heads: 1, embedder_scale: 0.125}\n"
        "training: {epochs: 1}\n"
    )
    arguments = [str(write_tiny(tmp_path)), "--config", str(config), "--seeds", "1", "--test"]
    assert (
        run_command(main, [*arguments, "--vary", "model.dropout=0", "--runs", str(tmp_path)]) == 0
    )
    lines = capsys.readouterr().out.splitlines()
    (first,) = (line for line in lines if line.startswith("unchanged: score"))
    assert "difference 0.000" in first
    assert sum(line.startswith("model.dropout=0: score") for line in lines) == 1
    assert sum(line.startswith("test") for line in lines) == 2
