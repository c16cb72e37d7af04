"""Training: a recipe in, weights and their card out. `start.train` does it all; a task tells the loop what is trained."""

from .loop import Ending, Orders
from .ranking import Validated
from .recipe import recipe_names
from .start import train

__all__ = ["Ending", "Orders", "Validated", "recipe_names", "train"]
