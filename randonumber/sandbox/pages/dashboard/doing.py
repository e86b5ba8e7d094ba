"""The forms on an object's page: do it and go back, or say in place why not."""

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from randonumber.sandbox.pages.dashboard.actions import ACTIONS
from randonumber.sandbox.pages.dashboard.blueprint import pages
from randonumber.sandbox.pages.dashboard.object_page import found_or_404, page
from randonumber.sandbox.pages.layout import sandbox
from randonumber.sandbox.same_site import refuse_other_sites
from randonumber.sandbox.scope import unit
from randonumber.sandbox.wire.errors import Refused

LONGEST = 200


@pages.post("/dashboard/object/<object_id>/<name>")
def act(object_id: str, name: str) -> Response | tuple[str, int]:
    """Run an action with its form; 303 back to the object, or its page again with the refusal in Stripe's words."""
    refuse_other_sites()
    with unit(sandbox(), base_url=request.host_url) as scope:
        found = found_or_404(scope, object_id)
        action = next((one for one in ACTIONS.get(found.kind, ()) if one.name == name), None)
        if action is None:
            abort(404, "There is no such button.")
        form = {field.name: request.form.get(field.name, "")[:LONGEST] for field in action.fields}
        wrong = next((one for one in action.fields if one.choices and form[one.name] not in dict(one.choices)), None)
        typed = {f"{name}-{field}": value for field, value in form.items()}
        if not action.offered(found):
            return page(scope, found, notice="This cannot be done any more.", typed=typed), 409
        if wrong:
            return page(scope, found, notice=f"{wrong.label}: choose one of the list.", typed=typed), 422
        own = scope.at(scope.now, found.account)
        try:
            with scope.undone_if_raised():
                made = action.run(own, found, form)
                own.run_later()
        except Refused as refused:
            return page(scope, found_or_404(scope, object_id), notice=str(refused), typed=typed), refused.status
        if action.leads and made:
            return redirect(made["url"], 303)
    return redirect(url_for("dashboard.show", object_id=object_id, done=name), 303)
