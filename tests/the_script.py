"""The scripts that ops run, as modules: what `main` returns is the exit code."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from worker.settings import ROOT


def the_script(name: str) -> ModuleType:
    """`scripts/<name>.py`, loaded anew."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
