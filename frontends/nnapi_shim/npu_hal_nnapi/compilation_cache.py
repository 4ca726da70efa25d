"""Compilations kept in files, so that later ones of the same model skip the driver's work."""

import contextlib
import logging
import os
import tempfile
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

import numpy as np

from npu_hal.api import Device, Graph, NpuHalError, Subgraph
from npu_hal.layers.layer import LayerDevice

_log = logging.getLogger("npu_hal.nnapi")

TOKEN_BYTES = 32

_MAGIC = b"npu-hal compilation 1\n"
_DIGEST_BYTES = 16


class CompilationCache:
    """The files of a folder that belong to one token.

    There is one for each graph that a device compiled: ``<token>-<digest of graph and device>.npuhal``. It holds
    what the driver serialised, after a line that tells what the file is and a digest of the rest. A file that is
    damaged, or that something else wrote, is ignored, and then replaced.
    """

    def __init__(self, folder: Path, token: bytes) -> None:
        self._folder = folder
        self._token = token

    def path(self, driver: str, device: str, graph: Graph) -> Path:
        """Where a graph's file is, or is going to be."""
        return self._folder / f"{self._token.hex()}-{_digest_of_graph(driver, device, graph).hex()}.npuhal"

    @staticmethod
    def read(path: Path) -> bytes | None:
        """What was kept; None if nothing was, or it cannot be read."""
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            _log.warning("the cached compilation %s cannot be read: %s", path.name, error)
            return None
        start = len(_MAGIC) + _DIGEST_BYTES
        data = content[start:]
        if content[:start] != _MAGIC + blake2b(data, digest_size=_DIGEST_BYTES).digest():
            _log.warning("the cached compilation %s is damaged, and ignored", path.name)
            return None
        return data

    @staticmethod
    def write(path: Path, data: bytes) -> None:
        """Keep something: the file is whole or not there, whatever happens meanwhile."""
        temporary: str | None = None
        try:
            descriptor, temporary = tempfile.mkstemp(prefix=path.name, suffix=".tmp", dir=path.parent)
            with os.fdopen(descriptor, "wb") as file:
                file.write(_MAGIC + blake2b(data, digest_size=_DIGEST_BYTES).digest())
                file.write(data)
            Path(temporary).replace(path)
        except OSError as error:
            _log.warning("the compilation %s cannot be cached: %s", path.name, error)
            if temporary is not None:
                with contextlib.suppress(OSError):
                    Path(temporary).unlink()


class CachingDevice(LayerDevice):
    """A device whose subgraphs come from a cache where it has them, and go there where it has not."""

    def __init__(self, driver: str, behind: Device, cache: CompilationCache) -> None:
        super().__init__(behind)
        self._driver = driver
        self._cache = cache

    def create_subgraph(self, graph: Graph) -> Subgraph:
        """Restore the graph, or compile it and keep that."""
        path = self._cache.path(self._driver, self.info.name, graph)
        data = self._cache.read(path)
        if data is not None:
            try:
                return self.behind.restore_subgraph(graph, data)
            except NpuHalError as error:
                _log.warning("the cached compilation %s is of no use: %s", path.name, error)
        subgraph = self.behind.create_subgraph(graph)
        made = subgraph.serialise()
        if made is not None:
            self._cache.write(path, made)
        return subgraph


def _digest_of_graph(driver: str, device: str, graph: Graph) -> bytes:
    """A hash of all that a driver's work depends on, constants included."""
    digest = blake2b(repr((version("npu-hal"), driver, device, graph.inputs, graph.outputs)).encode(), digest_size=16)
    for operation in graph.operations:
        digest.update(repr(operation).encode())
    for tensor in graph.tensors:
        digest.update(repr((tensor.shape, tensor.dtype, tensor.quantization, tensor.is_constant)).encode())
        if tensor.data is not None:
            digest.update(np.ascontiguousarray(tensor.data).data)
    return digest.digest()
