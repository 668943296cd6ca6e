"""What processes know of their device, and what is told of those that find no room there."""

import queue
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from commands import write_tiny
from launch_ends import (
    end_on_a_full_disk,
    end_with_a_bug,
    end_without_room,
    ignore_everything,
    raise_too_large,
    raise_without_room,
)

from avq_core.config.data import DataConfig
from avq_core.config.presets import manual
from avq_core.data.store.store import prepare
from avq_core.errors import NoRoomError
from avq_core.run_command import run_command
from avq_search.start import INTERRUPTED
from search.job import NO_ROOM, Job, Slot
from search.workers import pool, worker
from search.workers import processes as local
from search.workers.failure import WorkerFailedError
from space.space import Space
from studies.errors import StudyError
from studies.score import Watch

SHARED = Slot(index=0, device="cpu", threads=1, memory_share=0.25)


@pytest.fixture
def job(tmp_path: Path, space: Space) -> Job:
    """Over a tiny file; there is no study, since no worker here comes so far."""
    made = prepare(
        str(write_tiny(tmp_path)), DataConfig(), root=tmp_path / "prepared", on_note=lambda _: None
    )
    return Job(
        study="tiny", url="sqlite://", store=made.path, data=DataConfig(), space=space,
        watch=Watch(), epochs=3, baseline_epochs=3, trials=1, sampler="tpe", pruner="cycle",
        audit_share=0.0, stop="never", seed=0, deadline=None, logs=tmp_path,
    )  # fmt: skip


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undoes what a worker does to the process that it has for itself."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    threads = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(worker, "_redirect_output", lambda _: None)
    yield
    torch.set_num_threads(threads)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def claimed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """What devices were claimed, with which share."""
    found: list[tuple[str, float]] = []

    def claim(name: str, *, memory_share: float) -> torch.device:
        found.append((name, memory_share))
        return torch.device(name)

    monkeypatch.setattr("avq_core.training.device.claim_device", claim)
    return found


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing fits on a device."""

    def refuse(*_: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(torch, "from_numpy", refuse)


@pytest.mark.usefixtures("in_this_process", "no_room")
def test_a_worker_takes_its_share_and_ends_by_a_status_where_the_data_does_not_fit(
    job: Job, claimed: list[tuple[str, float]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its log, where its output goes, says how large the data is."""
    with pytest.raises(SystemExit) as ended:
        worker.run_worker(job, SHARED)
    assert ended.value.code == NO_ROOM
    assert claimed == [("cpu", 0.25)]
    assert "a split of 0.00 GB does not fit in the free memory of cpu" in capsys.readouterr().out


def test_a_process_of_the_confirmation_takes_its_share(
    claimed: list[tuple[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the slot that it took from those that are free."""
    monkeypatch.setattr(pool, "keep_outputs", lambda: None)
    free: Any = queue.Queue()
    free.put(SHARED)
    threads = torch.get_num_threads()
    pool._start(free, barrier=None)  # type: ignore[arg-type]
    torch.set_num_threads(threads)
    assert claimed == [("cpu", 0.25)]


def test_a_search_without_room_is_told_in_one_line(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was lost: fewer workers go on."""
    monkeypatch.setattr(local, "run_worker", end_without_room)
    with pytest.raises(NoRoomError, match=r"worker-0 found no room on cpu .* fewer `workers`"):
        local.run_workers(
            job, [SHARED], on_tick=lambda: None, on_killed=pytest.fail, say=pytest.fail
        )


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (end_on_a_full_disk, r"^worker-0 failed: No space left on device$"),
        (
            end_with_a_bug,
            r"^worker-0 failed: ZeroDivisionError: a bug \(its traceback is in .*-0\.log\)$",
        ),
    ],
)
def test_why_a_worker_failed_is_told_on_the_terminal(
    job: Job, monkeypatch: pytest.MonkeyPatch, end: object, message: str
) -> None:
    """The cause, not its last consequence; the log is named only if there is something in it."""
    monkeypatch.setattr(local, "run_worker", end)
    with pytest.raises(WorkerFailedError, match=message):
        local.run_workers(
            job, [SHARED], on_tick=lambda: None, on_killed=pytest.fail, say=pytest.fail
        )


def test_a_full_disk_is_told_of_a_worker_that_could_say_nothing(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel kills what writes to a mapped file on a full disk."""
    member = local._WorkerProcess(job, SHARED)
    member.starts = 4
    assert member._end(-7) == "worker-0 was killed 4 times by SIGBUS"
    monkeypatch.setattr(local, "is_full", lambda _: True)
    assert f"; the disk of {job.logs.parent} is full: free some space" in member._end(-7)


@pytest.mark.slow
def test_a_worker_that_does_not_stop_in_time_is_killed_and_named(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the command ends, and hands the worker's trial back; with 130 also where that fails."""
    monkeypatch.setattr(local, "run_worker", ignore_everything)
    monkeypatch.setattr(local, "_PATIENCE_SECONDS", 0.5)
    killed: list[Sequence[int]] = []
    ticks = iter([None] * 20)

    def tick() -> None:
        if next(ticks, signal.SIGINT):
            signal.raise_signal(signal.SIGINT)

    def requeue(pids: Sequence[int]) -> None:
        killed.append(pids)
        raise StudyError("the database is locked")

    def main(_: Sequence[str]) -> int:
        local.run_workers(job, [SHARED], on_tick=tick, on_killed=requeue, say=lambda _: None)
        return 0

    assert run_command(main, []) == INTERRUPTED
    assert [len(pids) for pids in killed] == [1]


def test_ctrl_c_while_a_process_starts_is_raised_afterwards(in_this_process: None) -> None:
    """It was lost, since it was ignored meanwhile."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    reached = []

    def start() -> None:
        with local.shielded_from_ctrl_c():
            signal.raise_signal(signal.SIGINT)
            reached.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))

    with pytest.raises(KeyboardInterrupt):
        start()
    assert signal.SIGINT in reached[0]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_run_of_the_confirmation_too_large_for_the_device_is_told_in_one_line(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was trained before, so it may fit with fewer workers."""
    monkeypatch.setattr(pool, "_run", raise_too_large)
    task = pool.Task(key="0", config=manual(("overall",)), store=job.store)
    with pytest.raises(
        NoRoomError, match=r"no room \(one sample.*; the same search goes on .* `workers`"
    ):
        list(pool.run_tasks([task], slots=[SHARED]))


def test_a_confirmation_without_room_is_told_in_one_line(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error comes whole from the process, and is a user's to mend."""
    monkeypatch.setattr(pool, "_run", raise_without_room)
    task = pool.Task(key="0", config=manual(("overall",)), store=job.store)
    with pytest.raises(NoRoomError, match="does not fit"):
        list(pool.run_tasks([task], slots=[SHARED]))


@pytest.mark.slow
def test_all_processes_of_a_pool_are_up_before_the_first_task() -> None:
    """Whoever times tasks must not time imports: as many processes have answered as there are slots."""
    slots = [Slot(index=index, device="cpu", threads=1) for index in range(3)]
    with pool.TaskPool(slots) as started:
        assert len(set(started.start())) == 3
