"""Recorded cases: a graph, inputs, and the outputs that TensorFlow Lite's reference kernels give.

One file a capability, ``cases/<capability>.npz``. Its entry ``index`` is JSON, a list of ``{"name", "graph"}`` where
the graph's constants are left out; arrays are ``<position>/constant/<tensor>``, ``<position>/input/<number>`` and
``<position>/output/<number>``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from npu_hal.api import Array, Graph
from npu_hal.conformance.capability import Capability

FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True, slots=True)
class Case:
    """A graph with inputs and the outputs expected of them."""

    capability: Capability
    name: str
    graph: Graph
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]


def save_cases(cases: Sequence[Case], path: Path) -> None:
    """Write the cases of one capability."""
    index: list[dict[str, Any]] = []
    arrays: dict[str, Array] = {}
    for position, case in enumerate(cases):
        structure = case.graph.model_dump(mode="json", exclude={"tensors": {"__all__": {"data"}}})
        index.append({"name": case.name, "graph": structure})
        for number, tensor in enumerate(case.graph.tensors):
            if tensor.data is not None:
                arrays[f"{position}/constant/{number}"] = tensor.data
        arrays |= {f"{position}/input/{number}": array for number, array in enumerate(case.inputs)}
        arrays |= {f"{position}/output/{number}": array for number, array in enumerate(case.outputs)}
    np.savez_compressed(path, index=np.array(json.dumps(index)), **arrays)  # type: ignore[arg-type]


@cache
def load_cases(capability: Capability) -> tuple[Case, ...]:
    """The recorded cases of a capability; none for those that are not about operations."""
    path = FOLDER / f"{capability}.npz"
    if not path.exists():
        return ()
    with np.load(path, allow_pickle=False) as arrays:
        index = json.loads(str(arrays["index"]))
        return tuple(
            _case(
                capability,
                position,
                item,
                {name: arrays[name] for name in arrays.files if name.startswith(f"{position}/")},
            )
            for position, item in enumerate(index)
        )


def _case(capability: Capability, position: int, item: dict[str, Any], arrays: dict[str, Array]) -> Case:
    structure = item["graph"]
    for number, tensor in enumerate(structure["tensors"]):
        tensor["data"] = arrays.get(f"{position}/constant/{number}")
    return Case(
        capability,
        item["name"],
        Graph.model_validate(structure),
        tuple(arrays[f"{position}/input/{number}"] for number in range(len(structure["inputs"]))),
        tuple(arrays[f"{position}/output/{number}"] for number in range(len(structure["outputs"]))),
    )
