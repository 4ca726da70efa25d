"""From operations of a graph to records: which kernel runs each, with which constants and addresses."""
