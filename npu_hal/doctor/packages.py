"""Versions of what is installed, without importing it."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from npu_hal.api import API_VERSION, Finding
from npu_hal.doctor.examination import ok, problem

REQUIRED = ("numpy", "pydantic", "pluggy", "tflite", "flatbuffers", "typer", "rich", "pillow")
# What else plays together with npu-hal, and what for.
OPTIONAL = {
    "llvmlite": "machine code for the software driver",
    "ai-edge-litert": "running TFLite models with the delegate, as LiteRT",
    "tflite-runtime": "running TFLite models with the delegate, in older systems",
    "tensorflow": "running TFLite models with the delegate, as tf.lite",
    "torch": "running PyTorch models",
}


def examine_packages() -> Iterator[Finding]:
    """npu-hal, what it needs, and what it works with."""
    yield ok("npu-hal", f"{version('npu-hal')}, driver interface {API_VERSION}")
    for name in REQUIRED:
        installed = _version(name)
        if installed is None:
            yield problem(name, "not installed, and npu-hal needs it", f"install it: pip install {name}")
        else:
            yield ok(name, installed)
    for name, purpose in OPTIONAL.items():
        installed = _version(name)
        yield ok(name, installed or f"not installed; it is for {purpose}")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
