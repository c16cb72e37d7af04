"""One ComfyUI for all tests here: our pack under an odd folder name, beside a pack that puts its own `shared_core` first on sys.path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .comfy_server import NOT_SET_UP, Base, Server, is_set_up

PACK = "My-u2_pack"
ODD = "my u2-pack 1.0"
"""nodes work under this name, too; pages and pictures do not, because ComfyUI's web server finds no folder with a blank"""
FOREIGN = '''"""A pack with manners of its own."""
import os, sys
sys.path.insert(0, os.path.dirname(__file__))
import shared_core
NODE_CLASS_MAPPINGS = {"ForeignNode": type("ForeignNode", (), {"INPUT_TYPES": classmethod(lambda cls: {"required": {}}), "RETURN_TYPES": (), "FUNCTION": "f"})}
'''


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a ComfyUI every test here is skipped, and says what it needs."""
    if not is_set_up():
        here = Path(__file__).parent
        for item in items:
            if here in Path(item.path).parents:
                item.add_marker(pytest.mark.skip(reason=NOT_SET_UP))


def add_foreign_pack(base: Base) -> None:
    folder = base.folder / "custom_nodes" / "a foreign pack"
    (folder / "shared_core").mkdir(parents=True)
    (folder / "shared_core" / "__init__.py").write_text("NAME = 'foreign'\n")
    (folder / "__init__.py").write_text(FOREIGN)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Running, with everything that our workflows load."""
    base = Base(tmp_path_factory.mktemp("comfy"))
    add_foreign_pack(base)
    base.pack(PACK)
    base.add_upscaler()
    running = Server(base)
    running.upload_inputs()
    yield running
    running.stop()
