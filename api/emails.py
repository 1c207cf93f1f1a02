"""/auth/email: another e-mail address."""

from __future__ import annotations

from api.accounts import MAX_CREDENTIALS_BYTES
from api.limited import LimitedResource
from api.operation import Answer, Call, Operation, operation
from api.shapes_passkeys import EmailAnswer, EmailRequest
from service.management import emails
from service.reading.views import UserView, rfc3339


class Email(LimitedResource):
    @operation(
        Operation(
            summary="Change the e-mail address",
            access="account",
            body=EmailRequest,
            max_body_bytes=MAX_CREDENTIALS_BYTES,
            before=LimitedResource.count,
            answers={200: Answer("The new one signs in from now on; the old one is free for others", EmailAnswer)},
            problems=(400, 401, 403, 409, 413, 415, 422, 429, 503, 507),
            description="Nothing is sent to it: the server has no way to write to anybody.",
        )
    )
    async def on_post(self, call: Call) -> None:
        body: EmailRequest = call.body
        form = emails.Form(body.password, body.email, self.source(call))
        changed = await emails.change(self.desk, call.who, form, call.asked)
        user = changed.user
        view = UserView(
            user.user_id, user.username, user.email, rfc3339(user.created_at_us), rfc3339(user.updated_at_us)
        )
        call.answer(200, EmailAnswer(view, changed.position), replayed=changed.replayed)
