"""Random calls of the C functions, with handles and values that need not fit, and what each may answer."""
