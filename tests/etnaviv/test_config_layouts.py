"""The layouts against the hardware note's tables and against the golden configs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from npu_hal_etnaviv.hardware.bit_field import WordLayout
from npu_hal_etnaviv.hardware.nn_config import (
    IN_IMAGE_X_OFFSET,
    IN_IMAGE_Y_OFFSET,
    KERNEL_PATTERN,
    NN_CONFIG,
)
from npu_hal_etnaviv.hardware.registers import (
    GL_FLUSH_CACHE,
    GL_NN_CONFIG,
    LOAD_STATE,
    PA_SYSTEM_MODE,
    Register,
)
from npu_hal_etnaviv.hardware.tp_config import TP_CONFIG

from .golden_weights import CHIPS, golden_names

ROW = re.compile(r"\| (\d+) \| (\d+)(?:-(\d+))? \| (\w+) \|")


@pytest.mark.parametrize(("layout", "heading"), [(NN_CONFIG, "## 5. NN"), (TP_CONFIG, "## 8. TP")])
def test_layout_is_the_notes_table(shared: Path, layout: WordLayout, heading: str) -> None:
    note = (shared / "hardware" / "vivante-npu.md").read_text(encoding="utf-8")
    section = note[note.index(heading) :].split("\n---", 1)[0]
    rows = [(name, int(word), int(first), int(last or first)) for word, first, last, name in ROW.findall(section)]
    assert rows == [(f.name, f.word, f.low, f.low + f.width - 1) for f in layout.fields]


def golden_configs(shared: Path, chip: str) -> list[tuple[str, dict[str, Any]]]:
    configs = []
    for name in golden_names(shared, chip):
        text = (shared / "golden" / chip / f"{name}.json").read_text(encoding="utf-8")
        for subgraph in json.loads(text)["subgraphs"]:
            for operation in subgraph["ops"]:
                configs += [(operation["type"], config) for config in operation.get("configs", ())]
    return configs


def field_values(layout: WordLayout, config: dict[str, Any]) -> dict[str, int]:
    """A golden config's numbers, addresses as 0, signed fields signed."""
    values = {}
    for name, value in config.items():
        field = layout.field(name)
        number = 0 if isinstance(value, dict) else value
        values[name] = number - (1 << field.width) if field.signed and number > field.maximum else number
    return values


@pytest.mark.parametrize("chip", CHIPS)
def test_golden_configs_pass_through_the_layouts(shared: Path, chip: str) -> None:
    configs = golden_configs(shared, chip)
    assert len(configs) > 500
    for kind, config in configs:
        layout = NN_CONFIG if kind == "NN" else TP_CONFIG
        values = field_values(layout, config)
        words = layout.pack(values)
        assert layout.unpack(words) == values
        assert layout.undefined_bits(words) == {}


@pytest.mark.parametrize("chip", CHIPS)
def test_defaults_are_those_of_every_golden_nn_config(shared: Path, chip: str) -> None:
    constant = [f for f in NN_CONFIG.fields if f.default and f.name != "pooling_xy_size"]
    for kind, config in golden_configs(shared, chip):
        if kind == "NN":
            assert {f.name: config[f.name] for f in constant} == {f.name: f.default for f in constant}


def test_offsets_as_the_goldens_have_them() -> None:
    assert IN_IMAGE_X_OFFSET[7].split(-1) == {"in_image_x_offset": 7, "in_image_x_offset_bit_3": 1}
    assert IN_IMAGE_Y_OFFSET[8].split(-2) == {
        "in_image_y_offset": 6,
        "in_image_y_offset_bit_3": 1,
        "unused7_3": 1,
    }


def test_kernel_pattern_parts() -> None:
    assert KERNEL_PATTERN.split(0x13_00000000_00080000) == {
        "kernel_pattern_low": 0x80000,
        "kernel_pattern_high": 0,
        "kernel_pattern_msb": 0x13,
    }


def test_register_words_of_the_note() -> None:
    command = LOAD_STATE.pack({"state_index": Register.GL_NN_CONFIG >> 2})
    assert command.tolist() == [0x0801_0000 | 0x3930 >> 2]
    assert GL_NN_CONFIG.pack({}).tolist() == [0x10]
    assert GL_FLUSH_CACHE.pack({}).tolist() == [0xC23]
    assert PA_SYSTEM_MODE.pack({}).tolist() == [0x11]
