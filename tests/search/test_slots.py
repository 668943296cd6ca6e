"""Slots: which worker trains where, with how many threads and how much of a GPU."""

from types import SimpleNamespace

import pytest

from search.launch.local import available_cores, make_slots


def test_workers_take_devices_in_turn_and_share_the_cores() -> None:
    """Auto is one a core; more workers than cores have one thread each."""
    auto = make_slots(workers="auto", devices="cpu")
    assert len(auto) == available_cores()
    assert {slot.threads for slot in auto} == {1}
    mixed = make_slots(workers="3", devices="cpu")
    assert [slot.index for slot in mixed] == [0, 1, 2]
    (alone,) = make_slots(workers="1", devices="cpu")
    assert alone.threads == available_cores()


@pytest.mark.parametrize(
    ("gibibytes", "cores", "workers"), [(80, 16, 8), (24, 16, 4), (24, 2, 2), (4, 16, 1)]
)
def test_a_gpu_gets_the_workers_that_its_memory_and_the_cores_carry(
    monkeypatch: pytest.MonkeyPatch, gibibytes: int, cores: int, workers: int
) -> None:
    """Each may take its share of the memory, and no more."""
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    card = SimpleNamespace(total_memory=gibibytes * 2**30)
    monkeypatch.setattr("torch.cuda.get_device_properties", lambda _: card)
    monkeypatch.setattr("search.launch.local.available_cores", lambda: cores)
    slots = make_slots(workers="auto", devices="auto")
    assert [slot.device for slot in slots] == ["cuda:0"] * workers
    assert {slot.memory_share for slot in slots} == {1 / workers}
    assert {slot.threads for slot in slots} == {cores // workers}


def test_two_gpus_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers take the devices in turn; three on two leave one a GPU of its own."""
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    card = SimpleNamespace(total_memory=80 * 2**30)
    monkeypatch.setattr("torch.cuda.get_device_properties", lambda _: card)
    monkeypatch.setattr("search.launch.local.available_cores", lambda: 8)
    auto = make_slots(workers="auto", devices="auto")
    assert [slot.device for slot in auto] == ["cuda:0", "cuda:1"] * 4
    three = make_slots(workers="3", devices="auto")
    assert [slot.memory_share for slot in three] == [1 / 2, 1, 1 / 2]
