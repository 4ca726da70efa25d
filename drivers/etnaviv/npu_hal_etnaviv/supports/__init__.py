"""What the NPU can run, decided from an operation and its tensors alone: one module for each family of operations."""
