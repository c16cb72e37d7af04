"""Results go where the user can foretell, never onto an input and never two onto one."""

from __future__ import annotations

from pathlib import Path

import pytest

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.imaging.files import Found, OutputNames


def _found(name: str, inside: str = ".") -> Found:
    return Found(path=Path(name), inside=Path(inside))


def test_a_folder_keeps_stem_and_tree(tmp_path: Path) -> None:
    names = OutputNames(tmp_path / "out")
    assert names.path_for(_found("photos/cat.jpg")) == tmp_path / "out/cat.png"
    assert names.path_for(_found("photos/2026/may/cat.jpg", "2026/may")) == tmp_path / "out/2026/may/cat.png"
    assert names.path_for(_found("photos/a.b.c.jpg")) == tmp_path / "out/a.b.c.png"
    assert names.path_for(Found(path=None)) == tmp_path / "out/stdin.png"
    assert names.folder == tmp_path / "out"
    assert not names.is_file


def test_a_file_is_for_one(tmp_path: Path) -> None:
    names = OutputNames(tmp_path / "cut.webp")
    assert names.is_file
    assert names.folder == tmp_path
    assert names.path_for(_found("cat.jpg")) == tmp_path / "cut.webp"
    with pytest.raises(BadInput, match=r"cut\.webp is one file, but there are several pictures: cat\.jpg, dog\.jpg"):
        names.path_for(_found("dog.jpg"))


def test_a_folder_may_look_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "old.png").mkdir()
    assert OutputNames(tmp_path / "old.png").path_for(_found("cat.jpg")) == tmp_path / "old.png/cat.png"


def test_patterns(tmp_path: Path) -> None:
    names = OutputNames(tmp_path, pattern="{output}/{stem}_{output}", fields={"output": "alpha"}, suffix=".tif")
    assert names.path_for(_found("cat.jpg")) == tmp_path / "alpha/cat_alpha.tif"
    assert OutputNames(tmp_path, pattern="{name}").path_for(_found("cat.jpg")) == tmp_path / "cat.jpg.png"
    assert OutputNames(tmp_path, pattern="{stem}{{}}").path_for(_found("{stem}{x}.jpg")) == tmp_path / "{stem}{x}{}.png"


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("{stam}", "has the place 'stam'; there are: stem, name, output"),
        ("{}", "has the place ''"),
        ("{0}", "has the place '0'"),
        ("{stem.__class__}", "has the place 'stem.__class__'"),
        ("{stem!r}", "has the place"),
        ("{stem:>99999999999}", "has the place"),
        ("{stem", "brace without its partner"),
        ("stem}", "brace without its partner"),
        ("../{stem}", "does not make a name inside the folder"),
        ("/{stem}", "does not make a name inside the folder"),
        ("", "does not make a name"),
        ("..", "does not make a name"),
        ("\0", "does not make a name"),
    ],
)
def test_patterns_that_cannot_be(pattern: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as raised:
        OutputNames(tmp_path, pattern=pattern, fields={"output": "alpha"})
    assert sentence in str(raised.value)


def test_two_inputs_of_one_name(tmp_path: Path) -> None:
    names = OutputNames(tmp_path)
    names.path_for(_found("a/cat.jpg"))
    with pytest.raises(BadInput, match=r"b/cat\.png and a/cat\.jpg would both be written to .*cat\.png; .* use \{name\} in the name pattern"):
        names.path_for(_found("b/cat.png"))
    names.path_for(_found("b/dog.png"))


def test_the_input_is_never_replaced(tmp_path: Path) -> None:
    photo = tmp_path / "cat.png"
    photo.write_bytes(b"precious")
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "alias.jpg").symlink_to(photo)
    for target, source in ((photo, photo), (tmp_path, photo), (tmp_path / "link", photo), (photo, tmp_path / "alias.jpg")):
        with pytest.raises(BadInput, match="would be replaced by its own result"):
            OutputNames(target).path_for(Found(path=source))
