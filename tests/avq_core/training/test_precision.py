"""Precision follows from the network and the kind of machine, and is written into the configuration."""

from collections.abc import Callable
from types import MappingProxyType
from unittest import mock

import pytest
import torch

from avq_core.config.model import ModelConfig
from avq_core.config.presets import manual, recommended
from avq_core.config.training import TrainConfig
from avq_core.config.values import with_values
from avq_core.data.schema import DEFAULT_STREAM_SHAPES, Schema, Stream
from avq_core.training import precision
from avq_core.training.loop import fit
from avq_core.training.precision import (
    cpu_bf16,
    dtype_of,
    note_on_emulation,
    settled,
    work_per_frame,
)
from avq_core.training.resident import ResidentSplits

CPU = torch.device("cpu")
GPU = torch.device("cuda", 0)
FULL = Schema(
    streams=tuple(
        Stream(name=name, dim=shape[-1], temporal=len(shape) == 2)
        for name, shape in DEFAULT_STREAM_SHAPES.items()
    ),
    num_frames=150,
    tasks=("overall",),
)
MakeConfig = Callable[..., TrainConfig]


@pytest.fixture
def cpu(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the CPU have bf16 by `amx`, by `avx512`, or not at all."""
    return lambda kind: monkeypatch.setattr(precision, "cpu_bf16", lambda: kind)


@pytest.mark.parametrize(
    ("kind", "of_recommended", "of_manual"),
    [("none", "fp32", "fp32"), ("avx512", "fp32", "bf16"), ("amx", "fp32", "bf16")],
)
def test_auto_takes_bf16_where_the_cpu_has_it_and_the_network_is_wide(
    cpu: Callable[[str], None], kind: str, of_recommended: str, of_manual: str
) -> None:
    """As measured in docs/experiments/028; the same each time."""
    cpu(kind)
    for config, expected in ((recommended(), of_recommended), (manual(), of_manual)):
        for _ in range(2):
            assert settled(config, FULL, CPU).training.precision == expected


@pytest.mark.parametrize("chosen", ["fp32", "bf16"])
@pytest.mark.parametrize("kind", ["none", "amx"])
def test_a_precision_that_is_set_stays(cpu: Callable[[str], None], kind: str, chosen: str) -> None:
    """On every machine: a configuration trains in the precision that it was searched in."""
    cpu(kind)
    config = with_values(manual(), {"training.precision": chosen})
    assert settled(config, FULL, CPU) is config
    assert dtype_of(config) is {"fp32": torch.float32, "bf16": torch.bfloat16}[chosen]


@pytest.mark.parametrize(("has_it", "expected"), [(True, "bf16"), (False, "fp32")])
def test_on_a_gpu_auto_is_bf16_where_it_is_built_in(
    monkeypatch: pytest.MonkeyPatch, has_it: bool, expected: str
) -> None:
    """Emulation does not count; the device asked is the run's."""
    asked: list[object] = []

    def ask(*, including_emulation: bool) -> bool:
        assert not including_emulation
        return has_it

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", ask)
    monkeypatch.setattr(
        torch.cuda, "device", lambda device: asked.append(device) or mock.MagicMock()
    )
    assert settled(recommended(), FULL, GPU).training.precision == expected
    assert asked == [GPU]


@pytest.mark.parametrize(
    ("features", "kind"),
    [
        ({"amx_tile": True, "amx_bf16": True, "avx512_bf16": True}, "amx"),
        ({"amx_tile": False, "amx_bf16": True, "avx512_bf16": True}, "avx512"),
        ({"avx512_bf16": True}, "avx512"),
        ({"avx512_f": True, "avx2": True}, "none"),
        ({"architecture": "aarch64", "bf16": True}, "none"),
    ],
)
def test_the_cpu_is_asked_what_it_has(
    monkeypatch: pytest.MonkeyPatch, features: dict[str, object], kind: str
) -> None:
    """Not timed: a busy machine is no other machine."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: MappingProxyType(features))
    cpu_bf16.cache_clear()
    assert cpu_bf16() == kind
    cpu_bf16.cache_clear()


def test_the_work_for_a_frame_is_that_of_the_layers_that_see_every_frame() -> None:
    """Of temporal streams and the encoder; frames that are averaged first count together."""
    schema = Schema(
        streams=(Stream(name="a", dim=128, temporal=True), Stream(name="b", dim=2, temporal=False)),
        num_frames=5,
        tasks=("overall",),
    )
    model = ModelConfig(hidden_dim=64, num_heads=4, num_layers=2, feedforward_factor=2)
    # 128 -> 256 -> 64 for the stream; 64 -> 192, 64 -> 64, 64 -> 128 and 128 -> 64 in a layer.
    work = 128 * 256 + 256 * 64 + 2 * (64 * 192 + 64 * 64 + 2 * 64 * 128)
    assert work_per_frame(model, schema) == work
    assert work_per_frame(model.changed(frame_stride=4), schema) == work / 4


def test_bf16_on_a_cpu_without_it_is_told(cpu: Callable[[str], None]) -> None:
    """It works, slowly; elsewhere there is nothing to say."""
    half = with_values(manual(), {"training.precision": "bf16"})
    cpu("none")
    assert "this CPU emulates it" in (note_on_emulation(half, CPU) or "")
    assert note_on_emulation(half, GPU) is None
    assert note_on_emulation(with_values(half, {"training.precision": "fp32"}), CPU) is None
    cpu("avx512")
    assert note_on_emulation(half, CPU) is None


def test_fit_settles_what_is_open(
    splits: ResidentSplits, make_config: MakeConfig, cpu: Callable[[str], None]
) -> None:
    """Whoever calls it with `auto` gets the same as with what the rule says."""
    cpu("amx")
    config = make_config(training={"precision": "auto", "epochs": 1})
    assert fit(config, splits).precision is torch.float32
