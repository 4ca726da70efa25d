"""The etnaviv DRM driver of the Linux kernel, by ioctl(2) and mmap(2) on a render node."""
