"""Networks written for other runtimes, each file run again and compared with ours before it is kept. `start.export` does it all."""

from .order import FORMATS, Format, Order
from .start import Exported, export

__all__ = ["FORMATS", "Exported", "Format", "Order", "export"]
