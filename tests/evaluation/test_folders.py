"""A folder of predictions against a folder of truths: reading, pairing, reports, drawings."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from u2studio.shared_core import BadInput, Cancelled
from u2studio.shared_core.evaluation.data_sets import DATA_SETS, data_set_folders, data_set_of
from u2studio.shared_core.evaluation.drawings import plot_curves, worst_sheet
from u2studio.shared_core.evaluation.folders import evaluate_folder, pair_files, read_plane
from u2studio.shared_core.evaluation.report import MEASURES, scores

Map = NDArray[np.uint8]


def blob(shift: int = 0) -> Map:
    y, x = np.mgrid[:48, :64]
    return np.clip(255 * 1.5 - np.hypot(y - 24, x - 30 - shift) * 16, 0, 255).astype(np.uint8)


def mask() -> Map:
    return np.where(blob() > 128, 255, 0).astype(np.uint8)


def figures(picture: Mapping[str, str | float]) -> dict[str, str | float]:
    return {measure.id: picture[measure.id] for measure in MEASURES}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Five pictures, each worse than the one before."""
    predictions, truths = tmp_path / "predicted", tmp_path / "true"
    predictions.mkdir()
    truths.mkdir()
    for shift in range(5):
        Image.fromarray(blob(shift * 3)).save(predictions / f"p{shift}.png")
        Image.fromarray(mask()).save(truths / f"p{shift}.png")
    return predictions, truths


