"""Checkout Sessions and what they are made of."""
