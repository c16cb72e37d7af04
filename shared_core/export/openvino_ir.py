"""OpenVINO: read from ONNX, written as IR (`.xml` and `.bin`), run by OpenVINO on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from ..models.devices import cpu_threads

__all__ = ["default_precision", "open_openvino", "write_openvino"]


def write_openvino(onnx_file: Path, file: Path, notes: Mapping[str, str]) -> None:
    """Write an ONNX file as IR, its weights in the format they have there.

    Args:
        onnx_file: what to write.
        file: `.xml`; the `.bin` goes beside it.
        notes: stored as runtime information, under "u2studio".
    """
    import openvino as ov

    model = ov.Core().read_model(onnx_file)
    for name, text in notes.items():
        model.set_rt_info(text, ["u2studio", name])
    ov.save_model(model, file, compress_to_fp16=False)


def open_openvino(file: Path, precision: str | None = "f32") -> Callable[[Tensor], Tensor]:
    """Run a file of one input and one output with OpenVINO on the CPU.

    Args:
        file: `.xml`, its `.bin` beside it.
        precision: what it computes in: "f32", "bf16", …; None leaves that to OpenVINO.
    """
    import openvino as ov

    settings = {"INFERENCE_NUM_THREADS": cpu_threads(), "PERFORMANCE_HINT": "LATENCY"} | ({"INFERENCE_PRECISION_HINT": precision} if precision else {})
    request = ov.Core().compile_model(file, "CPU", settings).create_infer_request()

    def run(batch: Tensor) -> Tensor:
        request.infer([batch.contiguous().numpy()])
        return torch.from_numpy(request.output_tensors[0].data.copy())

    return run


def default_precision() -> str:
    """What OpenVINO computes in on this CPU unless told: "f32"; "bf16" where the processor multiplies it."""
    import openvino as ov

    return ov.Core().get_property("CPU", "INFERENCE_PRECISION_HINT").to_string()
