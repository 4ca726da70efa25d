"""An emulated NPU: it sees what the kernel's driver would see, buffers and command words, and computes from them alone.

It shares with the encoders the declarative description of registers and bit fields, and nothing else.
"""
