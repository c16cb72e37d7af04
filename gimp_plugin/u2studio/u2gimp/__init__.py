"""The plug-in: GIMP's side of u2studio. Standard library and gi only; every number about a picture is made by the worker, in another process."""
