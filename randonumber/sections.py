"""The pages that show something of several features: each part is a section that its feature has registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app, render_template
from markupsafe import Markup

from randonumber import hooks
from randonumber.database import transaction

if TYPE_CHECKING:
    from randonumber.hooks import Section


def render(page: str, user_id: int, **shared: Any) -> list[tuple[Section, Markup]]:
    """Return the sections of a page for a user, each with its HTML.

    `shared` is what every template of the page may use, such as a form that was refused and keeps what was typed.
    """
    with transaction() as session:
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - behind Flask's proxy
        found = [(section, section.context(session, user_id)) for section in hooks.sections(app, page)]
    return [
        (section, Markup(render_template(section.template, **{**context, **shared})))  # noqa: S704 - a whole template
        for section, context in found
        if context is not None
    ]


def wallet_page(user_id: int, **shared: Any) -> str:
    """Return the page of a user's wallet; `shared` as for `render`."""
    return render_template("wallet/show.html", sections=render("wallet", user_id, **shared))
