"""The Vivante NPU as data: core variants, registers, and the bit fields of its in-memory structures."""
