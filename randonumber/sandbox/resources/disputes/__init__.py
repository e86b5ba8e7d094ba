"""Money that banks take back for buyers."""
