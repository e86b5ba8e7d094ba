"""Hosted onboarding: where the owner of a connected account says who they are."""

from flask import Blueprint

pages = Blueprint("onboarding", __name__)
