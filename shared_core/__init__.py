"""The shared core behind every host: `operations()` says what there is, `run()` does it.

Importing this loads neither torch nor OpenCV; both come when the first operation runs.
"""

from .door import Outputs, operation, operations, run
from .errors import BadInput, Cancelled, ModelCorrupt, ModelMissing, OutOfMemory, U2StudioError
from .progress import Progress

__all__ = [
    "BadInput",
    "Cancelled",
    "ModelCorrupt",
    "ModelMissing",
    "OutOfMemory",
    "Outputs",
    "Progress",
    "U2StudioError",
    "operation",
    "operations",
    "run",
]
