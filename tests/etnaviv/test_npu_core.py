import json
from pathlib import Path

import pytest

from npu_hal.api.errors import DeviceNotFound
from npu_hal_etnaviv.hardware.npu_core import npu_core_identified, npu_core_named, npu_cores


def test_cores_are_those_of_the_reference(shared: Path) -> None:
    reference = json.loads((shared / "hardware" / "npu-cores.json").read_text(encoding="utf-8"))
    assert len(npu_cores()) == len(reference) == 12
    for entry in reference:
        ids = ("chip_model", "chip_revision", "product_id", "eco_id", "customer_id")
        core = npu_core_identified(*(int(entry[key], 16) for key in ids))
        assert core is not None
        assert core.product == entry["name"].lower()
        assert core.generation == entry["nn_generation"]
        assert core.nn_core_count == entry["nn_core_count"]
        assert core.nn_mad_per_core == entry["nn_mad_per_core"]
        assert core.tp_core_count == entry["tp_core_count"]
        assert core.on_chip_sram_size == entry["on_chip_sram_size"]
        assert core.axi_sram_size == entry["axi_sram_size"]
        assert core.zero_run_bits == entry["nn_zrl_bits"]
        assert core.input_buffer_depth == entry["nn_input_buffer_depth"]
        assert core.accumulation_buffer_depth == entry["nn_accum_buffer_depth"]
        assert core.image_offset_bits == entry["nn_in_image_offset_bits"]
        assert core.maximum_kernel_x == entry["nn_kernel_x_size"]
        assert core.maximum_kernel_y == entry["nn_kernel_y_size"]
        assert core.maximum_kernel_z == entry["nn_kernel_z_size"]
        assert core.lanes_per_output_cycle == entry["nn_lanes_per_output_cycle"]
        assert core.features == set(entry["features"])
        assert npu_core_named(entry["name"]).product == core.product


def test_names_are_unique_and_found() -> None:
    names = [core.name for core in npu_cores()]
    assert len(set(names)) == len(names)
    assert [npu_core_named(name.upper()).name for name in names] == names


def test_aliases() -> None:
    assert npu_core_named("a311d").identity == (0x8000, 0x7120, 0x45080009, 0, 0x88)
    assert npu_core_named("imx8mp").identity == (0x8000, 0x8002, 0x05080009, 0x06000000, 0x9F)


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(DeviceNotFound, match=r"'a311x'; known are a311d, imx8mp, vipnano"):
        npu_core_named("a311x")


def test_unknown_ids_are_none() -> None:
    assert npu_core_identified(0x8000, 0x7120, 0x45080009, 0, 0x89) is None
