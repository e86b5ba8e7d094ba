"""Money given back to buyers."""
