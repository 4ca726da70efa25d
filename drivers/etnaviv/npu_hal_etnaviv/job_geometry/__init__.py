"""How an NN job is cut for the hardware: tiles, superblocks, on-chip memory.

The rules of these modules are heuristics: known-good choices, not the only ones that the hardware takes.
"""
