"""Devices, precisions, and randomness that stays inside."""

import pytest
import torch

from avq_core.errors import ConfigError
from avq_core.training import device as module
from avq_core.training.device import (
    claim_device,
    isolated_randomness,
    parse_device,
    resolve_precision,
)

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["tpu", "mps:0", "gpu", ""])
def test_an_unknown_device_is_told(name: str) -> None:
    """With what there is to choose from."""
    with pytest.raises(ConfigError, match=r"expected auto, cpu or cuda:N"):
        parse_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_a_gpu_that_is_not_there_is_told() -> None:
    """And what to use instead."""
    with pytest.raises(ConfigError, match=r"this machine has 0 CUDA device\(s\); use cpu"):
        parse_device("cuda:0")
    assert parse_device("auto") == CPU


def test_of_a_shared_gpu_a_process_takes_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """With some left for the driver; alone, or on a CPU, nothing is limited."""
    taken: list[tuple[float, torch.device]] = []
    monkeypatch.setattr(
        torch.cuda, "set_per_process_memory_fraction", lambda *limit: taken.append(limit)
    )
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert claim_device("cpu", memory_share=0.5) == CPU
    assert claim_device("cuda:0", memory_share=1.0) == torch.device("cuda", 0)
    assert taken == []
    claim_device("cuda:0", memory_share=0.25)
    assert taken == [(pytest.approx(0.225), torch.device("cuda", 0))]


def test_precision_is_as_asked_or_as_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Auto takes bf16 where a product of it is clearly faster, and fp32 where it is emulated."""
    assert resolve_precision("fp32", CPU) is torch.float32
    assert resolve_precision("bf16", CPU) is torch.bfloat16
    for seconds, expected in ((0.2, torch.bfloat16), (3.0, torch.float32), (1.0, torch.float32)):
        module._gains_from_bf16.cache_clear()
        monkeypatch.setattr(
            module,
            "_matmul_seconds",
            lambda dtype, half=seconds: half if dtype is torch.bfloat16 else 1.0,
        )
        assert resolve_precision("auto", CPU) is expected
    module._gains_from_bf16.cache_clear()


def test_randomness_inside_is_seeded_and_outside_untouched() -> None:
    """The same seed draws the same inside, and nothing changes outside."""
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    drawn = []
    for _ in range(2):
        with isolated_randomness(7, CPU):
            drawn.append(torch.rand(2))
    assert torch.equal(drawn[0], drawn[1])
    assert torch.equal(torch.rand(2), expected)
