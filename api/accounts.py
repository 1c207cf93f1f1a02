"""/auth: registering, signing in and out, sessions."""

from __future__ import annotations

from api.credentials import clear_cookie, require_cookie_safe, set_cookie
from api.device_cookie import device_cookie, set_device_cookie
from api.limited import LimitedResource
from api.operation import Answer, Call, Operation, operation
from api.shapes import LoggedIn, LoginRequest, Registered, RegisterRequest, Sessions
from service.accounts import registering
from service.accounts.accounts import Entry
from service.accounts.admitting import require_registration
from service.accounts.registering import Registration
from service.desk.devices import renewed
from service.desk.reading import fresh
from service.entrance import session_list, sessions
from service.house.principal import encode_token
from service.reading.views import UserView, rfc3339

MAX_CREDENTIALS_BYTES = 8 * 1024
FACTORS_ASKED = (
    "Where a second factor is set, 401 `second_factor_required` says in `factors` and `passkey_options` what to show: "
    "then the same again with `code` or `passkey`. 401 `bad_code` if it is refused."
)


class Register(LimitedResource):
    def admit(self, call: Call) -> None:
        """Where nobody may register, nothing that is sent is looked at, and nothing is counted."""
        require_registration(self.desk.house.settings)
        self.count(call)

    @operation(
        Operation(
            summary="Register",
            auth="none",
            body=RegisterRequest,
            max_body_bytes=MAX_CREDENTIALS_BYTES,
            before=admit,
            answers={201: Answer("The account, its recovery code and a session", Registered)},
            problems=(400, 403, 409, 413, 415, 422, 429, 503, 507),
            description="The recovery code is shown this once. It is the only other way in besides the password. "
            "`invitation` is looked at where registering takes one: see `GET /registration`.",
        )
    )
    async def on_post(self, call: Call) -> None:
        body: RegisterRequest = call.body
        if body.cookie:
            require_cookie_safe(call.req)
        hint, source = self.client_hint(call), self.source(call)
        form = Registration(body.username, body.email, body.password, hint, source, body.invitation or "")
        entry = await registering.register(self.desk, form, call.asked)
        answer = Registered(
            user=user_view(entry),
            recovery_code=entry.recovery_code,
            expires_at=rfc3339(entry.expires_at_us),
            position=entry.position,
            **token_fields(call, entry, cookie=body.cookie),
        )
        call.answer(201, answer, replayed=entry.replayed)


class Login(LimitedResource):
    @operation(
        Operation(
            summary="Sign in",
            auth="none",
            body=LoginRequest,
            max_body_bytes=MAX_CREDENTIALS_BYTES,
            before=LimitedResource.count_or_look,
            answers={200: Answer("A session", LoggedIn)},
            problems=(400, 401, 413, 415, 422, 429, 503, 507),
            description=FACTORS_ASKED,
        )
    )
    async def on_post(self, call: Call) -> None:
        body: LoginRequest = call.body
        self.look(call, body.username)
        if body.cookie:
            require_cookie_safe(call.req)
        proof = self.proof(call, body.code, body.passkey)
        hint = self.client_hint(call)
        entry = await sessions.login(self.desk, body.username, body.password, hint, call.asked, proof)
        answer = LoggedIn(
            user=user_view(entry),
            expires_at=rfc3339(entry.expires_at_us),
            position=entry.position,
            **token_fields(call, entry, cookie=body.cookie),
        )
        call.answer(200, answer, replayed=entry.replayed)


class Logout(LimitedResource):
    @operation(
        Operation(
            summary="Sign out",
            access="account",
            answers={204: Answer("The session is closed; its token opens nothing any more")},
            problems=(400, 401, 403, 503, 507),
        )
    )
    async def on_post(self, call: Call) -> None:
        await sessions.close_session(self.desk, call.who, call.who.session_id, "logout")
        clear_cookie(call.req, call.resp)
        call.answer(204)


class SessionList(LimitedResource):
    @operation(
        Operation(
            summary="Open sessions",
            access="account",
            answers={200: Answer("Oldest first", Sessions)},
            problems=(400, 401),
        )
    )
    async def on_get(self, call: Call) -> None:
        seen = await fresh(self.desk, call.who.user)
        call.tell_stale(stale=seen.stale)
        call.answer(200, Sessions(session_list.listed(self.desk, call.who)))

    @operation(
        Operation(
            summary="Sign out everywhere",
            access="account",
            answers={204: Answer("All sessions are closed, this one too; no token opens anything any more")},
            problems=(400, 401, 403, 503, 507),
        )
    )
    async def on_delete(self, call: Call) -> None:
        await sessions.close_everywhere(self.desk, call.who)
        clear_cookie(call.req, call.resp)
        call.answer(204)


class SessionItem(LimitedResource):
    @operation(
        Operation(
            summary="Close a session",
            access="account",
            answers={204: Answer("Closed, or closed before")},
            problems=(400, 401, 403, 404, 503, 507),
        )
    )
    async def on_delete(self, call: Call, session_id: str) -> None:
        await sessions.close_session(self.desk, call.who, session_id, "closed")
        if session_id == call.who.session_id:
            clear_cookie(call.req, call.resp)
        call.answer(204)


def user_view(entry: Entry) -> UserView:
    user = entry.user
    return UserView(user.user_id, user.username, user.email, rfc3339(user.created_at_us), rfc3339(user.updated_at_us))


def token_fields(call: Call, entry: Entry, *, cookie: bool) -> dict[str, str]:
    """Into the cookie or into the body, never both. Either way this device is known to the account from now on."""
    remember_device(call, entry.user.user_id, entry.password_changes)
    if not cookie:
        return {"token": encode_token(entry.token)}
    seconds = max(0, (entry.expires_at_us - call.desk.house.clock_us()) // 1_000_000)
    set_cookie(call.req, call.resp, entry.token, seconds)
    return {}


def remember_device(call: Call, user: str, password_changes: int) -> None:
    """The cookie that keeps the guesses of strangers apart from those made here. `password_changes`: of the password
    that was shown, not of one that was set since."""
    tokens = renewed(call.desk.house, user, password_changes, device_cookie(call.req))
    set_device_cookie(call.req, call.resp, tokens)
