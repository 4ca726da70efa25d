"""Where Mesa lets a convolution begin to read (hardware note, section 4, "this is a [driver] rule")."""

SMALLEST_PADDED_KERNEL = 3
LARGE_KERNEL = 5
SMALL_IMAGE = 5


def padding_offset(*, same: bool, kernel: int, stride: int, image: int, is_depthwise: bool) -> int:
    """Position of the first tap relative to the first output; kernel and image are those of the rewritten job."""
    if not same or kernel < SMALLEST_PADDED_KERNEL:
        return 0
    if stride == 1:
        return -1 if kernel < LARGE_KERNEL else -2
    if image < SMALL_IMAGE or (is_depthwise and (kernel == LARGE_KERNEL or image == SMALL_IMAGE)):
        is_one = kernel < LARGE_KERNEL if image <= SMALL_IMAGE else kernel >= LARGE_KERNEL
        return -1 if is_one else -2
    return 0
