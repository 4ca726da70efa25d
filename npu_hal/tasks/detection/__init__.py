"""The forms in which models tell where objects are."""
