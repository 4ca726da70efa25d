"""The C functions that runtimes call, one set for the whole process.

They live as long as the process: a runtime may free its kernels when Python's modules are being taken down. Delegates
and kernels are found by what the runtime hands back: a delegate by the address of its structure, a kernel by the
handle that initialising it returned.

No exception leaves a callback, as C would not see it: it is reported to the runtime in words, with a status that says
that the call failed.
"""

import ctypes
import itertools
import logging
import threading
import traceback
from ctypes import addressof, c_void_p
from typing import Protocol
from weakref import WeakValueDictionary

from npu_hal.api import NpuHalError
from teflon.kernel import Kernel
from teflon.tflite_abi import (
    DelegatePrepare,
    KernelFree,
    KernelInit,
    KernelInvoke,
    KernelPrepare,
    Status,
    TfLiteContext,
    TfLiteDelegate,
    TfLiteDelegateParams,
    TfLiteNode,
    TfLiteRegistration,
)

_log = logging.getLogger("npu_hal.teflon")
_USER_DATA = TfLiteNode.user_data.offset
_BUILTIN_DELEGATE = 51
_KERNEL_NAME = b"Teflon Delegate"


class NativeDelegate(Protocol):
    """What the callbacks ask of a delegate."""

    native: TfLiteDelegate

    def apply(self, context: TfLiteContext, registration: TfLiteRegistration) -> None:
        """Take over the nodes that the device supports."""

    def create_kernel(self, context: TfLiteContext, params: TfLiteDelegateParams) -> Kernel | None:
        """Compile the nodes of `params`; None if that failed and `apply` is going to say so."""


class Callbacks:
    """The functions, and the delegates and kernels that they find."""

    def __init__(self) -> None:
        self._delegates: WeakValueDictionary[int, NativeDelegate] = WeakValueDictionary()
        self._kernels: dict[int, Kernel] = {}
        self._handles = itertools.count(1)
        self._thread = threading.local()
        self.prepare_delegate = DelegatePrepare(self._prepare_delegate)
        self.registration = TfLiteRegistration(
            init=KernelInit(self._init_kernel),
            free=KernelFree(self._free_kernel),
            prepare=KernelPrepare(self._prepare_kernel),
            invoke=KernelInvoke(self._invoke_kernel),
            builtin_code=_BUILTIN_DELEGATE,
            custom_name=_KERNEL_NAME,
            version=1,
        )
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self))

    @property
    def kernel_count(self) -> int:
        """Number of kernels that runtimes hold."""
        return len(self._kernels)

    def register(self, delegate: NativeDelegate) -> int:
        """Let runtimes find `delegate` for as long as it lives; returns the address of its structure."""
        address = addressof(delegate.native)
        self._delegates[address] = delegate
        return address

    def _prepare_delegate(self, context_address: int, delegate_address: int) -> int:
        try:
            self._delegates[delegate_address].apply(TfLiteContext.from_address(context_address), self.registration)
        except BaseException as error:
            return report(context_address, error)
        return Status.OK

    def _init_kernel(self, context_address: int, buffer: int, _length: int) -> int:
        # 0 becomes a NULL user_data, which preparing the kernel refuses.
        try:
            params = TfLiteDelegateParams.from_address(buffer)
            delegate = self._delegates[params.delegate]
            kernel = delegate.create_kernel(TfLiteContext.from_address(context_address), params)
            if kernel is None:
                return 0
            handle = next(self._handles)
            self._kernels[handle] = kernel
        except BaseException as error:
            report(context_address, error)
            return 0
        return handle

    def _free_kernel(self, _context_address: int, handle: int | None) -> None:
        kernel = self._kernels.pop(handle or 0, None)
        if kernel is None:
            return
        try:
            kernel.close()
        except BaseException as error:
            # There is no status to return; and at the interpreter's exit, even logging may be gone.
            _log.warning("a subgraph could not be closed: %s", error)

    def _prepare_kernel(self, context_address: int, node_address: int) -> int:
        try:
            handle = TfLiteNode.from_address(node_address).user_data
            kernel = self._kernels.get(handle or 0)
            if kernel is None:
                report_text(context_address, "teflon: this part of the model was not compiled; see the error before")
                return Status.ERROR
            kernel.prepare()
        except BaseException as error:
            return report(context_address, error)
        return Status.OK

    def _invoke_kernel(self, context_address: int, node_address: int) -> int:
        try:
            if not getattr(self._thread, "is_kept", False):
                self._keep_thread_state()
            self._kernels[c_void_p.from_address(node_address + _USER_DATA).value].invoke()  # type: ignore[index]
        except BaseException as error:
            return report(context_address, error)
        return 0

    def _keep_thread_state(self) -> None:
        """Keep Python's state of a thread that Python did not make.

        ctypes makes and destroys that state around each callback, which costs more than the callback. A lock that is
        taken once more than it is released keeps it; the price is one small leak for each such thread that ends.
        """
        ctypes.pythonapi.PyGILState_Ensure()
        self._thread.is_kept = True


def report(context_address: int, error: BaseException) -> Status:
    """Tell the runtime what went wrong: the message of an error raised on purpose, all about any other."""
    if isinstance(error, NpuHalError):
        text = f"teflon: {error}"
    else:
        text = "teflon: unexpected error\n" + "".join(traceback.format_exception(error)).rstrip()
    report_text(context_address, text)
    return Status.ERROR


def report_text(context_address: int, text: str) -> None:
    """Hand `text` to the runtime's error reporter, which joins messages as they come."""
    context = TfLiteContext.from_address(context_address)
    if context.ReportError:
        context.ReportError(context_address, b"%s\n", text.encode(errors="replace"))
    else:
        _log.error("%s", text)


callbacks = Callbacks()
