"""/auth/passkeys: adding and removing them, and signing in with one."""

from __future__ import annotations

from api.accounts import token_fields, user_view
from api.credentials import own_page, require_cookie_safe
from api.errors import HttpProblem
from api.limited import LimitedResource
from api.operation import Answer, Call, Operation, operation
from api.shapes import ConfirmRequest, LoggedIn
from api.shapes_passkeys import PasskeyAdded, PasskeyLoginRequest, PasskeyOptionsRequest, PasskeyRequest, prf_bytes
from service.entrance import passkey_login
from service.factors.webauthn_wire import CreationOptions, RequestOptions, Site
from service.management import passkeys
from service.reading.views import rfc3339

MAX_PASSKEY_BODY_BYTES = 32 * 1024
MAX_CONFIRM_BYTES = 8 * 1024


class PasskeyOptions(LimitedResource):
    @operation(
        Operation(
            summary="Begin to add a passkey",
            access="account",
            body=PasskeyOptionsRequest,
            max_body_bytes=MAX_PASSKEY_BODY_BYTES,
            before=LimitedResource.count,
            answers={200: Answer("What `credentials.create()` takes; good for five minutes", CreationOptions)},
            problems=(400, 401, 403, 409, 413, 415, 422, 429, 503, 507),
            description="The passkey is then sent to `POST /auth/passkeys`, by the same session. Where a second factor "
            "is set already it is shown, as at the sign-in: 401 `second_factor_required` says what there is; then the "
            "same again with `code` or `passkey`. 401 `bad_code` if it is refused.",
        )
    )
    async def on_post(self, call: Call) -> None:
        body: PasskeyOptionsRequest = call.body
        proof = self.proof(call, body.code, body.passkey)
        site = _known(proof.site)
        options = await passkeys.creation_options(self.desk, call.who, site, body.password, proof)
        call.answer(200, options)


class PasskeyList(LimitedResource):
    @operation(
        Operation(
            summary="Add a passkey",
            access="account",
            body=PasskeyRequest,
            max_body_bytes=MAX_PASSKEY_BODY_BYTES,
            answers={201: Answer("It signs in from now on, by itself or beside the password", PasskeyAdded)},
            problems=(400, 401, 403, 409, 413, 415, 422, 503, 507),
            description="With `prf` it opens the account by itself; the password is then asked for no more where it is "
            "used. Without, it is a second factor: the password alone does not sign in any more, and the first one "
            "comes with back-up codes.",
        )
    )
    async def on_post(self, call: Call) -> None:
        body: PasskeyRequest = call.body
        form = passkeys.Form(body.name, body.credential, prf_bytes(body.prf))
        added = await passkeys.add(self.desk, call.who, _site(call), form, call.asked)
        answer = PasskeyAdded(
            id=added.row.passkey_id,
            name=added.name,
            opens=added.row.opens,
            created_at=rfc3339(added.row.created_at_us),
            position=added.position,
            **({"backup_codes": list(added.backup_codes)} if added.backup_codes else {}),
        )
        call.answer(201, answer, replayed=added.replayed)


class PasskeyItem(LimitedResource):
    @operation(
        Operation(
            summary="Remove a passkey",
            access="account",
            body=ConfirmRequest,
            max_body_bytes=MAX_CONFIRM_BYTES,
            before=LimitedResource.count,
            answers={204: Answer("It opens nothing any more; sessions that it opened stay")},
            problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503, 507),
        )
    )
    async def on_delete(self, call: Call, passkey_id: str) -> None:
        body: ConfirmRequest = call.body
        await passkeys.remove(self.desk, call.who, passkey_id, body.password)
        call.answer(204)


class PasskeyChallenge(LimitedResource):
    @operation(
        Operation(
            summary="Begin to sign in with a passkey",
            auth="none",
            answers={200: Answer("What `credentials.get()` takes; good for five minutes", RequestOptions)},
            before=LimitedResource.count,
            problems=(400, 429, 503),
            description="Nobody is asked who they are: it is the passkey that tells.",
        )
    )
    async def on_post(self, call: Call) -> None:
        call.answer(200, passkey_login.request_options(self.desk.house, _site(call)))


class PasskeyLogin(LimitedResource):
    @operation(
        Operation(
            summary="Sign in with a passkey",
            auth="none",
            body=PasskeyLoginRequest,
            max_body_bytes=MAX_PASSKEY_BODY_BYTES,
            before=LimitedResource.count,
            answers={200: Answer("A session", LoggedIn)},
            problems=(400, 401, 413, 415, 422, 429, 503, 507),
            description="401 `password_needed` if the passkey holds and cannot open the account by itself.",
        )
    )
    async def on_post(self, call: Call) -> None:
        body: PasskeyLoginRequest = call.body
        if body.cookie:
            require_cookie_safe(call.req)
        prf = prf_bytes(body.prf)
        assert prf is not None
        form = passkey_login.Form(body.credential, prf, _site(call), self.client_hint(call))
        entry = await passkey_login.login(self.desk, form, call.asked)
        answer = LoggedIn(
            user=user_view(entry),
            expires_at=rfc3339(entry.expires_at_us),
            position=entry.position,
            **token_fields(call, entry, cookie=body.cookie),
        )
        call.answer(200, answer, replayed=entry.replayed)


def _site(call: Call) -> Site:
    origin = own_page(call.desk, call.req)
    return _known(None if origin is None else Site.of(origin))


def _known(site: Site | None) -> Site:
    """400 if it cannot be told. A name that somebody made up in `Host` helps nobody: an authenticator signs for the
    page that it was asked on."""
    if site is None:
        raise HttpProblem(400, "origin_unknown", "Passkeys behind a proxy need STRONGROOM_PUBLIC_ORIGIN to be set.")
    return site
