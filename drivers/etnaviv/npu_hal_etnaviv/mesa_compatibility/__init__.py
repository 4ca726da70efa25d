"""What Mesa 25.1's driver does where this one does otherwise: used with the option `compatible=mesa` only."""
