"""Use cases of accounts: each opens its own short transactions."""
