"""The reference level: the definition of what every operation computes, in numpy.

Integer results are those of TensorFlow Lite's reference kernels (BUILTIN_REF), bit for bit; float32 results agree
with them to 1e-5. One file holds one family of operations, with its formulas; `definitions` lists all kinds.
"""

from npu_hal_software.reference.compilation import compile_operation
from npu_hal_software.reference.definitions import DEFINITIONS
from npu_hal_software.reference.kernel import Definition, Kernel
from npu_hal_software.reference.support import refusal

__all__ = ["DEFINITIONS", "Definition", "Kernel", "compile_operation", "refusal"]
