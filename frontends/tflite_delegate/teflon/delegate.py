"""A TensorFlow Lite delegate that hands operators to a driver of npu-hal."""

from collections.abc import Mapping
from ctypes import addressof
from dataclasses import dataclass
from weakref import WeakSet, finalize

from npu_hal.api import Device, InvalidState, NpuHalError
from npu_hal.registry import Registry, default_registry
from npu_hal.selection import select
from teflon import debug
from teflon.callbacks import callbacks
from teflon.compiler import Compiler
from teflon.delegate_options import DelegateOptions
from teflon.delegated_model import DelegatedModel
from teflon.execution_plan import read_execution_plan
from teflon.kernel import Kernel, TimedKernel
from teflon.partition import Partition
from teflon.tflite_abi import (
    DelegateFlags,
    TfLiteContext,
    TfLiteDelegate,
    TfLiteDelegateParams,
    TfLiteRegistration,
    int_array,
    read_ints,
)


@dataclass(frozen=True, slots=True)
class DelegationReport:
    """What became of a model's operators, by the runtime's node indices.

    `partitions` are the groups that run on the device as one subgraph each; `refusals` says why a node was left to the
    runtime.
    """

    partitions: tuple[tuple[int, ...], ...]
    refusals: Mapping[int, str]


class _Application:
    """The delegate being applied to one subgraph of a model."""

    def __init__(self, model: DelegatedModel) -> None:
        self.model = model
        self.partitions: list[tuple[int, ...]] = []
        self.error: BaseException | None = None


class Delegate:
    """A delegate for ``Interpreter(experimental_delegates=[Delegate(...)])``.

    `driver`, `device` and `options` choose as `npu_hal.selection` describes; `options` may also hold ``driver`` and
    ``device``, and the driver's options by their name or by ``driver.<name>``. Raises `NoSuchDriver`,
    `InvalidOption`, and what opening the device raises.

    `report` tells what became of the operators of the model, or subgraph of a model, that the delegate was applied to
    last; None before that. Operators whose shapes depend on data are left to the runtime.

    Resizing an input compiles anew what depends on it when the tensors are allocated, which fails with the reason if
    the shapes do not fit. What the delegate takes is decided once: if the device refuses an operator with its new
    shapes, the registry's fallback driver runs it, and a warning says so.

    One delegate serves any number of interpreters and threads. It keeps its device open until it is closed, or until
    neither the caller nor an interpreter needs it.
    """

    def __init__(
        self,
        driver: str | None = None,
        device: str | None = None,
        options: Mapping[str, str] | None = None,
        registry: Registry | None = None,
    ) -> None:
        self._is_verbose = debug.configure()
        parsed = DelegateOptions.parse(options or {})
        selection = select(driver or parsed.driver, device or parsed.device, registry)
        self._device = selection.driver.open(selection.device, parsed.driver_options(selection.driver))
        self._compiler = Compiler(selection.driver.name, self._device, registry or default_registry(), self._is_verbose)
        self._kernels: WeakSet[Kernel] = WeakSet()
        self._close = finalize(self, _close, self._device, self._kernels)
        self._applications: dict[int, _Application] = {}
        self.report: DelegationReport | None = None
        self.native = TfLiteDelegate(Prepare=callbacks.prepare_delegate, flags=DelegateFlags.ALLOW_DYNAMIC_TENSORS)
        self._address = callbacks.register(self)

    def close(self) -> None:
        """Close the subgraphs and the device; interpreters that use them fail from then on. May be called again."""
        self._close()

    def __enter__(self) -> "Delegate":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _get_native_delegate_pointer(self) -> int:
        """The address of the C structure; this is what the runtimes' Python interpreters ask a delegate for."""
        return self._address

    def apply(self, context: TfLiteContext, registration: TfLiteRegistration) -> None:
        """Take over the nodes of `context` that the device supports; called by the runtime.

        Raises `NpuHalError` if the runtime refuses, or a partition does not compile.
        """
        if not self._close.alive:
            raise InvalidState("the delegate has been closed")
        plan = read_execution_plan(context)
        model = DelegatedModel(context, plan, self._device)
        application = _Application(model)
        if self._is_verbose:
            debug.log_candidates(plan, model.candidates)
        key = addressof(context)
        self._applications[key] = application
        try:
            nodes = int_array(model.candidates.nodes)
            status = context.ReplaceNodeSubsetsWithDelegateKernels(key, registration, addressof(nodes), self._address)
        finally:
            del self._applications[key]
        if application.error is not None:
            raise application.error
        if status:
            raise NpuHalError("the runtime could not replace the nodes that the delegate takes over")
        self.report = DelegationReport(tuple(application.partitions), model.candidates.refusals)

    def create_kernel(self, context: TfLiteContext, params: TfLiteDelegateParams) -> Kernel | None:
        """Compile the nodes of `params`; called by the runtime, from within `apply`."""
        application = self._applications.get(addressof(context))
        if application is None:
            raise InvalidState("the runtime asks for a part of a model that the delegate was not applied to")
        if application.error is not None:
            return None
        try:
            return self._create_kernel(application, context, params)
        except BaseException as error:
            application.error = error
            return None

    def _create_kernel(self, application: _Application, context: TfLiteContext, params: TfLiteDelegateParams) -> Kernel:
        nodes = read_ints(params.nodes_to_replace)
        name = f"partition {len(application.partitions)}"
        partition = Partition(application.model, nodes, read_ints(params.output_tensors), name, self._compiler)
        kernel = (TimedKernel if self._is_verbose else Kernel)(partition, context, self)
        self._kernels.add(kernel)
        application.partitions.append(nodes)
        return kernel


def _close(device: Device, kernels: "WeakSet[Kernel]") -> None:
    """Close what is left in the order that drivers rely on: subgraphs, then their device."""
    for kernel in tuple(kernels):
        kernel.close()
    device.close()
