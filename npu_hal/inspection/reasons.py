"""Gathering refusals that say the same of different operations."""

import re
from collections.abc import Sequence

from npu_hal.inspection.inspection import OperationRecord, Reason, TensorRecord

ELLIPSIS = "…"
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def group_reasons(operations: Sequence[OperationRecord], tensors: dict[int, TensorRecord]) -> tuple[Reason, ...]:
    """The reasons among `operations`, those that cost the most multiply-accumulates first.

    Heuristic: reasons are the same if they differ in nothing but numbers and names of the operation's own tensors.
    """
    groups: dict[str, list[OperationRecord]] = {}
    for operation in operations:
        if operation.reason:
            unnamed = _without_names(operation, tensors)
            groups.setdefault(NUMBER.sub("#", unnamed), []).append(operation)
    reasons = [
        Reason(
            _common([_without_names(member, tensors) for member in members]),
            tuple(member.position for member in members),
            sum(member.macs for member in members),
        )
        for members in groups.values()
    ]
    return tuple(sorted(reasons, key=lambda reason: (-reason.macs, -len(reason.operations))))


def _without_names(operation: OperationRecord, tensors: dict[int, TensorRecord]) -> str:
    text = operation.reason
    names = {tensors[index].name for index in (*operation.inputs, *operation.outputs) if index in tensors}
    # Names can contain each other; very short ones are as likely to be part of a word.
    for name in sorted((name for name in names if len(name) > 2), key=len, reverse=True):
        text = text.replace(f"{name!r}", ELLIPSIS).replace(name, ELLIPSIS)
    return text


def _common(texts: Sequence[str]) -> str:
    """The words of texts that differ in numbers only; a number that is not the same in all becomes an ellipsis."""
    if len(set(texts)) == 1:
        return texts[0]
    numbers = [NUMBER.findall(text) for text in texts]
    columns = iter(list(zip(*numbers, strict=True)))

    def number(match: re.Match[str]) -> str:
        return match[0] if len(set(next(columns))) == 1 else ELLIPSIS

    return NUMBER.sub(number, texts[0])
