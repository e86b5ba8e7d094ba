"""Connect OAuth: the consent page, and the token and deauthorize calls beside it."""

from flask import Blueprint

pages = Blueprint("oauth", __name__)
