"""Stripe.js in its place: the script, and the frames it puts into a shop's page."""

from flask import Blueprint

pages = Blueprint("stripejs", __name__)
