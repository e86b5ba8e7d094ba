"""The Flask extensions that the whole app shares, made once and bound in `create_app`."""

from __future__ import annotations

from flask_mailman import Mail
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

csrf = CSRFProtect()
mail = Mail()
migrate = Migrate()
