"""Writes npu_hal graphs as .tflite files, so that tests can make models without a converter.

Only the schema's generated flatbuffer code of package `tflite` is used, nothing of the reader under test.
"""

from .file_parts import ACTIVATIONS, FileOperator, FileSubgraph, FileTensor, quantization_fields
from .file_writer import FILE_IDENTIFIER, offset_vector, write_file
from .graph_writer import write_model

__all__ = [
    "ACTIVATIONS",
    "FILE_IDENTIFIER",
    "FileOperator",
    "FileSubgraph",
    "FileTensor",
    "offset_vector",
    "quantization_fields",
    "write_file",
    "write_model",
]
