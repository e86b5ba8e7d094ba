"""Who controls a connected account: its `type`, or the `controller` properties that take its place.

The mapping of types and the rules of combination are those of https://docs.stripe.com/connect/migrate-to-controller-properties
and of Stripe's refusals.
"""

from dataclasses import dataclass

from randonumber.sandbox.scope import Json
from randonumber.sandbox.wire.errors import Refused, invalid


@dataclass(frozen=True, kw_only=True)
class Controller:
    """The four properties: who pays Stripe's fees, who bears losses, who collects requirements, which dashboard."""

    fees: str = "account"
    losses: str = "stripe"
    collection: str = "stripe"
    dashboard: str = "full"

    def shown(self) -> Json:
        """Return Stripe's object."""
        return {
            "fees": {"payer": self.fees},
            "is_controller": True,
            "losses": {"payments": self.losses},
            "requirement_collection": self.collection,
            "stripe_dashboard": {"type": self.dashboard},
            "type": "application",
        }


STANDARD = Controller()
BY_TYPE = {
    "standard": STANDARD,
    "express": Controller(fees="application_express", losses="application", dashboard="express"),
    "custom": Controller(
        fees="application_custom", losses="application", collection="application", dashboard="none"
    ),
}  # fmt: skip


def chosen(params: Json) -> tuple[str, Controller]:
    """Return the type and the controller that a request asks for. Raises Refused for what cannot be combined."""
    if "type" in params and "controller" in params:
        raise invalid(
            "You may not provide the `type` parameter and `controller` parameters simultaneously. "
            "They are mutually exclusive."
        )
    if "type" in params:
        return params["type"], BY_TYPE[params["type"]]
    given = params.get("controller", {})
    controller = Controller(
        fees=given.get("fees", {}).get("payer", "account"),
        losses=given.get("losses", {}).get("payments", "stripe"),
        collection=given.get("requirement_collection", "stripe"),
        dashboard=given.get("stripe_dashboard", {}).get("type", "full"),
    )
    check(controller)
    return ("standard" if controller == STANDARD else "none"), controller


def check(controller: Controller) -> None:
    """Refuse a combination that Stripe does not offer."""
    platform_bears_losses = controller.losses == "application"
    if controller.dashboard == "express" and not (controller.fees == "application" and platform_bears_losses):
        raise conflict(
            "When stripe_dashboard[type]=express, your platform must collect fees and be liable for negative balances "
            "or refunds and chargebacks."
        )
    if controller.collection == "application" and controller.dashboard != "none":
        raise conflict("When requirement_collection=application, stripe_dashboard[type] must be none.")
    if controller.collection == "application" and not platform_bears_losses:
        raise conflict(
            "When requirement_collection=application, your platform must be liable for negative balances or refunds "
            "and chargebacks."
        )
    if controller.dashboard == "none" and controller.collection == "stripe" and platform_bears_losses:
        raise conflict(
            "When stripe_dashboard[type]=none and requirement_collection=stripe, Stripe must be liable for negative "
            "balances or refunds and chargebacks."
        )
    if platform_bears_losses and controller.fees != "application":
        raise conflict("When losses[payments]=application, your platform must collect fees.")


def conflict(sentence: str) -> Refused:
    """Return the refusal of a combination."""
    return invalid(sentence, param="controller")


def collects(body: Json) -> bool:
    """Whether the platform collects the requirements of this account itself, as it does for Custom ones."""
    return bool(body["controller"].get("requirement_collection") == "application")


def dashboard(body: Json) -> str:
    """Return which dashboard the owner of this account has: full, express or none."""
    found: str = body["controller"].get("stripe_dashboard", {}).get("type", "full")
    return found
