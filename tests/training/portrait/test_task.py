"""The network and its critic: what each learns from, and that a run cut into pieces ends with the weights of one left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from u2studio.shared_core.errors import BadInput, ModelCorrupt
from u2studio.shared_core.models.cards import card
from u2studio.shared_core.models.recognise import recognise
from u2studio.shared_core.networks.patch_critic import PatchCritic
from u2studio.shared_core.progress import silent
from u2studio.shared_core.training import Orders, train
from u2studio.shared_core.training.portrait import PortraitSettings, PortraitTask
from u2studio.shared_core.training.portrait.losses import critic_hinge, likeness, slopes, taken_for_real
from u2studio.shared_core.training.portrait.settings import Loss
from u2studio.shared_core.training.settings import read_settings

SMALL = ("steps=4", "batch=2", "precision=fp32", "device=cpu", "data.crop=64", "augmentation.background=0", "adversary.widths=[4, 8]", "adversary.alone=1",
         "network.start=u2netp", "validation.every=2", "samples.every=4", "checkpoint_every=2")  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pairs: a photo of chance, a drawing with a line."""
    made = tmp_path_factory.mktemp("data")
    for index in range(3):
        Image.fromarray(np.random.default_rng(index).integers(0, 256, (512, 512, 3), np.uint8)).save(made / f"{index}_photo.png")
        drawing = np.full((512, 512), 255, np.uint8)
        drawing[100 + index : 300, 200:210] = 0
        Image.fromarray(drawing).save(made / f"{index}_drawing.png")
    return made


def task(folder: Path, **tables: object) -> PortraitTask:
    made = PortraitTask(read_settings(PortraitSettings, {"data": {"train": str(folder), "crop": 64}, "augmentation": {"background": 0}, **tables}))
    made.prepare(folder, silent)
    return made


def test_stopped_and_resumed_is_bit_exact_with_a_critic(folder: Path, tmp_path: Path) -> None:
    settings = (*SMALL, f"data.train={folder}")
    train("portrait", tmp_path / "whole", assignments=settings)
    asked = iter((False, False))
    train("portrait", tmp_path / "cut", assignments=settings, orders=Orders(stop=lambda: next(asked, True)))
    ending = train("portrait", tmp_path / "cut", assignments=settings, resume=True)
    assert ending.step == 4
    for name in ("portrait.safetensors", "checkpoints/000004/weights-critic.safetensors", "checkpoints/000004/average-network.safetensors"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "cut" / name).read_bytes(), name
    written = card(str(tmp_path / "whole/card.toml"))
    assert (written.task, written.network, written.profile().preprocess.size) == ("portrait", card("u2netp").network, 512)
    assert {"l1", "ink_f", "rim_f"} <= set(written.quality)


def test_the_network_starts_from_the_embedded_weights_and_has_no_batch_norm(folder: Path) -> None:
    network = task(folder).build()["network"]
    found = recognise(network.state_dict(), "")
    assert (found.network, found.batch_norm) == (card("u2netp").network, False)


def test_without_an_adversarial_weight_there_is_no_critic(folder: Path) -> None:
    made = task(folder)
    assert [phase.name for phase in made.phases] == ["network"]
    assert set(made.build()) == {"network"}


def test_the_network_hears_of_the_critic_only_after_a_while(folder: Path) -> None:
    made = task(folder, loss={"adversarial": 1.0, "matching": 1.0}, adversary={"alone": 3, "widths": [4, 8]})
    modules = made.build()
    batch = {name: value[None] for name, value in made.training.sample(0, np.random.default_rng(0)).items()}
    early, late = (made.losses("network", modules, batch, step) for step in (2, 3))
    assert all(float(early[name]) == 0 != float(late[name]) for name in ("adversarial", "matching"))
    assert set(made.losses("critic", modules, batch, 3)) == {"real", "drawn"}


def test_a_critic_can_be_carried_over(folder: Path, tmp_path: Path) -> None:
    settings = (*SMALL, f"data.train={folder}", "steps=2")
    train("portrait", tmp_path / "first", assignments=settings)
    file = tmp_path / "first/checkpoints/000002/weights-critic.safetensors"
    kept = task(folder, loss={"adversarial": 1.0}, adversary={"widths": [4, 8], "start": str(file)}).build()["critic"].state_dict()
    assert all(torch.equal(kept[key], value) for key, value in load_file(file).items())
    with pytest.raises(ModelCorrupt, match=r"weights-critic\.safetensors"):
        task(folder, loss={"adversarial": 1.0}, adversary={"widths": [16], "start": str(file)}).build()


def test_an_unknown_setting_is_named(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"no setting 'loss\.adverserial'.* → adversarial\?"):
        task(folder, loss={"adverserial": 1.0})


def test_a_perfect_drawing_costs_nothing() -> None:
    ink = (torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(0)) > 0.8).float()
    terms = likeness([(2 * ink - 1) * 40] * 7, ink, Loss(structure=1.0))
    assert set(terms) == {"bce", "absolute", "slopes", "structure"}
    assert all(float(one) == pytest.approx(0, abs=1e-4) for one in terms.values())


def test_slopes_of_a_step_edge() -> None:
    ink = torch.zeros(1, 1, 8, 8)
    ink[..., 4:] = 1
    assert float(slopes(torch.zeros_like(ink), ink)) == pytest.approx(1 / 7), "one of seven differences across; none down"


def test_the_hinge_asks_for_no_more_than_one() -> None:
    terms = critic_hinge(torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 0.0]))
    assert (float(terms["real"]), float(terms["drawn"])) == (0.25, 0.5)


def test_matching_leaves_the_judgement_itself_out() -> None:
    seen, real = [torch.ones(1, 2, 4, 4), torch.full((1, 1, 3, 3), 5.0)], [torch.zeros(1, 2, 4, 4), torch.zeros(1, 1, 3, 3)]
    terms = taken_for_real(seen, real, Loss(adversarial=0.5, matching=3.0))
    assert (float(terms["adversarial"]), float(terms["matching"])) == (-2.5, 3.0)


def test_a_critic_judges_patches_of_34_pixels() -> None:
    critic = PatchCritic(4).eval()
    picture = torch.zeros(1, 4, 128, 128, requires_grad=True)
    judged = critic(picture)
    assert [one.shape[1] for one in judged] == [32, 64, 128, 1]
    judged[-1][0, 0, 15, 15].backward()
    assert picture.grad is not None
    rows = picture.grad.abs().sum((0, 1, 3)).nonzero()
    assert int(rows.max() - rows.min()) + 1 == 34


def test_spectral_norm_holds_each_layer_at_one() -> None:
    critic = PatchCritic(4, (8, 16)).train()
    with torch.no_grad():
        for _ in range(50):
            critic(torch.zeros(1, 4, 32, 32))
        for layer in critic.layers:
            assert float(torch.linalg.matrix_norm(layer.weight.flatten(1), 2)) == pytest.approx(1, abs=0.02)  # pyright: ignore[reportCallIssue]
