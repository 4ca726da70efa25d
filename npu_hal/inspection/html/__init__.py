"""An inspection as one HTML page that needs nothing else: no scripts, fonts or images from anywhere."""

from npu_hal.inspection.html.page import render_page

__all__ = ["render_page"]
