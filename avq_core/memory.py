"""Tells running out of memory from other errors, whatever raised it. Imports no torch."""

from typing import Final

from avq_core.errors import OutOfDeviceMemoryError

_WORDS: Final = (
    "out of memory",  # CUDA's and HIP's allocators, runtimes and drivers
    "can't allocate memory",  # PyTorch on a CPU, Linux and macOS
    "not enough memory: you tried to allocate",  # PyTorch on a CPU, Windows
    "STATUS_ALLOC_FAILED",  # cuBLAS, cuDNN, cuSOLVER, cuSPARSE
    "CUFFT_ALLOC_FAILED",
    "HOST_ALLOCATION_FAILED",  # cuDNN since version 9
    "DEVICE_ALLOCATION_FAILED",
    "std::bad_alloc",  # C++, which PyTorch passes on as a RuntimeError
)
"""In messages of a `RuntimeError`: only a GPU's allocator has an error class of its own, which is one too."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out: Python's, NumPy's, PyTorch's or a GPU library's."""
    if isinstance(error, MemoryError | OutOfDeviceMemoryError):
        return True
    if not isinstance(error, RuntimeError):
        return False
    of_a_gpu = any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__)
    return of_a_gpu or any(words in str(error) for words in _WORDS)
