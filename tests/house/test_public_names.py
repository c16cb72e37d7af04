"""The core's public names are a promise to every host."""

from __future__ import annotations

from u2studio import shared_core


def test_public_names() -> None:
    assert set(shared_core.__all__) == {
        "BadInput", "Cancelled", "ModelCorrupt", "ModelMissing", "OutOfMemory", "Outputs", "Progress", "U2StudioError",
        "operation", "operations", "run",
    }  # fmt: skip


def test_operation_ids_never_go_away() -> None:
    released = {"matte", "refine_alpha", "trimap", "estimate_foreground", "composite", "sheet"}
    assert released <= {operation.id for operation in shared_core.operations()}
