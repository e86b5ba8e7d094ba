"""Refuse what a page of another site could send without asking."""

from flask import abort, request


def refuse_other_sites() -> None:
    """403 for a request that a browser says comes from elsewhere."""
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        abort(403, "Cross-site requests are refused.")
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.host_url.rstrip("/"):
        abort(403, "Cross-site requests are refused.")
