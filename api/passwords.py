"""What a password or a recovery code allows: a new password, a new code, the way back in, and erasing the account."""

from __future__ import annotations

from api.accounts import (
    FACTORS_ASKED,
    MAX_CREDENTIALS_BYTES,
    remember_device,
    token_fields,
    user_view,
)
from api.credentials import clear_cookie, require_cookie_safe
from api.device_cookie import clear_device_cookie
from api.limited import LimitedResource
from api.operation import Answer, Call, Operation, operation
from api.shapes import (
    ConfirmRequest,
    NewRecoveryCode,
    PasswordRequest,
    Recovered,
    RecoverRequest,
)
from api.shapes_receipts import Deleted
from service.entrance import passwords, recovering
from service.entrance.recovering import Recovery
from service.management import erasing
from service.reading.views import rfc3339


class Password(LimitedResource):
    @operation(
        Operation(
            summary="Change the password",
            access="account",
            body=PasswordRequest,
            max_body_bytes=MAX_CREDENTIALS_BYTES,
            before=LimitedResource.count,
            answers={204: Answer("Changed; all other sessions are closed, and with `close_tokens` all API tokens")},
            problems=(400, 401, 403, 409, 413, 415, 422, 429, 503, 507),
            description="403 `wrong_password` if the current one is not that; this session stays open all the same. "
            "With `close_passkeys` all passkeys are removed that open the account by themselves.",
        )
    )
    async def on_post(self, call: Call) -> None:
        body: PasswordRequest = call.body
        change = passwords.Change(body.current_password, body.new_password, body.close_tokens, body.close_passkeys)
        changed = await passwords.change(self.desk, call.who, change, call.asked)
        if changed.password_changes is not None:
            remember_device(call, call.who.user, changed.password_changes)
        call.answer(204, replayed=changed.replayed)


class Recover(LimitedResource):
    @operation(
        Operation(
            summary="Set a new password with the recovery code",
            auth="none",
            body=RecoverRequest,
            max_body_bytes=MAX_CREDENTIALS_BYTES,
            before=LimitedResource.count_or_look,
            answers={200: Answer("The account, its next recovery code and a session", Recovered)},
            problems=(400, 401, 409, 413, 415, 422, 429, 503, 507),
            description="The code is used up: the new one is shown this once. All sessions that were open are closed; "
            "so are all API tokens, and all passkeys that open the account by themselves are removed, unless "
            "`close_others` is false. "
            f"{FACTORS_ASKED} The recovery code holds until then.",
        )
    )
    async def on_post(self, call: Call) -> None:
        body: RecoverRequest = call.body
        self.look(call, body.username)
        if body.cookie:
            require_cookie_safe(call.req)
        proof = self.proof(call, body.code, body.passkey)
        hint = self.client_hint(call)
        form = Recovery(body.username, body.recovery_code, body.new_password, hint, proof, body.close_others)
        entry = await recovering.recover(self.desk, form, call.asked)
        answer = Recovered(
            user=user_view(entry),
            recovery_code=entry.recovery_code,
            expires_at=rfc3339(entry.expires_at_us),
            position=entry.position,
            **token_fields(call, entry, cookie=body.cookie),
        )
        call.answer(200, answer, replayed=entry.replayed)


class RecoveryCode(LimitedResource):
    @operation(
        Operation(
            summary="Issue a new recovery code",
            access="account",
            body=ConfirmRequest,
            max_body_bytes=MAX_CREDENTIALS_BYTES,
            before=LimitedResource.count,
            answers={200: Answer("The new code, shown this once; the old one opens nothing any more", NewRecoveryCode)},
            problems=(400, 401, 403, 409, 413, 415, 422, 429, 503, 507),
        )
    )
    async def on_post(self, call: Call) -> None:
        body: ConfirmRequest = call.body
        issued = await passwords.issue_code(self.desk, call.who, body.password, call.asked)
        call.answer(200, NewRecoveryCode(issued.recovery_code, issued.position), replayed=issued.replayed)


class Account(LimitedResource):
    @operation(
        Operation(
            summary="Erase the account",
            access="account",
            body=ConfirmRequest,
            max_body_bytes=MAX_CREDENTIALS_BYTES,
            before=LimitedResource.count,
            answers={202: Answer("Its keys are destroyed, every session has ended; its bytes follow", Deleted)},
            problems=(400, 401, 403, 413, 415, 422, 429, 503, 507),
            description="Nobody can bring anything of it back. The user name and the e-mail address are free again.",
        )
    )
    async def on_delete(self, call: Call) -> None:
        body: ConfirmRequest = call.body
        position = await erasing.erase(self.desk, call.who, body.password)
        clear_cookie(call.req, call.resp)
        clear_device_cookie(call.req, call.resp)
        call.answer(202, Deleted.at(position))
