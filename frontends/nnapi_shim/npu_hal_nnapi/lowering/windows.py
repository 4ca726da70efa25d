"""Convolutions and pooling."""

from typing import Any

from npu_hal.api import (
    Activation,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    DType,
    ExplicitPadding,
    L2Pool2D,
    MaxPool2D,
    Pad,
    Padding,
    Padding2D,
    Quantization,
    Quantize,
    TransposeConv,
)
from npu_hal_nnapi.codes import OperandCode, PaddingCode
from npu_hal_nnapi.errors import bad_data
from npu_hal_nnapi.lowering.context import OperationContext

Pool = type[AveragePool2D | MaxPool2D | L2Pool2D]


class _Arguments:
    """The arguments of an operation with a window, from a position on: explicit padding, or a padding scheme."""

    def __init__(self, context: OperationContext, start: int, explicit: bool) -> None:
        self._context = context
        self._next = start
        self.padding: Padding2D
        if explicit:
            left, right, top, bottom = (self._size(self.integer()) for _ in range(4))
            self.padding = ExplicitPadding(top=top, bottom=bottom, left=left, right=right)
        else:
            scheme = self.integer()
            if scheme not in (PaddingCode.SAME, PaddingCode.VALID):
                raise bad_data(f"{scheme} is no padding scheme")
            self.padding = Padding.SAME if scheme == PaddingCode.SAME else Padding.VALID

    def integer(self) -> int:
        """The next argument."""
        value = self._context.integer(self._next)
        self._next += 1
        return value

    def strides(self) -> dict[str, int]:
        """The next two: width, then height."""
        width, height = self.integer(), self.integer()
        return {"stride_width": width, "stride_height": height}

    def activation(self) -> Activation:
        """The next argument."""
        self._next += 1
        return self._context.activation(self._next - 1)

    def channels_first(self) -> bool:
        """The next argument, if there is one."""
        self._next += 1
        return self._context.flag(self._next - 1)

    def dilations(self) -> dict[str, int]:
        """The next two, width and height, if they are there."""
        if self._next >= self._context.count:
            return {}
        width, height = self.integer(), self.integer()
        return {"dilation_width": width, "dilation_height": height}

    @staticmethod
    def _size(value: int) -> int:
        if value < 0:
            raise bad_data(f"a padding of {value} elements is negative")
        return value


def _is_flag(context: OperationContext, position: int) -> bool:
    """Whether an argument is a boolean, which tells forms with as many arguments apart."""
    return context.count > position and context.type(position).code is OperandCode.BOOL


def lower_conv_2d(context: OperationContext) -> None:
    """(input, filter, bias, padding 4 or scheme, stride w, stride h, activation[, NCHW[, dilation w, dilation h]])."""
    explicit = context.count >= 10 and not _is_flag(context, 7)
    arguments = _Arguments(context, 3, explicit)
    attributes: dict[str, Any] = {**arguments.strides(), "activation": arguments.activation()}
    channels_first = arguments.channels_first()
    attributes |= arguments.dilations()
    _append_convolution(context, Conv2D, arguments.padding, channels_first, attributes)


def lower_grouped_conv_2d(context: OperationContext) -> None:
    """(input, filter, bias, padding 4 or scheme, stride w, stride h, groups, activation, NCHW)."""
    arguments = _Arguments(context, 3, context.count == 12)
    strides, groups = arguments.strides(), arguments.integer()
    activation, channels_first = arguments.activation(), arguments.channels_first()
    channels = context.shape_of_rank(0, 4)[1 if channels_first else 3]
    depth = context.shape_of_rank(1, 4)[3]
    if groups < 1 or channels != groups * depth:
        raise bad_data(f"a filter of {depth} channels does not fit {groups} groups of an input of {channels} channels")
    attributes = {**strides, "activation": activation}
    _append_convolution(context, Conv2D, arguments.padding, channels_first, attributes)


def lower_depthwise_conv_2d(context: OperationContext) -> None:
    """As CONV_2D, with the depth multiplier before the activation."""
    explicit = context.count >= 11 and not _is_flag(context, 8)
    arguments = _Arguments(context, 3, explicit)
    attributes: dict[str, Any] = {**arguments.strides(), "depth_multiplier": arguments.integer()}
    attributes["activation"] = arguments.activation()
    channels_first = arguments.channels_first()
    attributes |= arguments.dilations()
    _append_convolution(context, DepthwiseConv2D, arguments.padding, channels_first, attributes)


