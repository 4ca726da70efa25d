"""The reference level: the definition of what every operation computes, in numpy.

Integer results are those of TensorFlow Lite's reference kernels (BUILTIN_REF), bit for bit; float32 results agree
with them to 1e-5. One file holds one family of operations, with its formulas; `definitions` lists all kinds.
"""
