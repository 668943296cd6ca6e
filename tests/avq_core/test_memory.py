"""Running out of memory is told from other errors."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from avq_core.errors import NonFiniteLossError, OutOfDeviceMemoryError
from avq_core.memory import is_out_of_memory
from avq_core.run_command import run_command

PETABYTE = 2**50


@pytest.mark.parametrize(
    "allocate",
    [
        lambda: torch.empty(PETABYTE, dtype=torch.uint8),
        lambda: torch.ones(1).expand(PETABYTE).clone(),
        lambda: np.empty(PETABYTE, dtype=np.uint8),
        lambda: bytearray(PETABYTE),
    ],
    ids=["torch", "an operation of torch", "numpy", "python"],
)
def test_what_this_machine_raises_is_told(allocate: Callable[[], object]) -> None:
    """Its own words, of PyTorch's CPU allocator, NumPy and Python."""
    with pytest.raises((RuntimeError, MemoryError)) as caught:
        allocate()
    assert is_out_of_memory(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1.12 MiB (GPU 0; ...)"),
        torch.OutOfMemoryError(),
        RuntimeError("CUDA error: out of memory\nCompile with `TORCH_USE_CUDA_DSA` ..."),
        RuntimeError("CUDA driver error: out of memory"),
        RuntimeError("HIP out of memory. Tried to allocate 20.00 MiB"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
        RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:117] data. DefaultCPUAllocator: not enough memory: you "
            "tried to allocate 9437184 bytes."
        ),
        RuntimeError("std::bad_alloc"),
        OutOfDeviceMemoryError("one sample at a time does not fit in the device's memory"),
    ],
)
def test_what_other_machines_raise_is_told(error: Exception) -> None:
    """As PyTorch words the errors of a GPU's allocator and libraries, and of Windows."""
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("mat1 and mat2 shapes cannot be multiplied (3x4 and 5x6)"),
        RuntimeError("CUDA error: an illegal memory access was encountered"),
        RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
        NonFiniteLossError(epoch=1, step=1),
        OSError("[Errno 12] Cannot allocate memory"),
        ValueError("out of memory"),
    ],
)
def test_other_errors_are_none(error: Exception) -> None:
    """A bug must not look like a network that is too large."""
    assert not is_out_of_memory(error)


def test_a_command_that_runs_out_of_memory_says_so_in_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit status 2, as of everything that the user can mend; a bug still propagates."""

    def allocate(_argv: object) -> int:
        np.empty(PETABYTE, dtype=np.uint8)
        return 0

    def fail(_argv: object) -> int:
        raise RuntimeError("a bug")

    assert run_command(allocate, []) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: out of memory: Unable to allocate 1.00 PiB")
    assert error.count("\n") == 1
    with pytest.raises(RuntimeError, match="a bug"):
        run_command(fail, [])
