"""Use cases of paying out."""
