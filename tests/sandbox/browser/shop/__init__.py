"""A small shop with Stripe.js, on another origin than the sandbox, as strict about content as the product."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import stripe
from flask import Flask, Response, jsonify, request

FOLDER = Path(__file__).parent
KEY = "sk_test_shop"
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/shop.css">
<script nonce="{nonce}" src="{sandbox}/js/stripe.js"></script>
<script nonce="{nonce}" type="module" src="/{script}.js"></script></head>
<body><main><h1>{title}</h1>{body}</main></body></html>"""
FORM = """<form><div id="element"></div><p id="error" role="alert"></p><button>Pay</button></form>"""


def sdk(sandbox_url: str) -> stripe.StripeClient:
    """The shop's server side, over HTTP."""
    return stripe.StripeClient(KEY, base_addresses={"api": sandbox_url}, max_network_retries=0)


def create_shop(sandbox_url: str) -> Flask:
    """Return the shop: `/pay` with the form, `/return` where buyers come back to, `/intent` for the form's script."""
    app = Flask("shop", static_folder=str(FOLDER), static_url_path="/")
    client = sdk(sandbox_url)

    def page(title: str, script: str, body: str) -> Response:
        nonce = secrets.token_urlsafe()
        html = PAGE.format(title=title, script=script, body=body, nonce=nonce, sandbox=sandbox_url)
        return Response(html, headers={"Content-Security-Policy": policy(nonce, sandbox_url)})

    @app.get("/pay")
    def pay() -> Response:
        return page("Pay", "pay", FORM)

    @app.get("/return")
    def back() -> Response:
        return page("Thank you", "back", '<p id="status"></p>')

    @app.post("/intent")
    def intent() -> Response:
        wanted: dict[str, Any] = request.get_json()
        create: Any = client.v1.setup_intents.create if wanted.pop("setup") else client.v1.payment_intents.create
        return jsonify(client_secret=create(wanted).client_secret)

    return app


def policy(nonce: str, sandbox_url: str) -> str:
    """Return a Content-Security-Policy without anything inline, as the product's."""
    return (
        f"default-src 'none'; base-uri 'none'; script-src 'nonce-{nonce}' {sandbox_url}; frame-src {sandbox_url}; "
        f"connect-src 'self' {sandbox_url}; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'"
    )