class TestReport:
    def test_holds_every_picture_and_measure(self, folders, tmp_path) -> None:
        report = evaluate_folder(*folders)
        report.write_json(tmp_path / "report.json")
        stored = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
        assert [picture["name"] for picture in stored["pictures"]] == ["p0", "p1", "p2", "p3", "p4"]
        assert {measure.id for measure in MEASURES} < set(stored["pictures"][0])
        assert {measure.id for measure in MEASURES} < set(stored["summary"])
        assert stored["stretched"] is True
        assert stored["name"] == "predicted"
        assert {name: len(curve) for name, curve in stored["curves"].items()} == {"precision": 256, "recall": 256, "f": 256, "e": 256}

    def test_is_what_scoring_the_arrays_gives(self, folders) -> None:
        report = evaluate_folder(*folders, stretch=False)
        for shift, picture in enumerate(report.pictures):
            assert picture["name"] == f"p{shift}"
            assert figures(picture) == pytest.approx(scores(blob(shift * 3), mask(), stretch=False).figures, abs=1e-9)

    def test_is_the_same_on_one_thread_and_on_many(self, folders) -> None:
        one, many = evaluate_folder(*folders, threads=1), evaluate_folder(*folders, threads=4)
        assert many.summary == pytest.approx(one.summary, abs=1e-9)
        assert [picture["name"] for picture in many.pictures] == [picture["name"] for picture in one.pictures]

    def test_as_a_table(self, folders, tmp_path) -> None:
        report = evaluate_folder(*folders)
        report.write_csv(tmp_path / "report.csv")
        with (tmp_path / "report.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [row["name"] for row in rows] == ["p0", "p1", "p2", "p3", "p4", "(all)"]
        assert float(rows[-1]["mae"]) == report.summary["mae"]
        assert float(rows[2]["weighted_f"]) == report.pictures[2]["weighted_f"]

    def test_suffixes_may_differ(self, folders) -> None:
        predictions, truths = folders
        before = evaluate_folder(*folders).summary
        for path in sorted(truths.iterdir()):
            Image.open(path).save(path.with_suffix(".bmp"))
            path.unlink()
        assert evaluate_folder(predictions, truths).summary == pytest.approx(before, abs=1e-9)

    def test_a_lossless_file_counts_before_a_jpeg_of_its_name(self, folders) -> None:
        predictions, truths = folders
        Image.fromarray(255 - mask()).save(truths / "p0.jpg")
        assert pair_files(predictions, truths)[0].truth == truths / "p0.png"

    def test_trimaps_limit_the_matting_errors_only(self, folders, tmp_path) -> None:
        trimaps = tmp_path / "trimaps"
        trimaps.mkdir()
        drawn = np.where(np.arange(64) < 32, 128, 0).astype(np.uint8)[None].repeat(48, 0)
        for shift in range(5):
            Image.fromarray(drawn).save(trimaps / f"p{shift}.png")
        limited, everywhere = evaluate_folder(*folders, trimaps=trimaps), evaluate_folder(*folders)
        assert limited.summary["sad"] < everywhere.summary["sad"]
        assert limited.summary["mae"] == everywhere.summary["mae"]

    def test_stops_when_told(self, folders) -> None:
        def stop(done: int, total: int, note: str) -> None:
            if done == 2:
                raise Cancelled

        with pytest.raises(Cancelled):
            evaluate_folder(*folders, progress=stop)


class TestPairing:
    def test_names_everything_wrong_at_once(self, folders) -> None:
        predictions, truths = folders
        (predictions / "p0.png").unlink()
        Image.fromarray(blob()).save(predictions / "stray.png")
        Image.fromarray(blob()[:40]).save(predictions / "p2.png")
        (truths / "p3.png").write_bytes(b"no picture")
        (truths / "p4.png").write_bytes(b"")
        with pytest.raises(BadInput) as caught:
            evaluate_folder(*folders)
        text = str(caught.value)
        assert "predicted/p0" in text
        assert "true/stray" in text
        assert "p2 (64×40, 64×48)" in text
        assert str(truths / "p3.png") in text
        assert str(truths / "p4.png") in text
        assert "p1" not in text

    def test_names_files_that_break_in_the_middle(self, folders) -> None:
        _, truths = folders
        for name in ("p1.png", "p3.png"):
            (truths / name).write_bytes((truths / name).read_bytes()[:45])
        with pytest.raises(BadInput, match=r"p1[\s\S]*p3"):
            evaluate_folder(*folders)

    @pytest.mark.parametrize("missing", ["nowhere", "empty"])
    def test_needs_pictures(self, tmp_path, missing) -> None:
        (tmp_path / "empty").mkdir()
        with pytest.raises(BadInput, match=missing):
            evaluate_folder(tmp_path / missing, tmp_path / missing)


class TestReading:
    def test_a_cutout_counts_by_its_alpha(self, tmp_path) -> None:
        Image.fromarray(np.dstack([np.full((48, 64, 3), 90, np.uint8), blob()])).save(tmp_path / "cutout.png")
        assert (read_plane(tmp_path / "cutout.png") == blob()).all()

    @pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
    def test_a_grey_picture_counts_by_its_grey(self, tmp_path, mode) -> None:
        Image.fromarray(blob()).convert(mode).save(tmp_path / "grey.png")
        assert (read_plane(tmp_path / "grey.png") == blob()).all()

    def test_one_bit_and_sixteen_bits(self, tmp_path) -> None:
        Image.fromarray(mask()).convert("1").save(tmp_path / "one.png")
        assert (read_plane(tmp_path / "one.png") == mask()).all()
        deep = blob().astype(np.uint16) * 257 + 3 * (blob() < 255)
        Image.fromarray(deep.astype(np.uint16)).save(tmp_path / "deep.png")
        assert (read_plane(tmp_path / "deep.png") == deep).all()


class TestDrawings:
    def test_worst_sheet_starts_with_the_worst(self, folders, tmp_path) -> None:
        report, files = evaluate_folder(*folders), pair_files(*folders)
        worst_sheet(report, files, tmp_path / "sheet.png", count=1)
        sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
        assert sheet.shape[2] == 3
        kept = sheet[:, :, 0].astype(int) - sheet[:, :, 2] > 60
        lost = sheet[:, :, 2].astype(int) - sheet[:, :, 0] > 60
        assert kept.sum() > 100
        assert lost.sum() > 100
        assert np.nonzero(kept)[1].mean() > np.nonzero(lost)[1].mean()  # the blob of p4 lies too far to the right

    def test_a_sheet_with_photos_is_wider(self, folders, tmp_path) -> None:
        report = evaluate_folder(*folders)
        worst_sheet(report, pair_files(*folders), tmp_path / "without.png")
        worst_sheet(report, pair_files(*folders, photos=folders[0]), tmp_path / "with.png")
        assert Image.open(tmp_path / "with.png").width > Image.open(tmp_path / "without.png").width

    def test_curves_are_plotted(self, folders, tmp_path) -> None:
        pytest.importorskip("matplotlib", reason="matplotlib is not installed (the [eval] extra)")
        plot_curves([evaluate_folder(*folders), evaluate_folder(*folders, name="unstretched", stretch=False)], tmp_path / "curves.png")
        assert np.asarray(Image.open(tmp_path / "curves.png").convert("L")).std() > 5


class TestDataSets:
    def test_published_figures_of_duts_te(self) -> None:
        found = data_set_of(Path("somewhere/DUTS-TE"))
        assert found is not None
        assert found.published["U²-Net, published"]["mae"] == 0.044
        assert found.published["U²-Net, published"]["max_f"] == 0.873
        assert data_set_of(Path("somewhere/holidays")) is None

    def test_the_paper_has_six(self) -> None:
        assert {one.name: one.pictures for one in DATA_SETS} == {
            "DUT-OMRON": 5168, "DUTS-TE": 5019, "HKU-IS": 4447, "ECSSD": 1000, "PASCAL-S": 850, "SOD": 300,
        }  # fmt: skip

    @pytest.mark.parametrize("layout", [("DUTS-TE-Image", "DUTS-TE-Mask"), ("images", "masks"), ("imgs", "gt")])
    def test_folders_are_found(self, tmp_path, layout) -> None:
        for name in layout:
            (tmp_path / name).mkdir()
        assert data_set_folders(tmp_path) == (tmp_path / layout[0], tmp_path / layout[1])

    def test_a_folder_of_neither_is_refused(self, tmp_path) -> None:
        with pytest.raises(BadInput, match="DUTS-TE-Image"):
            data_set_folders(tmp_path / "nothing")
