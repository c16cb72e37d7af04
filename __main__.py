"""Command line: `u2studio`, `python -m u2studio`, or `python FOLDER` for a folder that nobody installed, whatever its name."""

import sys


def _adopt_this_folder() -> None:
    """Make the folder this script lies in importable as `u2studio`, without putting its insides on the import path."""
    import importlib.util
    from pathlib import Path

    folder = Path(__file__).resolve().parent
    # Python puts the script's own folder first; names inside it (tests, docs, shared_core) must not become top-level modules.
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != folder]
    spec = importlib.util.spec_from_file_location("u2studio", folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["u2studio"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    if not __package__:
        _adopt_this_folder()
    from u2studio.shared_core.cli import program

    program()
