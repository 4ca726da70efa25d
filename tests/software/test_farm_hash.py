"""FarmHash's fingerprints, against its authors' implementation."""

import pytest

from npu_hal_software.reference.farm_hash import fingerprint64

# Computed by the C++ library (Python package pyfarmhash 0.5.1) for the first bytes of TEXT.
TEXT = bytes((position * 37 + 11) % 256 for position in range(400))
FINGERPRINTS = {
    0: 11160318154034397263,
    1: 4787810249829893994,
    3: 3979540680440595841,
    4: 14708324829907283305,
    7: 10810953559526984053,
    8: 9029840561075318013,
    12: 1342307080078500921,
    16: 15579719139305551062,
    17: 6692022265393568454,
    32: 11543571239247179175,
    33: 9480451918888261270,
    64: 4226431515964725,
    65: 18101669290602532278,
    127: 15496381160035339524,
    128: 3742283891066476345,
    129: 14054188206783653085,
    200: 5850749971184008558,
    400: 5323307418255196231,
}


@pytest.mark.parametrize("length", FINGERPRINTS)
def test_fingerprint(length: int) -> None:
    assert fingerprint64(TEXT[:length]) == FINGERPRINTS[length]
