"""From a graph to jobs: one module for each operation or rewriting rule."""
