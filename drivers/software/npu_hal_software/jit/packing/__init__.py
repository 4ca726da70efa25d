"""Weights and constants in the layouts that the kernels read."""
