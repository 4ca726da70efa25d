"""The C functions, as libneuralnetworks.so finds them.

That library holds no logic: it asks `bind` for the functions by name and forwards every call. Objects are handles
(`npu_hal_nnapi.c_functions.handles`), and failures are result codes, whose reason is logged.
"""

from npu_hal_nnapi.c_functions import compilations, devices, events, executions, memories, models
from npu_hal_nnapi.c_functions.exports import bind

__all__ = ["bind", "compilations", "devices", "events", "executions", "memories", "models"]
