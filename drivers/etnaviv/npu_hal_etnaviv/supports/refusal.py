"""How rules say no."""


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error
    """An operation is not supported; the message is the reason in words."""


def require(condition: bool, reason: str) -> None:
    """Raise Refusal with the reason unless the condition holds."""
    if not condition:
        raise Refusal(reason)
