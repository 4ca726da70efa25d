"""The forms in which models tell where people's joints are."""
