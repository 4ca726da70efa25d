"""What the NPU is asked to do: jobs of its convolution (NN) and rearranging (TP) units, as data."""
