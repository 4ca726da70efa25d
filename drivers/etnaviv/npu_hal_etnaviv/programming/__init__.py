"""From jobs to what the NPU reads: config words, coefficient buffers, command streams."""
