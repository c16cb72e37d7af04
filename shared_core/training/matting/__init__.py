"""Training networks that cut subjects out."""

from .settings import MattingSettings
from .task import MattingTask

__all__ = ["MattingSettings", "MattingTask"]
