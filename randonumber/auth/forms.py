"""Forms of accounts: their fields, and what each must hold. A NUL, which PostgreSQL stores nowhere, is refused."""

from __future__ import annotations

from typing import Any

from flask_security import current_user
from wtforms import EmailField, Field, HiddenField, PasswordField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from randonumber.auth import addresses, keys, passwords
from randonumber.auth.models import Scope
from randonumber.forms import PageForm

_SCOPES = [
    (Scope.DRAW.value, "draw: spend credits on numbers"),
    (Scope.READ.value, "read: balance, numbers, purchases"),
    (Scope.WITHDRAW.value, "withdraw: pay money out"),
]


class AddressForm(PageForm):
    """One mail address."""

    email = EmailField("Email", validators=[InputRequired("Your mail address is needed.")])

    def validate_email(self, field: Field) -> None:
        """Bring the address to its normal form."""
        try:
            field.data = addresses.normal(field.data)
        except addresses.InvalidAddress as problem:
            raise ValidationError(str(problem)) from problem


class SignInForm(AddressForm):
    """Address and password; where it leads afterwards."""

    password = PasswordField("Password", validators=[InputRequired("Your password is needed.")])
    next = HiddenField()


class VerifyForm(PageForm):
    """The password again."""

    password = PasswordField("Password", validators=[InputRequired("Your password is needed.")])
    next = HiddenField()


class RegistrationForm(AddressForm):
    """Address and a new password, twice."""

    password = PasswordField("Password", validators=[InputRequired("A password is needed.")])
    password_confirm = PasswordField("Password again", validators=[InputRequired("Please type it again.")])

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the new password too."""
        is_valid = super().validate(extra_validators)
        return bool(check_new(self.password, self.password_confirm, self.email.data or "") and is_valid)


class ResetForm(PageForm):
    """A new password, twice."""

    password = PasswordField("New password", validators=[InputRequired("A password is needed.")])
    password_confirm = PasswordField("New password again", validators=[InputRequired("Please type it again.")])

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the new password too."""
        is_valid = super().validate(extra_validators)
        return bool(check_new(self.password, self.password_confirm) and is_valid)


class ChangeForm(PageForm):
    """The present password, and a new one twice."""

    password = PasswordField("Present password", validators=[InputRequired("Your password is needed.")])
    new_password = PasswordField("New password", validators=[InputRequired("A password is needed.")])
    new_password_confirm = PasswordField("New password again", validators=[InputRequired("Please type it again.")])

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the new password too."""
        is_valid = super().validate(extra_validators)
        return bool(check_new(self.new_password, self.new_password_confirm, current_user.email) and is_valid)


class KeyForm(PageForm):
    """The name of a new API key, and what it may do."""

    name = StringField(
        "Name", validators=[InputRequired("Give it a name."), Length(max=keys.LONGEST_NAME, message="Shorter, please.")]
    )
    scopes = SelectMultipleField(
        "It may",
        choices=_SCOPES,
        validators=[InputRequired("Choose at least one.")],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def validate_name(self, field: Field) -> None:
        """Refuse what cannot be shown on one line."""
        if not field.data.isprintable():
            message = "Letters, digits, signs and spaces only."
            raise ValidationError(message)


def typed(field: Field) -> str:
    """Return what was typed into a field of a form that was checked."""
    return str(field.data or "")


def check_new(field: Field, repeated: Field, *about: str) -> bool:
    """Put what is wrong with a new password beside its fields; return whether nothing is."""
    if field.errors:
        return False
    problem = passwords.problem(field.data, about)
    if problem is not None:
        field.errors = [problem]
    elif not repeated.errors and field.data != repeated.data:
        repeated.errors = ["The two passwords differ."]
    return not (field.errors or repeated.errors)
