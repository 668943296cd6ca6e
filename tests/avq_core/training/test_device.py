"""Devices, and random numbers that stay inside a run."""

import pytest
import torch

from avq_core.errors import ConfigError
from avq_core.training.device import (
    claim_device,
    isolated_randomness,
    parse_device,
)

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["tpu", "mps:0", "gpu", ""])
def test_an_unknown_device_is_an_error(name: str) -> None:
    """The message lists the choices."""
    with pytest.raises(ConfigError, match=r"expected auto, cpu or cuda:N"):
        parse_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_a_gpu_that_is_not_there_is_an_error() -> None:
    """The message says what to use instead."""
    with pytest.raises(ConfigError, match=r"this machine has 0 CUDA device\(s\); use cpu"):
        parse_device("cuda:0")
    assert parse_device("auto") == CPU


def test_a_process_takes_its_share_of_a_shared_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver keeps some memory; a process alone, or on a CPU, is not limited."""
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
