"""A mail server that keeps all it gets: SMTP in, a page to read it, nothing ever leaves.

Run as `python -m backoffice.sandbox.mail_catcher MAILDIR SMTP_PORT PAGE_PORT`. The page lists the
mails at `/`, shows one at `/mails/<key>` and gives all of them as JSON at `/mails.json`.
"""

import asyncio
import email
import email.policy
import html
import json
import mailbox
import re
import signal
import sys
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP

_KEY = re.compile(r"/mails/([A-Za-z0-9._=,-]+)\Z")
_LINK = re.compile(r"https?://[^\s<>\"]+")
_SHOWN = 500
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; color: #1c2430 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #d8dde5 }
pre { white-space: pre-wrap; background: #f5f7fa; padding: 1rem }
"""
_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="stylesheet" href="/style.css"></head><body><main><h1>{title}</h1>
{body}</main></body></html>
"""


@dataclass(frozen=True)
class CaughtMail:
    """One mail as a reader sees it; `text` is its plain part."""

    key: str
    message_id: str
    sender: str
    recipients: str
    subject: str
    date: str
    text: str


class Maildir:
    """The caught mails of a folder, newest first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        mailbox.Maildir(folder, create=True)

    def all(self) -> list[CaughtMail]:
        """Every mail; reads the folder anew, as the server writes it meanwhile."""
        return [self._read(path) for path in self._paths()]

    def newest(self, count: int) -> list[CaughtMail]:
        """The latest mails, newest first."""
        return [self._read(path) for path in self._paths()[:count]]

    def find(self, key: str) -> CaughtMail | None:
        """The mail of this key, if it is there."""
        return next((self._read(path) for path in self._paths() if path.name == key), None)

    def _paths(self) -> list[Path]:
        found = [path for name in ("new", "cur") for path in (self._folder / name).iterdir()]
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)

    def _read(self, path: Path) -> CaughtMail:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        body = message.get_body(preferencelist=("plain", "html"))
        return CaughtMail(
            key=path.name,
            message_id=str(message.get("Message-ID", "")),
            sender=str(message.get("From", "")),
            recipients=str(message.get("To", "")),
            subject=str(message.get("Subject", "")),
            date=str(message.get("Date", "")),
            text=str(body.get_content()) if body else "",
        )


def main() -> None:
    """Serve until told to stop."""
    folder, smtp_port, page_port = sys.argv[1:]
    caught = Maildir(Path(folder))
    page = ThreadingHTTPServer(("127.0.0.1", int(page_port)), _page_of(caught))
    Thread(target=page.serve_forever, daemon=True).start()
    asyncio.run(_serve_smtp(Path(folder), int(smtp_port)))
    page.shutdown()


async def _serve_smtp(folder: Path, port: int) -> None:
    handler = Mailbox(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="localhost", enable_SMTPUTF8=True), "127.0.0.1", port
    )
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    server.close()


def _page_of(caught: Maildir) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        """Answers loopback names only, so that no other site can read the mails by DNS tricks."""

        def do_GET(self) -> None:
            host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
            if host not in {"localhost", "127.0.0.1"}:
                self._answer(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", "not here")
            elif found := _content(caught, urlsplit(self.path).path):
                self._answer(HTTPStatus.OK, *found)
            else:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", "no such mail")

        def _answer(self, status: HTTPStatus, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'self'")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (its name)
            """Pages read are nobody's business."""

    return Page


def _content(caught: Maildir, path: str) -> tuple[str, str] | None:
    """The media type and the text of what lies at this path."""
    if path == "/":
        return "text/html", _list_page(caught.newest(_SHOWN))
    if path == "/style.css":
        return "text/css", _STYLE
    if path == "/mails.json":
        return "application/json", json.dumps([asdict(mail) for mail in caught.all()])
    key = _KEY.match(path)
    mail = caught.find(key[1]) if key else None
    return ("text/html", _mail_page(mail)) if mail else None


def _list_page(mails: list[CaughtMail]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(mail.date)}</td><td>{html.escape(mail.recipients)}</td>"
        f'<td><a href="/mails/{html.escape(mail.key)}">{html.escape(mail.subject)}</a></td></tr>'
        for mail in mails
    )
    table = f"<table><tr><th>Date</th><th>To</th><th>Subject</th></tr>{rows}</table>"
    empty = "<p>No mail yet. What the portal sends is kept here and goes no further.</p>"
    return _FRAME.format(title="Caught mail", body=table if mails else empty)


def _mail_page(mail: CaughtMail) -> str:
    head = "".join(
        f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>"
        for name, value in (("From", mail.sender), ("To", mail.recipients), ("Date", mail.date))
    )
    text = _LINK.sub(lambda link: f'<a href="{link[0]}">{link[0]}</a>', html.escape(mail.text))
    body = f'<table>{head}</table><pre>{text}</pre><p><a href="/">All mails</a></p>'
    return _FRAME.format(title=html.escape(mail.subject), body=body)


if __name__ == "__main__":
    main()
