"""The stride that matters: along an axis of one output there is none."""


def common_stride(strides: tuple[int, int], output: tuple[int, int]) -> int | None:
    """The one stride of both directions (height, width) that gives the same outputs, or None if there is none."""
    relevant = {stride for stride, size in zip(strides, output, strict=True) if size > 1}
    if len(relevant) > 1:
        return None
    return relevant.pop() if relevant else 1


def accepted_stride(strides: tuple[int, int], output: tuple[int, int]) -> int:
    """The common stride of an operation that was accepted, which has one."""
    stride = common_stride(strides, output)
    if stride is None:
        raise AssertionError(f"strides {strides} were accepted for an output of {output}")
    return stride
