"""Stripe's OpenAPI description, and the two checks made from it: of parameters and of answers."""