def lower_transpose_conv_2d(context: OperationContext) -> None:
    """(input, filter, bias, padding 4 | output shape, scheme, stride w, stride h, activation, NCHW)."""
    explicit = context.count == 11
    arguments = _Arguments(context, 3 if explicit else 4, explicit)
    strides = arguments.strides()
    activation, channels_first = arguments.activation(), arguments.channels_first()
    if explicit:
        height, width = _transposed_size(context, arguments.padding, strides, channels_first)
    else:
        shape = context.integers(3)
        if len(shape) != 4:
            raise bad_data(f"{list(shape)} is no shape of an image")
        height, width = shape[2:] if channels_first else shape[1:3]
    attributes = {**strides, "activation": activation, "height": height, "width": width}
    _append_convolution(context, TransposeConv, arguments.padding, channels_first, attributes)


def _transposed_size(
    context: OperationContext, padding: Padding2D, strides: dict[str, int], channels_first: bool
) -> tuple[int, int]:
    if not isinstance(padding, ExplicitPadding):
        raise TypeError("the output's size follows from explicit padding only")
    shape, taps = context.shape_of_rank(0, 4), context.shape_of_rank(1, 4)
    rows, columns = shape[2:] if channels_first else shape[1:3]
    height = (rows - 1) * strides["stride_height"] + taps[1] - padding.top - padding.bottom
    width = (columns - 1) * strides["stride_width"] + taps[2] - padding.left - padding.right
    if height < 1 or width < 1:
        raise bad_data(f"nothing is left of an output of {height}x{width}")
    return height, width


def _append_convolution(
    context: OperationContext,
    kind: type[Conv2D | DepthwiseConv2D | TransposeConv],
    padding: Padding2D,
    channels_first: bool,
    attributes: dict[str, Any],
) -> None:
    context.shape_of_rank(0, 4)
    x = context.image(0, channels_first)
    if kind is DepthwiseConv2D:
        x = _with_channels_of_filter(context, x, attributes["depth_multiplier"])
    per_channel = context.type(1).code is OperandCode.TENSOR_QUANT8_SYMM_PER_CHANNEL
    unsigned = context.type(0).code is OperandCode.TENSOR_QUANT8_ASYMM
    weights = context.tensor(1)
    result = context.image_result(channels_first)
    output = context.operation.outputs[0]
    if per_channel and unsigned:
        # Graphs have per-axis weights in int8 only; shifting both sides by 128 is exact.
        x = _signed(context, x, context.graph.quantization_of(context.operation.inputs[0]))
        wanted = context.graph.quantization_of(output)
        y = context.temporary(DType.INT8, _shifted(wanted))
    else:
        y = result.tensor
    context.append(
        kind(input=x, filter=weights, bias=context.optional_tensor(2), output=y, padding=padding, **attributes)
    )
    if y != result.tensor:
        context.append(Quantize(input=y, output=result.tensor))
    result.finish()


def _with_channels_of_filter(context: OperationContext, x: int, depth_multiplier: int) -> int:
    """`x`, with channels of real value 0 added if a depthwise filter has more than the input asks for.

    The specification's example cases hold such a model: outputs without an input channel are their bias.
    """
    channels, outputs = context.graph.builder.shape(x)[3], context.shape_of_rank(1, 4)[3]
    missing = outputs // max(depth_multiplier, 1) - channels
    if missing <= 0:
        return x
    index = context.operation.inputs[0]
    wider = context.temporary(context.graph.dtype_of(index), context.graph.quantization_of(index))
    context.append(Pad(input=x, output=wider, paddings=((0, 0), (0, 0), (0, 0), (0, missing))))
    return wider


def _signed(context: OperationContext, tensor: int, quantization: Quantization | None) -> int:
    signed = context.temporary(DType.INT8, _shifted(quantization))
    context.append(Quantize(input=tensor, output=signed))
    return signed


def _shifted(quantization: Quantization | None) -> Quantization | None:
    if quantization is None:
        return None
    return Quantization.per_tensor(quantization.scale, quantization.zero_point - 128)


def lower_pool(context: OperationContext, kind: Pool) -> None:
    """(input, padding 4 or scheme, stride w, stride h, filter w, filter h, activation[, NCHW])."""
    arguments = _Arguments(context, 1, context.count >= 10)
    strides = arguments.strides()
    width, height = arguments.integer(), arguments.integer()
    activation, channels_first = arguments.activation(), arguments.channels_first()
    x = context.image(0, channels_first)
    result = context.image_result(channels_first)
    context.append(
        kind(
            input=x,
            output=result.tensor,
            filter_width=width,
            filter_height=height,
            padding=arguments.padding,
            activation=activation,
            **strides,
        )
    )
    result.finish()
