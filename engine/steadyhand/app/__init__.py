"""The desk: use cases that every door (command line, web) goes through, and the composition root."""
