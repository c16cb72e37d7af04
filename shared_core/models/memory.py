"""A failed allocation, whoever says it, as `OutOfMemory`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import OutOfMemory

__all__ = ["is_exhausted", "out_of_memory"]

SIGNS = ("out of memory", "can't allocate memory", "not enough memory", "CUDNN_STATUS_ALLOC_FAILED", "CUBLAS_STATUS_ALLOC_FAILED")
"""how PyTorch's allocators for CUDA, CPU, Windows and MPS say it; they share no exception class"""
OPENCV_NO_MEMORY = -4
"""cv2.Error.StsNoMem"""


@contextmanager
def out_of_memory(place: str, width: int, height: int) -> Iterator[None]:
    """Turn any allocator's failure into `OutOfMemory`.

    Args:
        place: the device, as users know it.
        width: of what is worked on, pixels; 0: the weights themselves did not fit.
        height: of the same.
    """
    try:
        yield
    except Exception as error:
        if not is_exhausted(error):
            raise
        if not width:
            raise OutOfMemory("The model does not fit into the memory of {device}.", device=place) from None
        raise OutOfMemory("{width}×{height} pixels at once do not fit into the memory of {device}.", width=width, height=height, device=place) from None


def is_exhausted(error: Exception) -> bool:
    """Whether an error is an allocator's failure: of Python and NumPy, of PyTorch, of OpenCV."""
    if isinstance(error, RuntimeError):  # torch.OutOfMemoryError is one
        return any(sign in str(error) for sign in SIGNS)
    # by name: importing OpenCV takes time, and who has not imported it cannot have met its error
    opencv = (type(error).__module__, type(error).__name__) == ("cv2", "error")
    return isinstance(error, MemoryError) or (opencv and getattr(error, "code", 0) == OPENCV_NO_MEMORY)
