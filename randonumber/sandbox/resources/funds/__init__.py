"""Balances, and the money that moves between them and out to banks."""
