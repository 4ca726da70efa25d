"""The small model of handwritten digits that the demo and the tests use: trained, quantised and written by numpy."""
