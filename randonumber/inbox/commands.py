"""`inbox list|show|replay`: the events that came, what they caused, and having one handled again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from flask.cli import AppGroup
from sqlalchemy import select, text

from randonumber.database import transaction
from randonumber.inbox import dispatch
from randonumber.inbox.models import InboxEvent
from randonumber.jobs import enqueue

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

inbox = AppGroup("inbox", help="The inbox of Stripe's events.")

STATUSES = ["pending", "done", "ignored", "dead"]

CAUSED = text(
    """
    SELECT transactions.kind, transactions.ref, entries.amount, entries.currency,
           source.code AS source, destination.code AS destination
      FROM transactions
      JOIN entries ON entries.transaction_id = transactions.id
      JOIN accounts AS source ON source.id = entries.source_id
      JOIN accounts AS destination ON destination.id = entries.destination_id
     WHERE transactions.actor = :actor
     ORDER BY transactions.id, entries.position
    """
)


@inbox.command("list")
@click.option("--status", type=click.Choice(STATUSES), help="Only events in this state.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
def list_events(status: str | None, limit: int) -> None:
    """Print the newest events, one a line."""
    query = select(InboxEvent).order_by(InboxEvent.received_at.desc(), InboxEvent.id).limit(limit)
    with transaction() as session:
        for row in session.scalars(query.where(InboxEvent.status == status) if status else query):
            received = f"{row.received_at:%Y-%m-%d %H:%M:%S}"
            click.echo(
                "  ".join([received, row.id, row.status, row.type, row.object_id or "-", row.reason or ""]).rstrip()
            )


@inbox.command("show")
@click.argument("event_id")
@click.option("--body", "with_body", is_flag=True, help="Print the event itself, too.")
def show(event_id: str, *, with_body: bool) -> None:
    """Print an event, and the ledger rows that it caused."""
    with transaction() as session:
        row = _get(session, event_id)
        for name in ("id", "type", "object_id", "status", "reason", "tries", "created_at", "received_at", "closed_at"):
            click.echo(f"{name + ':':<13}{_shown(getattr(row, name))}")
        click.echo("caused:")
        caused = session.execute(CAUSED, {"actor": f"event:{event_id}"}).all()
        for entry in caused:
            movement = f"{entry.source} -> {entry.destination}"
            click.echo(f"  {entry.kind} {entry.ref}  {entry.amount} {entry.currency}  {movement}")
        if not caused:
            click.echo("  no ledger rows")
        if with_body:
            click.echo(json.dumps(json.loads(row.body), indent=2))


@inbox.command("replay")
@click.argument("event_id")
def replay(event_id: str) -> None:
    """Have an event handled again by the worker. What it already caused is not caused twice."""
    with transaction() as session:
        _get(session, event_id)
        dispatch.replay(session, event_id)
        enqueue(session, "inbox.dispatch", event_id=event_id)
    click.echo(f"{event_id} is pending again; the worker takes it up.")


def _get(session: Session, event_id: str) -> InboxEvent:
    row = session.get(InboxEvent, event_id)
    if row is None:
        message = f"there is no event {event_id}"
        raise click.ClickException(message)
    return row


def _shown(value: Any) -> str:
    return "-" if value is None else str(value)
