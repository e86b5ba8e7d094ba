"""The sandbox's pages and its Stripe.js in a real browser."""
