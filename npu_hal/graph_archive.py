"""Graphs as files: their structure as JSON, their constants as .npz."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from npu_hal.api import Graph, InvalidGraph, InvalidModel

GRAPH_FILE = "graph.json"
CONSTANTS_FILE = "constants.npz"


def save_graph(graph: Graph, folder: Path) -> None:
    """Write a graph into an existing folder."""
    structure = graph.model_dump(mode="json", exclude={"tensors": {"__all__": {"data"}}})
    (folder / GRAPH_FILE).write_text(json.dumps(structure, indent=1) + "\n")
    constants = {str(index): tensor.data for index, tensor in enumerate(graph.tensors) if tensor.data is not None}
    np.savez(folder / CONSTANTS_FILE, **constants)  # type: ignore[arg-type]


def load_graph(folder: Path) -> Graph:
    """Read a graph from a folder; `InvalidModel` if it holds none, or a damaged one."""
    try:
        structure: dict[str, Any] = json.loads((folder / GRAPH_FILE).read_text())
        # A graph that was recorded elsewhere is not to be trusted with pickled objects.
        with np.load(folder / CONSTANTS_FILE, allow_pickle=False) as constants:
            for index in constants.files:
                structure["tensors"][int(index)]["data"] = constants[index]
        return Graph.model_validate(structure)
    except InvalidGraph as error:
        raise InvalidModel(f"{folder} holds an invalid graph: {error}") from None
    except (OSError, ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile) as error:
        raise InvalidModel(f"{folder} holds no readable graph: {error}") from None
