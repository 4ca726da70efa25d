"""Weights of convolutions and fully connected layers as int8, with what their zero points add."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from npu_hal.api import DType, Tensor
from npu_hal_software.jit.packing.int8_terms import int8_terms
from npu_hal_software.jit.program import Program, stored_zero_point


class CentredWeights(NamedTuple):
    """int8 arrays, and what is left of the zero point: true weight = sum of the terms - `remainder`.

    Terms after the first are sparse.
    """

    terms: tuple[NDArray[np.int8], ...]
    remainder: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the weights."""
        return self.terms[0].shape

    def reshaped(self, *shape: int) -> "CentredWeights":
        """The same weights in another shape."""
        return CentredWeights(tuple(term.reshape(shape) for term in self.terms), self.remainder)

    def transposed(self, *axes: int) -> "CentredWeights":
        """The same weights with their axes permuted."""
        terms = tuple(np.ascontiguousarray(term.transpose(axes)) for term in self.terms)
        return CentredWeights(terms, self.remainder)

    def sums(self) -> NDArray[np.int64]:
        """Sums over all axes but the first, of the terms; modulo 2**32, as accumulators are."""
        flat = [term.reshape(term.shape[0], -1) for term in self.terms]
        return sum((np.add.reduce(term, axis=1, dtype=np.int32) for term in flat), np.zeros(len(flat[0]), np.int64))


def centre_weights(tensor: Tensor) -> CentredWeights:
    """Weights less their zero point, as int8.

    Those that do not fit have a second term where they are few; where they are many, the weights are taken less 128
    and the rest of the zero point is the `remainder`. Zero points that differ between channels are folded in, which
    int8 holds as long as the weights fit.
    """
    data = tensor.constant()
    zero_points = tensor.affine().zero_point_array()
    if tensor.dtype is DType.INT8 and not zero_points.any():
        return CentredWeights((data,))
    if (zero_points != zero_points[0]).any():
        axis = tensor.affine().axis or 0
        shape = [1] * data.ndim
        shape[axis] = -1
        return CentredWeights(((data.astype(np.int16) - zero_points.reshape(shape)).astype(np.int8),))
    zero_point = int(zero_points[0])
    outside = _beyond_int8(tensor, zero_point)
    if not outside.size or second_term_pays(outside.size, data.size, data.shape[0]):
        # Differences wrap around where they do not fit.
        centred = (data - data.dtype.type(zero_point)).view(np.int8)
        first, *further = int8_terms(data.reshape(-1)[outside].astype(np.int16) - np.int16(zero_point))
        centred.reshape(-1)[outside] = first
        return CentredWeights((centred, *(_scattered(term, outside, data.shape) for term in further)))
    if tensor.dtype is DType.UINT8:
        return CentredWeights(((data ^ np.uint8(0x80)).view(np.int8),), zero_point - 128)
    return CentredWeights((data,), zero_point)


def _beyond_int8(tensor: Tensor, zero_point: int) -> NDArray[np.intp]:
    """Flat positions of the weights that do not fit int8 less their zero point."""
    flat = tensor.constant().reshape(-1)
    smallest, largest = tensor.dtype.integer_range
    low, high = zero_point - 128, zero_point + 127
    # Weights are bytes: they can lie beyond one end only.
    if low > smallest:
        return np.flatnonzero(flat < low)
    return np.flatnonzero(flat > high) if high < largest else np.empty(0, np.intp)


def _scattered(values: NDArray[np.int8], positions: NDArray[np.intp], shape: tuple[int, ...]) -> NDArray[np.int8]:
    """An array of zeros with `values` at flat positions."""
    result = np.zeros(shape, np.int8)
    result.reshape(-1)[positions] = values
    return result


def second_term_pays(outside: int, size: int, channels: int) -> bool:
    """Heuristic: whether a sparse second term costs less than sums of the inputs for every output position.

    Each weight outside adds a step to the sum of a tile of 64 channels at worst, of all ``depth / 4`` of them; sums of
    inputs cost about as much as 7 such steps, and one for each 32 inputs.
    """
    depth = size / channels
    tiles = -(-channels // 64)
    return outside < (7 + depth / 32) * min(tiles, 4)


def fits_int8(tensor: Tensor) -> bool:
    """Whether `centre_weights` can represent the weights: it cannot if zero points differ and differences overflow."""
    zero_points = tensor.affine().zero_point_array()
    if (zero_points == zero_points[0]).all():
        return True
    data = tensor.constant()
    return bool(data.min() - zero_points.max() >= -128 and int(data.max()) - int(zero_points.min()) <= 127)


def bias_values(program: Program, index: int | None, channels: int) -> NDArray[np.int64]:
    """The bias of each channel; zeros if there is none."""
    if index is None:
        return np.zeros(channels, np.int64)
    return program.tensor(index).constant().astype(np.int64).reshape(-1)


def folded_bias(
    bias: NDArray[np.int64], weights: CentredWeights, input_: Tensor, signed_activations: bool
) -> NDArray[np.int32]:
    """The bias with everything that does not depend on the input, for weights of shape (channels, depth).

    sum((a - za) (w - d)) = sum(a w) - d sum(a) - za sum(w) + depth za d; if dot products see a - 128, the stored
    zero point counts as that much less in the third term.
    """
    zero_point = stored_zero_point(input_)
    depth = int(np.prod(weights.shape[1:]))
    seen_zero_point = zero_point - (128 if signed_activations else 0)
    total = bias - seen_zero_point * weights.sums() + depth * zero_point * weights.remainder
    return wrapped(total)


def wrapped(values: NDArray[np.int64]) -> NDArray[np.int32]:
    """int64 values as int32 accumulators have them: modulo 2**32."""
    return values.astype(np.uint64).astype(np.uint32).view(np.int32)


def product_multipliers(
    input_: Tensor, weights: Tensor, output: Tensor, channels: int, *, xnnpack: bool, is_convolution: bool = True
) -> NDArray[np.float64]:
    """The real multiplier of each channel.

    TensorFlow Lite multiplies the scales in double precision (PopulateConvolutionQuantizationParams), but those of
    uint8 convolutions with one weight scale in single precision first (GetQuantizedConvolutionMultipler); XNNPACK does
    all of it in single precision.
    """
    scale_x = np.float32(input_.affine().scale)
    scale_w = weights.affine().scale_array()
    scale_y = np.float32(output.affine().scale)
    if xnnpack:
        real = (scale_x * scale_w / scale_y).astype(np.float64)
    elif is_convolution and weights.dtype is DType.UINT8 and not weights.affine().is_per_axis:
        real = (scale_x * scale_w).astype(np.float64) / np.float64(scale_y)
    else:
        real = scale_x.astype(np.float64) * scale_w.astype(np.float64) / np.float64(scale_y)
    return np.ascontiguousarray(np.broadcast_to(real, (channels,)))
