"""What the money of a connected account depends on: its platform, its capabilities, its settings for payouts."""

from dataclasses import dataclass

from randonumber.sandbox import connections
from randonumber.sandbox.scope import Json, Scope

# A Standard account answers for its own losses (https://docs.stripe.com/connect/accounts).
BORNE_BY_PLATFORM = ("express", "custom")


@dataclass(frozen=True, kw_only=True)
class ConnectedAccount:
    """A connected account as its platform keeps it."""

    platform: str
    live: bool
    body: Json

    @property
    def receives_transfers(self) -> bool:
        """Whether its `transfers` capability is active."""
        return bool(self.body.get("capabilities", {}).get("transfers") == "active")

    @property
    def platform_bears_losses(self) -> bool:
        """Whether the platform answers for its negative balance."""
        losses = self.body.get("controller", {}).get("losses", {}).get("payments")
        return losses == "application" if losses else self.body.get("type") in BORNE_BY_PLATFORM

    @property
    def schedule(self) -> Json:
        """Its payout schedule: `interval`, and an anchor for weekly and monthly ones."""
        found: Json = self.body.get("settings", {}).get("payouts", {}).get("schedule", {})
        return found


def find(scope: Scope, account: str) -> ConnectedAccount | None:
    """Return a connected account, live or not; None for a platform, a stranger or one that was deleted."""
    link = connections.find(scope.store, account)
    kept = scope.store.find(link.platform, account) if link else None
    if not link or not kept or kept.deleted:
        return None
    return ConnectedAccount(platform=link.platform, live=link.live, body=kept.body)
