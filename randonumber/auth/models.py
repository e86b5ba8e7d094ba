"""Users, and what lets them in: sessions, links from mails, API keys."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from flask_security import RoleMixin, UserMixin
from sqlalchemy import ForeignKey, Identity, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base


class User(Base, UserMixin):
    """A person with an account. `email` is kept in its normal form (`addresses.normal`), and so is unique."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    is_admin: Mapped[bool] = mapped_column(server_default=text("false"))
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    confirmed_at: Mapped[datetime | None]
    welcomed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    def __repr__(self) -> str:
        """Return the ref: an address has no place in a log."""
        return f"<User {self.ref}>"


class Role(RoleMixin):
    """What Flask-Security asks for and this shop has no use of: an operator is a user with `is_admin`."""


class UserSession(Base):
    """A signed-in browser: the hash of the random id in its cookie, and when a password was last given."""

    __tablename__ = "user_sessions"

    id_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    verified_at: Mapped[datetime]


class LinkPurpose(StrEnum):
    """What following a link does."""

    CONFIRM = "confirm"
    RESET = "reset"


class UserLink(Base):
    """A link sent by mail: the hash of its token. Following it takes the row away, so it works once."""

    __tablename__ = "user_links"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    purpose: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Scope(StrEnum):
    """What an API key may do."""

    DRAW = "draw"
    READ = "read"
    WITHDRAW = "withdraw"


class ApiKey(Base):
    """A key for programs: its hash, and its beginning, by which its owner knows it again."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    def __repr__(self) -> str:
        """Return how the key begins, which its owner sees too."""
        return f"<ApiKey {self.prefix}>"
