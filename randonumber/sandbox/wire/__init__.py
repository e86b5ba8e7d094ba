"""Stripe's wire: keys, forms, idempotency, lists, expansion, metadata and the error envelope."""
