"""Recipes are checked to the last key, and say what is wrong."""

from __future__ import annotations

import sys
from dataclasses import is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest

from u2studio.shared_core.errors import BadInput
from u2studio.shared_core.training import recipe_names
from u2studio.shared_core.training.matting import MattingSettings
from u2studio.shared_core.training.portrait import PortraitSettings
from u2studio.shared_core.training.recipe import Core, Recipe, read_recipe, recipe_table, written
from u2studio.shared_core.training.settings import changed, differences
from u2studio.shared_core.training.start import train

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pyright: ignore[reportMissingImports]

LEAST = {"task": "matting", "steps": 10, "batch": 2}


def read(**more: object) -> Recipe[MattingSettings]:
    return read_recipe("test", {**LEAST, **more}, MattingSettings)


@pytest.mark.parametrize("name", recipe_names())
def test_shipped_recipes_are_valid(name: str) -> None:
    settings = PortraitSettings if name.startswith("portrait") else MattingSettings
    assert read_recipe(name, recipe_table(name), settings).core.task == name.split("-", maxsplit=1)[0]


def test_the_matting_recipe_is_the_paper_s() -> None:
    recipe = read_recipe("matting", recipe_table("matting"), MattingSettings)
    data, loss, optimizer = recipe.settings.data, recipe.settings.loss, recipe.core.optimizer
    assert (data.size, data.crop, recipe.core.batch) == (320, 288, 12)
    assert (optimizer.name, optimizer.learning_rate, optimizer.betas, optimizer.eps, optimizer.weight_decay) == ("adam", 1e-3, (0.9, 0.999), 1e-8, 0)
    assert (loss.bce, loss.dice, loss.iou, loss.ssim, loss.edge) == (1, 0, 0, 0, 0)
    assert [side.weights for side in loss.sides] == [(1.0,) * 7]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"stesp": 3}, r"no setting 'stesp'.* → steps\?"),
        ({"loss": {"dise": 1}}, r"no setting 'loss\.dise'.* → dice\?"),
        ({"optimizer": {"learning_rate": "fast"}}, r"optimizer\.learning_rate is 'fast'; it must be a number"),
        ({"batch": 2.5}, r"batch is 2\.5; it must be a whole number from 1"),
        ({"batch": True}, r"batch is True"),
        ({"optimizer": {"learning_rate": float("nan")}}, r"learning_rate is nan"),
        ({"precision": "bf17"}, r"precision is 'bf17'; it must be one of: fp32, bf16\. → bf16\?"),
        ({"freeze_batch_norm": 1}, r"freeze_batch_norm is 1; it must be true or false"),
        ({"loss": 3}, r"loss is 3; it must be a table"),
        ({"loss": {"sides": [{"step": 0, "weights": [1, 2]}]}}, r"loss\.sides\[0\]\.weights is \[1, 2\]; it must be a list of 7"),
        ({"data": {"train": [3]}}, r"data\.train\[0\] is 3; it must be text"),
        ({"augmentation": {"noise": -0.1}}, r"augmentation\.noise is -0\.1; it must be a number from 0 to 1"),
    ],
    ids=lambda value: "" if isinstance(value, str) else str(value),
)  # fmt: skip
def test_wrong_settings_are_named(table: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read(**table)


def test_a_recipe_without_steps_is_told() -> None:
    with pytest.raises(BadInput, match="lacks steps"):
        read_recipe("test", {"task": "matting", "batch": 2}, MattingSettings)


def test_assignments_go_over_the_recipe_and_leave_the_rest() -> None:
    before = {"loss": {"bce": 1.0}, "steps": 5}
    after = changed(before, ["loss.dice=0.5", "data.train=some folder", "steps = 7", "loss.sides=[{step=0}]"])
    assert after == {"loss": {"bce": 1.0, "dice": 0.5, "sides": [{"step": 0}]}, "steps": 7, "data": {"train": "some folder"}}
    assert before == {"loss": {"bce": 1.0}, "steps": 5}
    assert read(data={"train": "a"}).settings.data.train == ("a",)


@pytest.mark.parametrize("assignment", ["steps", "=3", "a..b=1", ".a=1"])
def test_no_assignment(assignment: str) -> None:
    with pytest.raises(BadInput, match="key=value"):
        changed({}, [assignment])


def test_written_and_read_again_is_the_same() -> None:
    recipe = read(data={"train": ['a "quoted" \\ folder', "白"]}, loss={"sides": [{"step": 3}, {"step": 9}]})
    again = tomllib.loads(written(recipe.table))
    assert differences(again, recipe.table) == {}
    assert read_recipe("test", again, MattingSettings) == recipe


def test_unknown_recipes_and_files() -> None:
    with pytest.raises(BadInput, match=r"no recipe 'mating'.* → matting\?"):
        recipe_table("mating")
    with pytest.raises(BadInput, match=r"nowhere\.toml cannot be read"):
        recipe_table("nowhere.toml")


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("steps = = 3")
    with pytest.raises(BadInput, match="cannot be read"):
        recipe_table(str(tmp_path / "broken.toml"))


def test_unknown_task(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text('task = "mating"')
    with pytest.raises(BadInput, match=r"task is 'mating'; it must be one of: matting, portrait\. → matting\?"):
        train(str(tmp_path / "recipe.toml"), tmp_path / "run")


def test_core_and_task_share_no_name() -> None:
    assert not set(Core.__dataclass_fields__) & set(MattingSettings.__dataclass_fields__)


def test_the_guide_names_every_setting() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "training.md").read_text(encoding="utf-8")

    def names(kind: type) -> list[str]:
        hints = get_type_hints(kind)
        return list(hints) + [inner for hint in hints.values() if is_dataclass(hint) and isinstance(hint, type) for inner in names(hint)]

    assert not [name for name in (*names(Core), *names(MattingSettings)) if f"`{name}`" not in guide]
