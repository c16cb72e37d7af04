"""Training networks that draw faces in lines."""

from .settings import PortraitSettings
from .task import PortraitTask

__all__ = ["PortraitSettings", "PortraitTask"]
