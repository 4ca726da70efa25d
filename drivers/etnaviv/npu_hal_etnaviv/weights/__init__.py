"""Weights, biases and scales of jobs from those of the model (hardware note, sections 3 and 4)."""
