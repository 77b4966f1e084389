"""The gate before every page: who is signed in, and did the form come from our own page?

Denies by default: a route that is not in OPEN needs a session, and every POST needs its CSRF token. What went wrong is
raised as one of the exceptions below; mishaps.py turns them into pages. Called by FastAPI before every endpoint.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from worker.console.people import ROLES, may, new_token, token_hash
from worker.ports import Users

OPEN = frozenset({"/login", "/enter", "/healthz"})  # reachable without a session; /static is a mount
MOST = 400_000  # characters of a form. One that a sign-in page carries along is written as JSON: up to six for each
SESSION_TTL = timedelta(hours=12)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SESSION, _NONCE = "deskhand_session", "deskhand_form"


class SignInFirst(Exception):
    """Nobody is signed in (any more)."""


class StaleForm(Exception):
    """A POST without the CSRF token that belongs to it."""


class TooLong(Exception):
    """A form that holds more than anybody types. What could be read of it is in request.state.form."""


class NotAllowed(Exception):
    """Signed in, but the role does not allow it. `wanted`: the role that would."""

    def __init__(self, wanted: str) -> None:
        super().__init__(wanted)
        self.wanted = wanted


@dataclass(frozen=True)
class Session:
    login: str
    role: str
    csrf: str

    def may(self, role: str) -> bool:
        return may(self.role, role)


async def posted(request: Request) -> dict[str, str]:
    """The fields of a posted form, {} for anything else. Files are dropped: nothing here takes one."""
    if request.method != "POST":
        return {}
    form: FormData = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


class Access:
    """Sessions in the ledger, CSRF tokens per session; before sign-in, a token bound to a cookie by HMAC."""

    def __init__(self, users: Users, secret: str) -> None:
        if len(secret) < 16:
            raise ValueError("the console's secret must have at least 16 characters")
        self._users = users
        self._secret = secret.encode()

    def gate(self, request: Request, form: dict[str, str] = Depends(posted)) -> None:
        """Leaves `session` and `form` in request.state, or raises TooLong, SignInFirst or StaleForm."""
        request.state.form = form
        session = request.state.session = self.session_of(request)
        if sum(map(len, form.values())) > MOST:
            raise TooLong
        is_open = request.url.path in OPEN
        if session is None and not is_open:
            raise SignInFirst
        if request.method == "POST":
            wanted = self.open_token(request) if is_open or session is None else session.csrf
            if not hmac.compare_digest(form.get("csrf", "").encode(), wanted.encode()):
                raise StaleForm

    def needs(self, role: str) -> Callable[[Request], None]:
        """A dependency for endpoints that not everybody may use."""

        def check(request: Request) -> None:
            if not request.state.session.may(role):
                raise NotAllowed(role)

        return check

    def start(self, request: Request, response: Response, login: str) -> Session:
        """Signs `login` in on this response, with a new token each time."""
        token, csrf = new_token(), new_token()
        self._users.start_session(login, token_hash(token), csrf, SESSION_TTL)
        set_cookie(request, response, _SESSION, token, int(SESSION_TTL.total_seconds()))
        user = self._users.get(login)
        return Session(login, str(user["role"]) if user else "", csrf)

    def end(self, request: Request, response: Response) -> None:
        if token := request.cookies.get(cookie_name(request, _SESSION)):
            self._users.end_session(token_hash(token))
        set_cookie(request, response, _SESSION, "", 0)

    def open_token(self, request: Request) -> str:
        """The CSRF token of forms outside a session, bound to the browser's nonce. "" never matches a posted one."""
        nonce = getattr(request.state, "nonce", "") or request.cookies.get(cookie_name(request, _NONCE), "")
        return hmac.new(self._secret, nonce.encode(), hashlib.sha256).hexdigest() if nonce else secrets.token_hex()

    def ensure_nonce(self, request: Request) -> None:
        """Before a form outside a session is rendered; `give_nonce` puts it on the response."""
        request.state.nonce = request.cookies.get(cookie_name(request, _NONCE), "") or new_token()

    def give_nonce(self, request: Request, response: Response) -> None:
        if nonce := getattr(request.state, "nonce", ""):
            set_cookie(request, response, _NONCE, nonce, int(SESSION_TTL.total_seconds()))

    def session_of(self, request: Request) -> Session | None:
        token = request.cookies.get(cookie_name(request, _SESSION), "")
        found = self._users.session(token_hash(token)) if token else None
        # A user who was disabled after signing in has a role that is none.
        if found is None or found["role"] not in ROLES:
            return None
        return Session(str(found["login"]), str(found["role"]), str(found["csrf"]))


def from_own_page(request: Request) -> bool:
    """Whether the browser says that one of our own pages sent this: only then is what was typed carried on."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    try:
        return urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host", "-")
    except ValueError:  # no browser says where it comes from in words that are no address
        return False


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def _over_loopback(request: Request) -> bool:
    return (request.url.hostname or "") in LOOPBACK


def cookie_name(request: Request, name: str) -> str:
    """`__Host-`: a neighbouring subdomain cannot set it. Browsers refuse that prefix without Secure."""
    return name if _over_loopback(request) else f"__Host-{name}"


def set_cookie(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        cookie_name(request, name),
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="strict",
        secure=not _over_loopback(request),
    )
