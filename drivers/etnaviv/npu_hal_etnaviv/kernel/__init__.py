"""The kernel's side of the NPU: buffers, submits and fences, by DRM ioctls or by an emulated NPU."""
