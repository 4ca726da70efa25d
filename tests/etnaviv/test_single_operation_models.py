"""Every small model of the shared material on both chips, against TensorFlow Lite's reference kernels.

Among them are all that the goldens' driver gets wrong; with compatible=mesa, exactly those are wrong here, too.
"""

from pathlib import Path

import pytest

from npu_hal_etnaviv.driver import EtnavivDriver
from tests.etnaviv.golden_weights import CHIPS
from tests.etnaviv.running import difference_from_reference, small_models

REFUSED = {"mb30": "SOFTMAX", "mobiledet123": "LOGISTIC"}
"""Models of an operation that the NPU does not have."""

CHAINS = {"g_add_80_k1_i16_o16": 2, "g_resnetish": 2}
"""Models of several operations, whose differences of 1 add up."""

FED_BY_INPUTS = (8, 11, 14, 19, 22, 25, 32, 35, 38, 45, 49, 53, 60, 64, 68)

MESA_IS_WRONG = {
    "g_conv_20x10_k3_i8_o8_s1_same": "H > W",
    "g_dw_7x7_k3_i32_o32_s2_same": "stride 2 with SAME padding and odd H of 7 or more",
    "mobiledet82": "stride 2 with SAME padding",
    "mb01": "the file declares another output shape than the operation has; a TP core gets no rows",
    **{f"mobiledet{number}": "ADD fed by graph inputs, which stay interleaved" for number in FED_BY_INPUTS},
}
"""Models whose results are wrong with compatible=mesa, on both chips, and why."""

MESA_IS_WRONG_ON_V7 = {
    "g_add_112_k1_i1_o120": "ADD of more than 8191 rows",
    "g_add_int8": "int8",
    "g_conv_14x14_k1_i16_o16_s1_same_int8": "int8",
    "g_conv_14x14_k3_i16_o16_s1_same_int8": "int8",
    "g_conv_14x14_k3_i16_o16_s2_same_int8": "int8",
    "g_dw_14x14_k3_i16_o16_s1_same_int8": "int8",
    "g_conv_5x5_k5_i1_o32_s1_valid": "5x5 over one channel",
    "g_conv_8x8_k5_i1_o32_s1_same": "5x5 over one channel",
    "g_dw_5x5_k5_i32_o32_s2_same": "stride 2 with SAME padding that the rearranged input has already",
    "g_dw_6x6_k3_i32_o32_s2_same": "stride 2 with weights for a rearranged input that is not rearranged",
    "g_fc_64_10": "FULLY_CONNECTED, whose weights are not in a convolution's order",
    "g_fc_120_32": "FULLY_CONNECTED, whose kernel is wider than V7 takes",
    "g_fc_1024_1001": "FULLY_CONNECTED, whose weights are not in a convolution's order",
}


@pytest.mark.parametrize("chip", CHIPS)
def test_models_are_within_one_of_the_reference(shared: Path, chip: str) -> None:
    with EtnavivDriver().open(f"emulator:{chip}") as device:
        found = {path.stem: difference_from_reference(path, device) for path in small_models(shared)}
    for name, operation in REFUSED.items():
        assert operation in str(found.pop(name))
    wrong = {
        name: difference
        for name, difference in found.items()
        if not isinstance(difference, int) or difference > CHAINS.get(name, 1)
    }
    assert not wrong


@pytest.mark.parametrize("chip", CHIPS)
def test_compatible_mode_is_wrong_where_mesa_is(shared: Path, chip: str) -> None:
    expected = MESA_IS_WRONG | (MESA_IS_WRONG_ON_V7 if chip == "a311d" else {})
    wrong = set()
    for path in small_models(shared):
        with EtnavivDriver().open(f"emulator:{chip}", {"compatible": "mesa"}) as device:
            difference = difference_from_reference(path, device)
        is_refused = isinstance(difference, str) and "Mesa" in difference
        if not is_refused and (isinstance(difference, str) or difference > CHAINS.get(path.stem, 1)):
            wrong.add(path.stem)
    assert wrong == expected.keys()
