"""`python -m benchmarks.anatomy`: where the processor time of one draw goes in the web process, by package.

Runs the WSGI app in this process against the benchmark's database and profiles it. A profiler charges each call of
a function, so the shares say more than the microseconds; what was waited for PostgreSQL stands apart.
"""

from __future__ import annotations

import cProfile
import io
import os
import pstats
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from benchmarks import arms, bare, ground
from randonumber import Config, create_app
from randonumber.database import db

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES: Final = 1_000
WAITS: Final = {"wait", "_send_query_prepared"}
PACKAGES: Final = ("randonumber", "werkzeug", "flask", "psycopg", "sqlalchemy", "json", "benchmarks")


def environ(key: str) -> dict[str, Any]:
    """Return a draw as a WSGI server hands it over."""
    body = arms.BODY.encode()
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/api/v1/numbers",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:5000",
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def draw(wsgi_app: Callable[..., Any], key: str) -> None:
    """Make one draw; raises RuntimeError when it was refused."""
    seen: list[str] = []
    answer = wsgi_app(environ(key), lambda status, _headers, _error=None: seen.append(status))
    list(answer)
    answer.close()
    if not seen[0].startswith("201"):
        message = f"a draw was answered {seen[0]}"
        raise RuntimeError(message)


def anatomy(wsgi_app: Callable[..., Any], key: str) -> Counter[str]:
    """Return the microseconds of a draw, by package."""
    for _ in range(TIMES // 10):
        draw(wsgi_app, key)
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(TIMES):
        draw(wsgi_app, key)
    profiler.disable()
    parts: Counter[str] = Counter()
    stats: dict[tuple[str, int, str], tuple[int, int, float, float, Any]] = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    for (file, _, name), (_, _, seconds, _, _) in stats.items():
        parts[part(file, name)] += round(seconds / TIMES * 1e6)
    return parts


def part(file: str, name: str) -> str:
    """Return the package that a function belongs to."""
    if name in WAITS:
        return "waiting for PostgreSQL"
    folders = file.rsplit("site-packages/", 1)[-1].replace(os.sep, "/").split("/")
    return next((package for package in PACKAGES if package in folders), "Python itself")


def main() -> None:
    """Print the anatomy of a draw of the app, and of the bare handler."""
    with ground.server(os.environ.get("BENCH_DATABASE_URI")) as address:
        uri = ground.database(address, ground.OURS)
        key = ground.people(uri, 1)[0]
        os.environ["BARE_CONNINFO"] = arms.conninfo(address)
        app = create_app(Config(database_uri=uri, app_secret_key="bench-" * 8, api_rate_limit="1000000/second"))
        ours = anatomy(app.wsgi_app, key)
        theirs = anatomy(bare.make_app().wsgi_app, key)
        with app.app_context():
            db.engine.dispose()
    print(f"{'µs of a draw in':<24}{'app':>8}{'bare':>8}")
    for name in sorted(ours | theirs, key=lambda name: -ours[name]):
        print(f"{name:<24}{ours[name]:>8}{theirs[name]:>8}")


if __name__ == "__main__":
    main()
