"""What calls are given: plausible values, and some that are wrong."""

from hypothesis import strategies as st

from npu_hal_nnapi import OperandCode, OperationCode

# Chooses a handle; low numbers stand for wrong ones.
picks = st.integers(0, 99)
# Positions, of operands and of inputs and outputs.
small = st.integers(-1, 6)
lengths = st.sampled_from([0, 1, 2, 4, 8, 12, 16, 64, 4096, 2**32, 2**63])
kinds = st.sampled_from([*OperandCode, 10_000, -1])
dimensions = st.lists(st.sampled_from([0, 1, 2, 2, 3, 4, 2**31]), max_size=5)
scales = st.sampled_from([0.0, 0.5, 1.0, 0.25, -1.0, float("nan"), float("inf")])
operations = st.sampled_from([*OperationCode, 10_000, -1])
operands = st.lists(st.integers(0, 12), max_size=12)
