"""How the program ends, for those who call it."""

DONE = 0
FAILED = 1
# Given by typer, for unknown commands and options and values that do not parse.
WRONG_USAGE = 2
INTERRUPTED = 130
# What a shell reports of a program that SIGPIPE ended, as it does most programs whose reader has gone.
READER_GONE = 141
