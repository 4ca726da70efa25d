"""Anchors of SSD detectors as the TensorFlow Object Detection API generates them, and its box coding.

Source: the API's multiple_grid_anchor_generator (SSD, arXiv:1512.02325, section 2.2) and faster_rcnn_box_coder with the
default parameters of its SSD configurations, which the published MobileNet and MobileDet detectors use.
"""

import math

import numpy as np
from numpy.typing import NDArray

_LAYERS = 6
_FIRST_STRIDE = 16
_MIN_SCALE, _MAX_SCALE = 0.2, 0.95
_ASPECT_RATIOS = (1.0, 2.0, 1 / 2, 3.0, 1 / 3)
# The first layer has three anchors only, a small square one among them.
_FIRST_LAYER = ((0.1, 1.0), (_MIN_SCALE, 2.0), (_MIN_SCALE, 0.5))

_CENTRE_SCALE = 10.0
_SIZE_SCALE = 5.0


def ssd_anchors(height: int, width: int) -> NDArray[np.float64]:
    """The anchors for an input of that size: ``[count, 4]`` as centre y, centre x, height, width, in fractions of it.

    The feature maps have strides of 16, 32, 64 ... pixels, sizes rounded up.
    """
    scales = [_MIN_SCALE + (_MAX_SCALE - _MIN_SCALE) * layer / (_LAYERS - 1) for layer in range(_LAYERS)] + [1.0]
    anchors = []
    for layer in range(_LAYERS):
        stride = _FIRST_STRIDE << layer
        rows, columns = math.ceil(height / stride), math.ceil(width / stride)
        shapes = _FIRST_LAYER if layer == 0 else _layer_shapes(scales[layer], scales[layer + 1])
        y, x = np.meshgrid((np.arange(rows) + 0.5) / rows, (np.arange(columns) + 0.5) / columns, indexing="ij")
        sizes = np.array([(scale / math.sqrt(ratio), scale * math.sqrt(ratio)) for scale, ratio in shapes])
        centres = np.stack([y, x], axis=-1).reshape(-1, 1, 2)
        grid = np.empty((rows * columns, len(shapes), 4))
        grid[..., :2], grid[..., 2:] = centres, sizes
        anchors.append(grid.reshape(-1, 4))
    return np.concatenate(anchors)


def decode_boxes(codes: NDArray[np.float64], anchors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes ``[count, 4]`` as top, left, bottom, right, from codes of centre y, x, height, width against `anchors`."""
    centres = codes[:, :2] / _CENTRE_SCALE * anchors[:, 2:] + anchors[:, :2]
    # Codes beyond this mean boxes larger than any picture; exp must not overflow for them.
    halves = np.exp(np.minimum(codes[:, 2:] / _SIZE_SCALE, 20.0)) * anchors[:, 2:] / 2
    return np.concatenate([centres - halves, centres + halves], axis=1)


def _layer_shapes(scale: float, next_scale: float) -> tuple[tuple[float, float], ...]:
    return (*((scale, ratio) for ratio in _ASPECT_RATIOS), (math.sqrt(scale * next_scale), 1.0))
