"""Every small model of the shared material on both chips, against TensorFlow Lite's reference kernels.

Among them are all that the goldens' driver gets wrong: H > W, int8 on V7, one-input-channel 5x5, ADD of more than 8191
rows, ADD and CONCATENATION fed by graph inputs, stride 2 with SAME padding at every size.
"""

from pathlib import Path

import numpy as np
import pytest

from npu_hal.api import InvalidModel
from npu_hal.partitioner import partition
from npu_hal.tflite.reader import read_model
from npu_hal_etnaviv.driver import EtnavivDriver
from tests.etnaviv.golden_weights import CHIPS
from tests.etnaviv.running import largest_difference, run_on
from tests.litert import run_file

REFUSED = {"mb30": "SOFTMAX", "mobiledet123": "LOGISTIC"}
"""Models of an operation that the NPU does not have."""

INVALID = {"add"}
"""Models without data for their weights."""

CHAINS = {"g_add_80_k1_i16_o16": 2, "g_resnetish": 2}
"""Models of several operations, whose differences of 1 add up."""

FOLDERS = ("layers", "generated")
MODELS = 254


@pytest.mark.parametrize("chip", CHIPS)
def test_models_are_within_one_of_the_reference(shared: Path, chip: str) -> None:
    paths = sorted(
        [*(shared / "models" / "layers").glob("*.tflite"), *(shared / "models" / "generated").glob("*.tflite")]
    )
    assert len(paths) == MODELS
    differences: dict[str, object] = {}
    with EtnavivDriver().open(f"emulator:{chip}") as device:
        for path in paths:
            if path.stem in INVALID:
                with pytest.raises(InvalidModel):
                    read_model(path)
                continue
            graph = read_model(path).graph
            refusals = partition(graph, device).refusals
            if refusals:
                differences[path.stem] = "; ".join(refusals.values())
                continue
            random = np.random.default_rng(0)
            inputs = [
                random.integers(*tensor.dtype.integer_range, tensor.shape, tensor.dtype.value, endpoint=True)
                for tensor in graph.input_tensors
            ]
            expected = run_file(path.read_bytes(), inputs)
            outputs = run_on(device, graph, inputs)
            differences[path.stem] = max(largest_difference(*pair) for pair in zip(outputs, expected, strict=True))
    for name, operation in REFUSED.items():
        assert operation in str(differences.pop(name))
    wrong = {
        name: found for name, found in differences.items() if not isinstance(found, int) or found > CHAINS.get(name, 1)
    }
    assert not wrong
