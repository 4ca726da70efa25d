"""Outputs whose contents are known beforehand."""

from collections.abc import Sequence

import numpy as np

from npu_hal.api import Array, Subgraph


class ConstantOutputs(Subgraph):
    """A subgraph whose outputs are followed by constants; without a subgraph, there are only these."""

    def __init__(self, subgraph: Subgraph | None, constants: Sequence[Array]) -> None:
        self._subgraph = subgraph
        self._constants = tuple(constants)

    def invoke(self, inputs: Sequence[Array]) -> None:
        """Queue one inference of what is computed."""
        if self._subgraph is not None:
            self._subgraph.invoke(inputs)

    def read_outputs(self, outputs: Sequence[Array]) -> None:
        """Wait for what is computed, and fill `outputs`, the constants last."""
        computed = len(outputs) - len(self._constants)
        if self._subgraph is not None:
            self._subgraph.read_outputs(outputs[:computed])
        for output, constant in zip(outputs[computed:], self._constants, strict=True):
            np.copyto(output, constant)

    def close(self) -> None:
        """Release the subgraph."""
        if self._subgraph is not None:
            self._subgraph.close()
