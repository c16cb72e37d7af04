"""Inputs are found lazily, in a fixed order, once each, whatever the folders look like."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.imaging.files import find_pictures, read_picture


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.jpg", "a.PNG", "notes.txt", ".hidden.png", "sub/d.webp", "sub/deep/e.heic", "sub/deep/c.tif", ".cache/x.png", "zz.avif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def _names(tree: Path, *inputs: str, **options: object) -> list[str]:
    found = find_pictures([one if one == "-" else str(tree / one) for one in inputs], **options)  # pyright: ignore[reportArgumentType]
    return [one.path.relative_to(tree).as_posix() if one.path else "-" for one in found]


def test_a_folder_by_names_without_its_folders(tree: Path) -> None:
    assert _names(tree, ".") == ["a.PNG", "b.jpg", "zz.avif"]


def test_recursive_files_before_folders(tree: Path) -> None:
    assert _names(tree, ".", recursive=True) == ["a.PNG", "b.jpg", "zz.avif", "sub/d.webp", "sub/deep/c.tif", "sub/deep/e.heic"]
    inside = {found.path.name: found.inside.as_posix() for found in find_pictures([str(tree)], recursive=True) if found.path}
    assert (inside["b.jpg"], inside["d.webp"], inside["c.tif"]) == (".", "sub", "sub/deep")


def test_named_files_in_the_order_given_whatever_their_suffix(tree: Path) -> None:
    assert _names(tree, "notes.txt", "b.jpg", "-", "a.PNG", ".hidden.png") == ["notes.txt", "b.jpg", "-", "a.PNG", ".hidden.png"]


def test_patterns(tree: Path) -> None:
    assert _names(tree, "*.jpg") == ["b.jpg"]
    assert _names(tree, "?.*") == ["a.PNG", "b.jpg"]
    assert _names(tree, "sub/*.webp", "[az]*.*") == ["sub/d.webp", "a.PNG", "zz.avif"]
    assert _names(tree, "**/*.tif") == ["sub/deep/c.tif"]
    assert _names(tree, "**") == _names(tree, ".", recursive=True)
    assert _names(tree, "s*/**/e.*") == ["sub/deep/e.heic"]


def test_a_name_with_pattern_characters_is_a_name_first(tree: Path) -> None:
    (tree / "[1] a*.png").touch()
    assert _names(tree, "[1] a*.png") == ["[1] a*.png"]


@pytest.mark.parametrize("name", ["missing.jpg", "*.nothing", "**/*.nothing", "missing/*.jpg"])
def test_what_is_not_there_says_so_when_read(tree: Path, name: str) -> None:
    (found,) = find_pictures([str(tree / name)])
    assert found.path is not None
    with pytest.raises(BadInput, match="There is no file"):
        read_picture(found.path)


def test_loops_of_links_are_survived(tree: Path) -> None:
    (tree / "sub" / "up").symlink_to(tree, target_is_directory=True)
    (tree / "sub" / "itself").symlink_to(tree / "sub", target_is_directory=True)
    (tree / "sub" / "deep" / "also_up").symlink_to(tree / "sub", target_is_directory=True)
    (tree / "one").symlink_to(tree / "other")
    (tree / "other").symlink_to(tree / "one")
    (tree / "circle.png").symlink_to(tree / "circle.png")
    names = _names(tree, ".", recursive=True)
    assert names == ["a.PNG", "b.jpg", "circle.png", "zz.avif", "sub/d.webp", "sub/deep/c.tif", "sub/deep/e.heic"]
    assert _names(tree, "**/*.tif") == ["sub/deep/c.tif"]
    with pytest.raises(BadInput, match="could not be read"):
        read_picture(tree / "circle.png")


def test_a_linked_folder_is_visited_once(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "far.png").touch()
    for name in ("l1", "l2"):
        (tree / name).symlink_to(elsewhere, target_is_directory=True)
    assert [name for name in _names(tree, ".", recursive=True) if name.startswith("l")] == ["l1/far.png"]


def test_results_do_not_become_inputs(tree: Path) -> None:
    out = tree / "sub" / "out"
    out.mkdir()
    listing = find_pictures([str(tree)], recursive=True, leave_out=out)
    names = []
    for found in listing:
        names.append(found.name)
        (out / f"{len(names)}.png").touch()
    assert len(names) == 6


def test_folders_deeper_than_recursion(tmp_path: Path) -> None:
    here = os.getcwd()  # noqa: PTH109 - the whole path is longer than a path may be
    os.chdir(tmp_path)
    try:
        for _ in range(300):
            os.mkdir("d")  # noqa: PTH102
            os.chdir("d")
        Path("a.png").touch()
    finally:
        os.chdir(here)
    assert [found.path.name for found in find_pictures([str(tmp_path)], recursive=True) if found.path] == ["a.png"]


def test_an_unreadable_folder_is_reported_and_the_rest_goes_on(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def denied(path: Path) -> object:
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    *good, bad = find_pictures([str(tree)], recursive=True)
    assert [found.error for found in good] == [None] * 4
    assert "deep could not be listed: Permission denied." in str(bad.error)


def test_listing_is_lazy(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    visited = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: visited.append(Path(path).name) or scandir(path))
    found = find_pictures([str(tree), str(tree / "sub")], recursive=True)
    assert visited == []
    next(found)
    assert visited == [tree.name]


def test_100_000_files_without_looking_at_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        def __init__(self, name: str) -> None:
            self.name = name

        def is_dir(self) -> bool:
            return False

    class Listing(list):
        def __enter__(self) -> Listing:
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(os, "scandir", lambda _: Listing(Entry(f"{i:06}.jpg") for i in reversed(range(100_000))))
    found = find_pictures([str(tmp_path)])
    assert next(found).name.endswith("000000.jpg")
    assert sum(1 for _ in found) == 99_999


@pytest.mark.parametrize("name", ["new\nline.png", "tab\there.png", "ünï–码😀.png", " .png", "-a.png", "a\x1b[31mred.png", b"latin-\xe9.png"])
def test_any_name_is_one_printable_line(name: str | bytes, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + os.fsencode(name)))
    path.write_bytes(b"nothing")
    (found,) = find_pictures([str(tmp_path)])
    assert found.path == path
    with pytest.raises(BadInput) as raised:
        read_picture(path)
    sentence = str(raised.value)
    assert sentence.isprintable()
    sentence.encode("utf-8")  # what cannot be, cannot be printed
