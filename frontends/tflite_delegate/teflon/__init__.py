"""The TensorFlow Lite frontend: an external delegate over npu_hal.

In Python, hand a `Delegate` to an interpreter::

    Interpreter("model.tflite", experimental_delegates=[teflon.Delegate(driver="software")])

Everywhere else, load the library at `library_path`, whose options have the same names.
"""

from teflon.delegate import Delegate, DelegationReport
from teflon.library import library_path

__all__ = ["Delegate", "DelegationReport", "library_path"]
