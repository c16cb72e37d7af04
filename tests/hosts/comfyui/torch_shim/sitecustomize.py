"""Lets CUDA builds of torchvision and torchaudio be imported beside a CPU torch, where an index has no other builds of them.

Lies in the test environment's site-packages, so Python imports it at every start; it does nothing until torchvision or torchaudio is imported, and
nothing at all beside a CUDA build of torch. Compiled operations stay unavailable; ComfyUI does not need them.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import pathlib
import re
import sys
from types import ModuleType
from typing import Any


class _StubAudioExtension(importlib.abc.Loader):
    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        stubs = {"_IS_TORCHAUDIO_EXT_AVAILABLE": False, "_IS_ALIGN_AVAILABLE": False, "_check_cuda_version": lambda: None, "fail_if_no_align": lambda f: f}
        vars(module).update(stubs)


class _Finder(importlib.abc.MetaPathFinder):
    _library: Any = None

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if fullname == "torchaudio._extension" and _is_cpu_torch():
            return importlib.machinery.ModuleSpec(fullname, _StubAudioExtension(), is_package=True)
        is_registration = fullname in ("torchvision._autograd_registrations", "torchvision._meta_registrations")
        if is_registration and self._library is None and _is_cpu_torch():
            self._declare_missing_operations(path)
        return None

    def _declare_missing_operations(self, path: Any) -> None:
        """Declare every operation that torchvision registers a rule for, so that the rules attach."""
        import torch

        extension = sys.modules.get("torchvision.extension")
        if extension is not None and extension._has_ops():
            return
        names: set[str] = set()
        for folder in path or ():
            for source in pathlib.Path(folder).glob("_*_registrations.py"):
                names.update(re.findall(r"[\"']torchvision::(\w+)[\"']", source.read_text(encoding="utf-8")))
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in sorted(names):
            library.define(f"{name}(Tensor x, Tensor y, float z) -> Tensor")
        _Finder._library = library


def _is_cpu_torch() -> bool:
    import torch

    return torch.version.cuda is None


sys.meta_path.insert(0, _Finder())
