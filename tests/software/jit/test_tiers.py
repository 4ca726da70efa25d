"""Instruction-set tiers: their choice, and the instructions in code for machines that this one is not."""

import re

import pytest

from npu_hal.api import DType, GraphBuilder, InvalidOption, Quantization, Relu
from npu_hal_software.jit import available, create_subgraph
from npu_hal_software.jit.compiler import optimised_module
from npu_hal_software.jit.tiers import TIERS, Avx512Vnni, NeonDotProduct, channel_of_lane, choose_tier, runs_here

AARCH64 = "aarch64-unknown-linux-gnu"
X86_64 = "x86_64-unknown-linux-gnu"


def assembly(tier: NeonDotProduct | Avx512Vnni, triple: str) -> str:
    module, machine = optimised_module(tier, "exact", triple)
    text: str = machine.emit_assembly(module)
    return text


def inner_loop(text: str, function: str, mnemonic: str) -> list[str]:
    """The instructions of the basic block of a function that has the most of a mnemonic."""
    body = re.search(rf"^{function}:.*?^\.Lfunc_end", text, re.MULTILINE | re.DOTALL)
    assert body is not None
    blocks = re.split(r"^\.L\w+:", body.group(), flags=re.MULTILINE)
    best = max(blocks, key=lambda block: len(re.findall(rf"\t{mnemonic}\t", block)))
    return re.findall(r"^\t(\w+)", best, re.MULTILINE)


def test_aarch64_tiles_are_dot_products_without_spills() -> None:
    """The code is generated and read; nothing here runs it."""
    loop = inner_loop(assembly(NeonDotProduct(), AARCH64), "gemm_tile_6x4", "sdot")
    assert loop.count("sdot") == 24
    assert not [name for name in loop if name in ("str", "stp")]


def test_avx512_tiles_are_dot_products_without_spills() -> None:
    loop = inner_loop(assembly(Avx512Vnni(), X86_64), "gemm_tile_6x4", "vpdpbusd")
    assert loop.count("vpdpbusd") == 24
    assert len([name for name in loop if name.startswith("vmovd")]) <= 4


def test_tiles_are_transposed_by_interleaving() -> None:
    """16 rows of 16 bytes take four rounds of 16 instructions, whatever the machine calls them."""
    aarch64 = inner_loop(assembly(NeonDotProduct(), AARCH64), "transpose_byte_tiles", "zip1")
    assert aarch64.count("zip1") + aarch64.count("zip2") == 64
    x86 = inner_loop(assembly(Avx512Vnni(), X86_64), "transpose_byte_tiles", "vpunpcklbw")
    assert x86.count("vpunpcklbw") + x86.count("vpunpckhbw") == 64


def test_an_lstm_takes_dot_products_on_every_machine() -> None:
    loop = inner_loop(assembly(NeonDotProduct(), AARCH64), "lstm_sums", "sdot")
    assert loop.count("sdot") == 4


@pytest.mark.parametrize("tier", [tier for tier in TIERS if tier.machine], ids=lambda tier: tier.name)
@pytest.mark.parametrize("rounding", ["exact", "xnnpack"])
def test_every_tier_compiles_on_every_machine(tier: NeonDotProduct | Avx512Vnni, rounding: str) -> None:
    triple = AARCH64 if tier.machine == "aarch64" else X86_64
    module, machine = optimised_module(tier, "exact" if rounding == "exact" else "xnnpack", triple)
    assert machine.emit_object(module).startswith(b"\x7fELF")


def test_the_best_tier_is_chosen() -> None:
    assert choose_tier() is next(tier for tier in TIERS if runs_here(tier))
    assert choose_tier("generic").name == "generic"


def test_unknown_tiers_are_refused() -> None:
    with pytest.raises(InvalidOption, match="there is no tier 'mmx'; tiers are: auto, avx512-vnni"):
        choose_tier("mmx")


def test_tiers_of_other_cpus_are_refused() -> None:
    other = next(tier for tier in TIERS if not runs_here(tier))
    with pytest.raises(InvalidOption, match=f"tier {other.name} needs what this CPU lacks; usable here: "):
        choose_tier(other.name)


def test_unknown_roundings_are_refused() -> None:
    builder = GraphBuilder()
    x = builder.input("x", (1, 4), DType.UINT8, Quantization.per_tensor(1.0))
    y = builder.tensor("y", DType.UINT8, Quantization.per_tensor(1.0))
    builder.append(Relu(input=x, output=y))
    with pytest.raises(InvalidOption, match="rounding cannot be 'up'"):
        create_subgraph(builder.build([y]), {"rounding": "up"})


def test_packing_restores_the_order_of_channels() -> None:
    """x86's packs take 4 bytes of each vector in turn, within 128-bit parts."""
    assert channel_of_lane(4, 4).tolist() == list(range(16))
    assert channel_of_lane(4, 16)[:8].tolist() == [0, 1, 2, 3, 16, 17, 18, 19]
    assert sorted(channel_of_lane(2, 8).tolist()) == list(range(16))


def test_the_level_is_available_here() -> None:
    assert available()
