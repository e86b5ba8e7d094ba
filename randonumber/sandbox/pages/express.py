"""The Express dashboard, behind a login link: what the owner of a connected account sees."""

from flask import Blueprint

pages = Blueprint("express", __name__)
