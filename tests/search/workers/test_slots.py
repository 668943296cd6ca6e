"""Slots: which worker trains where, with how many threads and how much of a GPU."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from search.job import Slot
from search.workers.slots import available_cores, device_names, make_slots

GIBIBYTE = 2**30


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes this machine one of so many cores and so many GiB of each GPU."""

    def make(cores: int, *gibibytes: int) -> None:
        memory = {
            f"cuda:{i}": SimpleNamespace(total_memory=g * GIBIBYTE) for i, g in enumerate(gibibytes)
        }
        monkeypatch.setattr("torch.cuda.device_count", lambda: len(gibibytes))
        monkeypatch.setattr("torch.cuda.get_device_properties", lambda name: memory[name])
        monkeypatch.setattr("search.workers.slots.available_cores", lambda: cores)

    return make


def slots(workers: int | None, *devices: str, data: float = 0.0) -> list[Slot]:
    """Slots for so many GiB of data."""
    return make_slots(
        workers=workers, devices=device_names(devices or None), data_bytes=int(data * GIBIBYTE)
    )


def test_workers_share_the_cores() -> None:
    """Auto is one a core; more workers than cores have one thread each."""
    auto = slots(None, "cpu")
    assert len(auto) == available_cores()
    assert {slot.threads for slot in auto} == {1}
    assert [slot.index for slot in slots(3, "cpu")] == [0, 1, 2]
    (alone,) = slots(1, "cpu")
    assert alone.threads == available_cores()


@pytest.mark.parametrize(
    ("gibibytes", "cores", "data", "workers"),
    [(80, 16, 0, 8), (24, 16, 0, 5), (24, 16, 3, 3), (80, 16, 20, 3), (24, 2, 0, 2), (4, 16, 0, 1)],
)
def test_a_gpu_gets_the_workers_that_its_memory_and_the_cores_carry(
    machine: Callable[..., None], gibibytes: int, cores: int, data: int, workers: int
) -> None:
    """Each keeps a copy of the data there, and may take its share of the memory and no more."""
    machine(cores, gibibytes)
    made = slots(None, data=data)
    assert [slot.device for slot in made] == ["cuda:0"] * workers
    assert {slot.memory_share for slot in made} == {1 / workers}
    assert {slot.threads for slot in made} == {cores // workers}


def test_two_gpus_share_the_cores(machine: Callable[..., None]) -> None:
    """Workers take the devices in turn; three on two leave one a GPU of its own."""
    machine(8, 80, 80)
    assert [slot.device for slot in slots(None)] == ["cuda:0", "cuda:1"] * 4
    assert [slot.memory_share for slot in slots(3)] == [1 / 2, 1, 1 / 2]


def test_each_device_gets_what_it_carries_itself(machine: Callable[..., None]) -> None:
    """A large GPU beside a small one, and a GPU beside the CPU; a name given twice is one device."""
    machine(16, 80, 8)
    unequal = slots(None)
    assert [slot.device for slot in unequal] == ["cuda:0", "cuda:1"] + ["cuda:0"] * 7
    assert [slot.memory_share for slot in unequal] == [1 / 8, 1, *([1 / 8] * 7)]
    mixed = [slot.device for slot in slots(None, "cpu", "cuda:1")]
    assert (mixed.count("cpu"), mixed.count("cuda:1")) == (8, 1)
    machine(2, 80)
    assert [slot.memory_share for slot in slots(None, "cuda:0", "cuda:0")] == [1 / 2, 1 / 2]


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_a_share_is_one(share: float) -> None:
    """Of the memory there is."""
    with pytest.raises(ValueError, match="memory_share"):
        Slot(index=0, device="cpu", threads=1, memory_share=share)
