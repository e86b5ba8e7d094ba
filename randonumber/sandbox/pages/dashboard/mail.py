"""The app's mail, as it lies in its folder."""

from flask import abort, render_template

from randonumber.sandbox import mailbox
from randonumber.sandbox.pages.dashboard.blueprint import pages
from randonumber.sandbox.pages.layout import sandbox


@pages.get("/dashboard/mail")
def mail() -> str:
    """Show the app's mail, newest first."""
    return render_template("mail.html", messages=mailbox.listed(sandbox().mail_dir))


@pages.get("/dashboard/mail/<name>")
def one_mail(name: str) -> str:
    """One message as plain text."""
    message = mailbox.read(sandbox().mail_dir, name)
    if message is None:
        abort(404, "There is no such message.")
    return render_template("message.html", message=message)
