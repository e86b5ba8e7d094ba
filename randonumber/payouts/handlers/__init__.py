"""What events of Stripe mean to accounts and withdrawals."""
