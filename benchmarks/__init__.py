"""Draws per second beside others, in one run on one machine: `make bench`."""
