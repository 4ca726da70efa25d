"""Whether what is needed to run models is there and works, and what to do where it does not.

Drivers add what they know of their machine by `npu_hal.api.Driver.diagnose`, frontends and others by an entry point of
the group `npu_hal.doctor`: a function without parameters that returns a sequence of `npu_hal.api.Finding`.
"""

from npu_hal.doctor.examination import Examination, Section
from npu_hal.doctor.examine import examine

__all__ = ["Examination", "Section", "examine"]
