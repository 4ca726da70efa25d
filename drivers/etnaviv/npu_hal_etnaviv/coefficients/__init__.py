"""Coefficient buffers: the two compressed forms in which NN jobs read weights and biases."""
