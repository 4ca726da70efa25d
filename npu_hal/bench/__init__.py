"""Measuring how fast models run: contenders take turns, each in a process of its own."""
