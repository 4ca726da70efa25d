"""MoveNet for one person: the key points themselves."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from npu_hal.tasks.interface import ModelInterface
from npu_hal.tasks.poses.body import Body
from npu_hal.tasks.poses.skeleton import KEY_POINTS


class MoveNet:
    """An output ``[1, 1, 17, 3]``: y, x in fractions of the input, and score, for each key point."""

    @classmethod
    def of(cls, interface: ModelInterface) -> "MoveNet | None":
        """The form, if there is one such output."""
        shapes = [tensor.shape for tensor in interface.outputs]
        return cls() if shapes == [(1, 1, len(KEY_POINTS), 3)] else None

    def decode(self, outputs: Sequence[NDArray[np.float64]], threshold: float, count: int) -> list[Body]:
        """The person, unless the score is too low."""
        points = outputs[0][0, 0]
        body = Body(points[:, :2], points[:, 2])
        return [body] if body.score > threshold and count else []
