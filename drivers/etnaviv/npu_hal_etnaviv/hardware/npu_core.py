"""The known NPU variants and their constants (`npu_cores.json`)."""

import json
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from npu_hal.api.errors import DeviceNotFound

Generation = Literal[7, 8]

MAXIMUM_TILE_X: Final = 64
"""Widest output tile of either generation."""

ALIASES: Final = {"a311d": "vipnano-qi.7120.88", "imx8mp": "vipnano-si+.8002.9f"}
"""Systems on chip by which users know a variant."""


@dataclass(frozen=True, slots=True)
class NpuCore:
    """One NPU variant: the ids that the kernel reports, and the sizes that the job formats depend on.

    Sizes of memories are in bytes. `features` are the names of the vendor's feature flags.
    """

    name: str
    vendor: str
    soc: str
    model: int
    revision: int
    product_id: int
    eco_id: int
    customer_id: int
    generation: Generation
    nn_core_count: int
    nn_mad_per_core: int
    tp_core_count: int
    on_chip_sram_size: int
    axi_sram_size: int
    zero_run_bits: int
    input_buffer_depth: int
    accumulation_buffer_depth: int
    image_offset_bits: int
    maximum_kernel_x: int
    maximum_kernel_y: int
    maximum_kernel_z: int
    lanes_per_output_cycle: int
    ddr_kernel_burst_size: int
    features: frozenset[str]

    @property
    def identity(self) -> tuple[int, int, int, int, int]:
        """(model, revision, product id, eco id, customer id), as the kernel reports them."""
        return (self.model, self.revision, self.product_id, self.eco_id, self.customer_id)

    @property
    def product(self) -> str:
        """The vendor's product name, which several variants can share."""
        return self.name.partition(".")[0]

    @property
    def has_first_pixel_pooling(self) -> bool:
        """Whether an NN job can keep one pixel of each 2x2."""
        return "NN_FIRST_PIXEL_POOLING" in self.features

    @property
    def has_native_depthwise(self) -> bool:
        """Whether an NN job can convolve each channel with its own kernel."""
        return "NN_DEPTHWISE_SUPPORT" in self.features

    @property
    def can_reorder(self) -> bool:
        """Whether the TP unit can rearrange tensors."""
        return "TP_REORDER" in self.features


def _number(value: int | str) -> int:
    return int(value, 16) if isinstance(value, str) else value


def _core(entry: dict[str, Any]) -> NpuCore:
    text = {"name", "vendor", "soc"}
    values: dict[str, Any] = {
        field.name: entry[field.name] if field.name in text else _number(entry[field.name])
        for field in fields(NpuCore)
        if field.name != "features"
    }
    return NpuCore(**values, features=frozenset(entry["features"]))


@cache
def npu_cores() -> tuple[NpuCore, ...]:
    """All known variants, in the order of the data file."""
    text = files("npu_hal_etnaviv.hardware").joinpath("npu_cores.json").read_text(encoding="utf-8")
    return tuple(_core(entry) for entry in json.loads(text))


def npu_core_named(name: str) -> NpuCore:
    """The variant of that name, or of that alias (`a311d`, `imx8mp`); upper and lower case are the same.

    A name is `product.revision.customer`; the product alone stands for the first variant of it in the
    data file, which has those of known systems on chip first.
    Raises DeviceNotFound with a message that lists the known names.
    """
    wanted = ALIASES.get(name.lower(), name.lower())
    for core in npu_cores():
        if wanted in (core.name, core.product):
            return core
    known = ", ".join([*ALIASES, *(core.name for core in npu_cores())])
    raise DeviceNotFound(f"no Vivante NPU variant is named {name!r}; known are {known}")


def npu_core_identified(model: int, revision: int, product_id: int, eco_id: int, customer_id: int) -> NpuCore | None:
    """The variant with these ids, or None if it is not known."""
    wanted = (model, revision, product_id, eco_id, customer_id)
    return next((core for core in npu_cores() if core.identity == wanted), None)
