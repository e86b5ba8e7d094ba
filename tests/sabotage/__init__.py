"""One-line defects, each of which a named test must find: `make sabotage`."""
