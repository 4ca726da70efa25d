"""Numbers that are operands of large tensors: nothing beyond their memory is read."""

import subprocess
import sys
from pathlib import Path

from npu_hal_software.jit import object_cache

# Optimised code often happens to skip a load whose value is not used; so this is compiled without optimisation. Many
# megabytes behind a small constant there is memory that is nobody's.
PROGRAM = """
import numpy as np
from npu_hal.api import DType, GraphBuilder, Mul
from npu_hal_software.jit import compiler, create_subgraph

compiler._OPTIMISATION_LEVEL = 0
builder = GraphBuilder()
x = builder.input("x", (1 << 25,), DType.FLOAT32)
two = builder.constant("two", np.array(2, np.float32))
y = builder.tensor("y", DType.FLOAT32)
builder.append(Mul(lhs=x, rhs=two, output=y))
values = np.ones(1 << 25, np.float32)
with create_subgraph(builder.build([y]), {"threads": "1", "tier": "generic"}) as subgraph:
    subgraph.invoke([values])
    subgraph.read_outputs([values])
assert (values == 2).all()
"""


def test_no_byte_behind_a_number_is_read(tmp_path: Path) -> None:
    environment = {object_cache.FOLDER_VARIABLE: str(tmp_path)}
    completed = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (completed.returncode, completed.stderr) == (0, "")
