"""Features of sounds, as audio models take them."""
