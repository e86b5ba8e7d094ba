"""What the API was asked, and what it answered."""

import json

from flask import abort, render_template, request

from randonumber.sandbox.pages.dashboard import reading
from randonumber.sandbox.pages.dashboard.blueprint import before, chosen_account, pages
from randonumber.sandbox.pages.layout import sandbox
from randonumber.sandbox.scope import Scope, unit

# What can be asked for, and the rows that it means.
NARROWED = {
    "refused": "status >= 400",
    "writing": "operation NOT LIKE 'GET %'",
    "replayed": "id IN (SELECT request_id FROM replays)",
}


@pages.get("/dashboard/requests")
def requests() -> str:
    """Show requests, newest first; `only` narrows the list."""
    only = request.args.get("only", "")
    conditions = ["seq < ?", *([NARROWED[only]] if only in NARROWED else [])]
    values: list[str | int] = [before()]
    if chosen_account():
        conditions.append("account = ?")
        values.append(chosen_account())
    with unit(sandbox()) as scope:
        found = scope.store.rows(
            f"SELECT * FROM requests WHERE {' AND '.join(conditions)} ORDER BY seq DESC LIMIT ?",  # noqa: S608
            *values, reading.PAGE + 1,
        )  # fmt: skip
        accounts = reading.accounts(scope.store)
        originals = {one["id"]: original_of(scope, one["id"]) for one in found}
    return render_template(
        "requests.html",
        requests=found[: reading.PAGE],
        more=found[reading.PAGE - 1]["seq"] if len(found) > reading.PAGE else None,
        first="before" not in request.args,
        only=only,
        choices=tuple(NARROWED),
        accounts=accounts,
        originals={name for name, original in originals.items() if original},
    )


@pages.get("/dashboard/requests/<request_id>")
def one_request(request_id: str) -> str:
    """One request with its parameters, its answer, and what else was asked under its key."""
    with unit(sandbox()) as scope:
        row = scope.store.row("SELECT * FROM requests WHERE id = ?", request_id)
        if row is None:
            abort(404, "There is no such request in the sandbox.")
        same_key = scope.store.rows(
            "SELECT * FROM requests WHERE account = ? AND key = ? AND seq <> ? ORDER BY seq DESC LIMIT 20",
            row["account"], row["key"], row["seq"],
        )  # fmt: skip
        original = original_of(scope, request_id)
    return render_template(
        "request.html",
        row=row,
        params=pretty(row["params"]),
        answer_text=pretty(row["answer"]),
        same_key=same_key,
        original=original,
    )


def original_of(scope: Scope, request_id: str) -> str | None:
    """Return the request whose answer was given again to this one, None when it was run itself."""
    row = scope.store.row("SELECT original FROM replays WHERE request_id = ?", request_id)
    return row["original"] if row else None


def pretty(text: str) -> str:
    """Return JSON with its lines, or what was cut off as it stands."""
    try:
        return json.dumps(json.loads(text), indent=2)
    except json.JSONDecodeError:
        return text + " …"
