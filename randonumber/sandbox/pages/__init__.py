"""Pages for people: hosted Checkout, the challenge, receipts, and the dashboard."""
