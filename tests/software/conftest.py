"""How hypothesis runs in this room."""

from hypothesis import settings

# A busy machine makes single examples slow; that is no failure.
settings.register_profile("npu_hal", deadline=None)
settings.load_profile("npu_hal")
