"""A try that turned out never to have happened is followed by another: nothing may wait for the first one for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from randonumber import clock
from randonumber.calls.jobs import drive_all_due
from randonumber.credits.models import PurchaseStatus
from randonumber.credits.service.authenticating import authenticate
from tests.credits.conftest import Buyer, count, stored
from tests.credits.saving import ASKS_ALWAYS, CONFIRM, Saver, answer_bank, charges

if TYPE_CHECKING:
    from flask import Flask

    from tests.stripe_fixtures import DeliverWebhooks, StripeSandbox


@pytest.fixture
def saver(buyer: Buyer, sandbox: StripeSandbox) -> Saver:
    return Saver(buyer=buyer, sandbox=sandbox)


@pytest.fixture(autouse=True)
def _forgetful(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no key be believed in, so that each unknown outcome is looked up, and that at once."""
    monkeypatch.setitem(committed.config, "STRIPE_KEY_LIFE_SECONDS", 0)
    config = replace(committed.extensions["config"], stripe_quiet_seconds=0)
    monkeypatch.setitem(committed.extensions, "config", config)


@pytest.mark.parametrize("fault", ["reset_before", "error_500"])
def test_the_banks_question_can_be_answered_after_a_second_try(
    saver: Saver, deliver_webhooks: DeliverWebhooks, fault: str
) -> None:
    card = saver.save(ASKS_ALWAYS)
    saver.sandbox.fault(CONFIRM, fault)
    ref = saver.buy(card).ref
    with clock.frozen(clock.now() + timedelta(minutes=15)):
        drive_all_due()
    assert count("stripe_calls", "operation = 'payment_intent.confirm' AND status = 'void'") == 1
    assert (stored(ref).failure, stored(ref).call_id) == ("authentication_required", None)
    question = authenticate(saver.person, ref)
    assert question is not None
    answer_bank(saver.sandbox, question)
    deliver_webhooks()
    assert stored(ref).status == PurchaseStatus.PAID
    assert len(charges(saver.sandbox)) == 1
