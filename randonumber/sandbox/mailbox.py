"""The app's mail as it lies in a folder: read, never run, shown as text."""

from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

MOST_BYTES = 1024 * 1024
MOST_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message as the dashboard shows it."""

    name: str
    at: float
    sender: str
    to: str
    subject: str
    text: str


def listed(folder: Path | None) -> list[Message]:
    """Return the newest messages of the folder, newest first; none when there is no such folder."""
    if folder is None or not folder.is_dir():
        return []
    files = [(modified(path), path) for path in folder.iterdir()]
    newest = sorted(files, key=lambda found: (found[0], found[1].name), reverse=True)[:MOST_SHOWN]
    return [message for at, path in newest if at and (message := parsed(path, at))]


def read(folder: Path | None, name: str) -> Message | None:
    """One message by its file name; None when the folder holds no such file."""
    if folder is None or name != Path(name).name or name.startswith("."):
        return None
    at = modified(folder / name)
    return parsed(folder / name, at) if at else None


def modified(path: Path) -> float:
    """Return when a file was written; 0 for what is no file, or gone, or no name of one."""
    try:
        return path.stat().st_mtime if path.is_file() and not path.is_symlink() else 0
    except (OSError, ValueError):
        return 0


def parsed(path: Path, at: float) -> Message | None:
    """Return a file read as mail, None when it is gone; what is no mail shows as its text."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES)
    except OSError:
        return None
    message = BytesParser(policy=policy.default.clone(raise_on_defect=False)).parsebytes(raw)
    return Message(
        name=path.name,
        at=at,
        sender=header(message, "From"),
        to=header(message, "To"),
        subject=header(message, "Subject") or path.name,
        text=text_of(message) or raw.decode("utf-8", "replace"),
    )


def header(message: EmailMessage, name: str) -> str:
    """Return a header as text, empty when there is none or it cannot be read."""
    try:
        return str(message.get(name, ""))
    except (ValueError, LookupError, AttributeError, IndexError):
        return ""


def text_of(message: EmailMessage) -> str:
    """Return the plain part of a message, or its HTML as it stands."""
    part = message.get_body(("plain", "html"))
    payload = part.get_payload(decode=True) if part else None
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_content_charset("utf-8") if part else "utf-8"
    try:
        return payload.decode(charset, "replace")
    except (LookupError, ValueError):  # no such charset, or no name of one at all
        return payload.decode("utf-8", "replace")
