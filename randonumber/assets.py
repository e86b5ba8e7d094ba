"""The files of the pages: read once, compressed once, cached by browsers for a year.

The address of a file holds a hash of all files (`/assets/3f9c…/css/app.css`), so a page never meets the style or
the script of another release, and modules import each other by plain relative names. Bootstrap comes from the
package of Bootstrap-Flask: no copy in the repository, no CDN.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import flask_bootstrap
from flask import Response, abort, request

if TYPE_CHECKING:
    from flask import Flask

_BOOTSTRAP: Final = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"
_VENDORED: Final = {"css/bootstrap.css": _BOOTSTRAP / "css" / "bootstrap.min.css"}
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One file, as it is and compressed."""

    content_type: str
    body: bytes
    compressed: bytes


@dataclass(frozen=True, kw_only=True)
class Assets:
    """Every file by its name, and the hash that stands in their addresses."""

    files: dict[str, Asset]
    version: str

    def address(self, name: str) -> str:
        """Return the address of a file; raises KeyError when there is none of that name."""
        if name not in self.files:
            raise KeyError(name)
        return f"/assets/{self.version}/{name}"


def load(folder: Path) -> Assets:
    """Read every file of known type under `folder`, and Bootstrap."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.suffix in _TYPES}
    files = {name: _read(path) for name, path in sorted((paths | _VENDORED).items())}
    digest = hashlib.sha256()
    for name, file in files.items():
        digest.update(name.encode() + b"\0" + file.body + b"\0")
    return Assets(files=files, version=digest.hexdigest()[:16])


def init_app(app: Flask) -> None:
    """Serve the files under `/assets/`, and give templates `asset(name)`."""
    assets = load(Path(app.static_folder or ""))

    def serve(version: str, name: str) -> Response:
        return _answer(assets, version, name)

    app.add_url_rule("/assets/<version>/<path:name>", "asset", serve)
    app.add_url_rule("/favicon.ico", "favicon", lambda: _answer(assets, "", "icon.svg"))
    app.jinja_env.globals["asset"] = assets.address
    app.extensions["assets"] = assets


def _answer(assets: Assets, version: str, name: str) -> Response:
    """Return a file. A page of another release gets the file of this one, and asks again next time."""
    file = assets.files.get(name) or abort(404)
    compress = "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(file.compressed if compress else file.body, content_type=file.content_type)
    response.headers["Cache-Control"] = _FOR_EVER if version == assets.version else "no-cache"
    response.headers["Vary"] = "Accept-Encoding"
    if compress:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _read(path: Path) -> Asset:
    lines = path.read_bytes().splitlines(keepends=True)
    # The source map is not served: without this line no developer tool asks for it.
    body = b"".join(line for line in lines if b"sourceMappingURL=" not in line)
    return Asset(content_type=_TYPES[path.suffix], body=body, compressed=gzip.compress(body, 9, mtime=0))
