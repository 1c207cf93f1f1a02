"""/auth/tokens: what programs sign in with."""

from __future__ import annotations

from api.accounts import MAX_CREDENTIALS_BYTES
from api.limited import LimitedResource
from api.operation import Answer, Call, Operation, operation
from api.shapes_tokens import TokenIssued, TokenRequest, Tokens, token_view
from service.house.principal import encode_token
from service.management import tokens


class TokenList(LimitedResource):
    @operation(
        Operation(
            summary="Issue an API token",
            access="account",
            body=TokenRequest,
            max_body_bytes=MAX_CREDENTIALS_BYTES,
            before=LimitedResource.count,
            answers={201: Answer("The token, shown this once", TokenIssued)},
            problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503, 507),
            description="It needs the password. `read` and `write` together do all that a session does except for what "
            "concerns the account itself; `write` alone posts and uploads, and reads nothing, not even what it wrote. "
            "With `chat_ids` it reaches these chats only, and starts no others.",
        )
    )
    async def on_post(self, call: Call) -> None:
        body: TokenRequest = call.body
        chats = None if body.chat_ids is None else frozenset(body.chat_ids)
        form = tokens.Form(body.password, body.name, body.kind, body.expires_in_days, chats)
        issued = await tokens.issue(self.desk, call.who, form, call.asked)
        view = token_view(issued.token)
        answer = TokenIssued(
            id=view.id,
            token=encode_token(issued.secret),
            name=view.name,
            scopes=view.scopes,
            chat_ids=view.chat_ids,
            created_at=view.created_at,
            expires_at=view.expires_at,
            position=issued.position,
        )
        call.answer(201, answer, replayed=issued.replayed)

    @operation(
        Operation(
            summary="Your API tokens",
            access="account",
            answers={200: Answer("Oldest first", Tokens)},
            problems=(400, 401, 403),
        )
    )
    async def on_get(self, call: Call) -> None:
        call.answer(200, Tokens([token_view(each) for each in tokens.listed(self.desk.house, call.who)]))


class TokenItem(LimitedResource):
    @operation(
        Operation(
            summary="Revoke an API token",
            access="account",
            answers={204: Answer("It opens nothing any more, anywhere")},
            problems=(400, 401, 403, 404, 503, 507),
        )
    )
    async def on_delete(self, call: Call, token_id: str) -> None:
        await tokens.revoke(self.desk, call.who, token_id)
        call.answer(204)
