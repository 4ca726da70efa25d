"""Where images lie: lifetimes, and memory shared by images that do not live at the same time."""
