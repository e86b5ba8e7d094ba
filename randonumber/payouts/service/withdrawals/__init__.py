"""Use cases of withdrawals: one asked for, sent, settled, and what may become of it."""
