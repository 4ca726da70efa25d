"""The exceptions that cross the interface.

Everything that a driver, a frontend or the core raises on purpose derives from `NpuHalError`. A message is
one sentence or two: what was asked, what is so, and what to do about it.
"""


class NpuHalError(Exception):
    """Base of every error that npu-hal raises on purpose."""


class NoSuchDriver(NpuHalError):  # noqa: N818 - the interface's names say what is so, not that it is an error
    """A driver was asked for by a name that no installed distribution registers."""


class DriverIncompatible(NpuHalError):  # noqa: N818
    """A driver was written for a version of the interface that this one does not accept."""


class DriverBroken(NpuHalError):  # noqa: N818
    """A driver's plugin could not be loaded: its import raised, or what it registers is no driver."""


class InvalidOption(NpuHalError):  # noqa: N818
    """An option is not known to the driver, or its value is not one that it takes."""


class DeviceNotFound(NpuHalError):  # noqa: N818
    """The driver has no such device, or none at all on this machine."""


class DevicePermission(DeviceNotFound):
    """The device is there, but this user may not open it."""


class DeviceLost(NpuHalError):  # noqa: N818
    """The device failed or faulted; what was opened on it is of no further use."""


class DeviceTimeout(NpuHalError):  # noqa: N818
    """The device did not finish in time."""


class OutOfDeviceMemory(NpuHalError):  # noqa: N818
    """The device has no memory left for what was asked."""


class UnsupportedOperation(NpuHalError):  # noqa: N818
    """An operation that the device, or the interface, does not support was asked of it."""


class InvalidGraph(NpuHalError):  # noqa: N818
    """A graph, tensor or operation breaks the rules of the interface."""


class InvalidModel(NpuHalError):  # noqa: N818
    """A model file is corrupt, truncated, or asks for what its format does not allow."""


class InvalidInput(NpuHalError):  # noqa: N818
    """A buffer given to a subgraph, or a file given as input, does not fit the tensor that it is for."""


class InvalidState(NpuHalError):  # noqa: N818
    """A call came out of order: after `close`, or outputs read before an invocation."""
