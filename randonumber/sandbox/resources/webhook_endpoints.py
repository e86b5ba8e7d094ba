"""Webhook endpoints registered over the API; the two of the app are there without being registered."""

from urllib.parse import urlsplit

from randonumber.sandbox.addresses import web_address
from randonumber.sandbox.ids import characters, new_id
from randonumber.sandbox.recording import give_up
from randonumber.sandbox.scope import Json, Operations, Scope
from randonumber.sandbox.store import Record
from randonumber.sandbox.wire.errors import invalid, missing, not_here_yet
from randonumber.sandbox.wire.lists import page
from randonumber.sandbox.wire.metadata import merged


def create(scope: Scope, params: Json) -> Json:
    """POST /v1/webhook_endpoints: the answer alone holds the secret."""
    check_url(params["url"])
    secret = f"whsec_{characters(32)}"
    body = {
        "id": new_id("webhook_endpoint"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version"),
        "application": None,
        "created": scope.now,
        "description": params.get("description") or None,
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": merged({}, params.get("metadata")),
        "status": "enabled",
        "url": params["url"],
    }
    scope.insert(body, {"secret": secret, "connect": bool(params.get("connect"))})
    return body | {"secret": secret}


def check_url(url: str) -> None:
    """Refuse what nothing can be posted to, and any host but this machine: the sandbox speaks to nobody else."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not url.startswith(("http://", "https://")) or not host:
        raise invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.", param="url", code="url_invalid"
        )
    if not web_address(url):
        raise invalid("Not a valid URL", param="url", code="url_invalid")
    if host not in ("127.0.0.1", "localhost", "::1"):
        raise not_here_yet("endpoints on other machines", param="url")


def registered(scope: Scope, webhook_endpoint: str) -> Record:
    """Return an endpoint that is not deleted. Raises Refused with `resource_missing`."""
    found = scope.get("webhook_endpoint", webhook_endpoint, param="webhook_endpoint")
    if found.deleted:
        raise missing("webhook_endpoint", webhook_endpoint, param="webhook_endpoint")
    return found


def retrieve(scope: Scope, params: Json, webhook_endpoint: str) -> Json:
    """GET /v1/webhook_endpoints/{webhook_endpoint}."""
    del params
    return registered(scope, webhook_endpoint).body


def update(scope: Scope, params: Json, webhook_endpoint: str) -> Json:
    """POST /v1/webhook_endpoints/{webhook_endpoint}. What waits follows a new address; for a disabled one it ends."""
    found = registered(scope, webhook_endpoint)
    body, secret = found.body, found.hidden["secret"]
    if "url" in params:
        check_url(params["url"])
        scope.store.run("UPDATE deliveries SET url = ? WHERE secret = ? AND state = 'pending'", params["url"], secret)
    body |= {name: params[name] for name in ("url", "enabled_events") if name in params}
    body["description"] = params.get("description", body["description"]) or None
    if "disabled" in params:
        body["status"] = "disabled" if params["disabled"] else "enabled"
        if params["disabled"]:
            give_up(scope, secret)
    body["metadata"] = merged(body["metadata"], params.get("metadata"))
    return scope.save(body)


def delete(scope: Scope, params: Json, webhook_endpoint: str) -> Json:
    """DELETE /v1/webhook_endpoints/{webhook_endpoint}."""
    del params
    give_up(scope, registered(scope, webhook_endpoint).hidden["secret"])
    scope.store.mark_deleted(scope.account, webhook_endpoint)
    return {"id": webhook_endpoint, "object": "webhook_endpoint", "deleted": True}


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/webhook_endpoints."""
    return page(scope, "webhook_endpoint", params, url="/v1/webhook_endpoints")


OPERATIONS: Operations = {
    "GET /v1/webhook_endpoints": listing,
    "POST /v1/webhook_endpoints": create,
    "GET /v1/webhook_endpoints/{webhook_endpoint}": retrieve,
    "POST /v1/webhook_endpoints/{webhook_endpoint}": update,
    "DELETE /v1/webhook_endpoints/{webhook_endpoint}": delete,
}
