# mypy: ignore-errors
"""A draw sold through gringotts-api: runs in the environment of that package, and imports nothing of ours."""

from __future__ import annotations

import secrets
from typing import Annotated

import gringotts
from fastapi import Depends, FastAPI
from gringotts import CreditedUser, GringottsConfig, charge
from pydantic import BaseModel

app = FastAPI()
gringotts.init_app(app, GringottsConfig())
Payer = Annotated[CreditedUser, Depends(charge(1))]


class Wish(BaseModel):
    """What is asked for."""

    min: int
    max: int


def draw(wish: Wish, user: Payer) -> dict[str, object]:
    """Draw one integer for one credit, as the package's own documents show it."""
    value = wish.min + secrets.randbelow(wish.max - wish.min + 1)
    return {"values": [value], "credits_spent": 1, "credits_left": user.credits}


app.post("/api/v1/numbers", status_code=201)(draw)
