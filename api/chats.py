"""/chats and /messages."""

from __future__ import annotations

from api.operation import Answer, Call, Operation, operation
from api.resource import Resource
from api.shapes import (
    ChatAnswer,
    ChatRequest,
    MessageAnswer,
    MessageRequest,
    RenameRequest,
    StatusAnswer,
    StatusRequest,
)
from api.shapes_receipts import Deleted
from service.files import chats, messages
from service.files.chats import Chat
from service.files.messages import Draft
from service.reading.views import rfc3339

WRITE_PROBLEMS = (400, 401, 403, 409, 413, 415, 422, 503, 507)


class ChatList(Resource):
    @operation(
        Operation(
            summary="Start a chat",
            access="post",
            account_wide=False,
            body=ChatRequest,
            answers={201: Answer("The chat", ChatAnswer)},
            problems=WRITE_PROBLEMS,
        )
    )
    async def on_post(self, call: Call) -> None:
        chat = await chats.start(self.desk, call.who, call.body.title, call.asked)
        call.answer(201, _chat(chat), replayed=chat.replayed)


class ChatItem(Resource):
    @operation(
        Operation(
            summary="Rename a chat",
            access="write",
            account_wide=False,
            body=RenameRequest,
            answers={200: Answer("The chat", ChatAnswer)},
            problems=(*WRITE_PROBLEMS, 404),
        )
    )
    async def on_patch(self, call: Call, chat_id: str) -> None:
        call.answer(200, _chat(await chats.rename(self.desk, call.who, chat_id, call.body.title)))

    @operation(
        Operation(
            summary="Delete a chat",
            access="write",
            account_wide=False,
            answers={202: Answer("Its key is destroyed: messages and title cannot be opened again", Deleted)},
            problems=(400, 401, 403, 404, 409, 503, 507),
            description="The files of the chat are deleted with it, each in an event of its own.",
        )
    )
    async def on_delete(self, call: Call, chat_id: str) -> None:
        call.answer(202, Deleted.at(await chats.delete(self.desk, call.who, chat_id)))


class MessageList(Resource):
    @operation(
        Operation(
            summary="Send a message",
            access="post",
            account_wide=False,
            body=MessageRequest,
            answers={201: Answer("Durable", MessageAnswer)},
            problems=(*WRITE_PROBLEMS, 404),
            description="Without `chat_id` a chat is started. With a `message_id` of your own, sending again is safe.",
        )
    )
    async def on_post(self, call: Call) -> None:
        body: MessageRequest = call.body
        draft = Draft(
            content=body.content,
            chat_id=body.chat_id,
            content_type=body.content_type,
            role=body.role,
            message_id=body.message_id,
            file_ids=tuple(body.file_ids),
        )
        sent = await messages.send(self.desk, call.who, draft, call.asked)
        answer = MessageAnswer(
            sent.message_id, sent.chat_id, sent.role, "sent", rfc3339(sent.created_at_us), sent.position
        )
        call.answer(201, answer, replayed=sent.replayed)


class MessageStatus(Resource):
    @operation(
        Operation(
            summary="Say what became of a message",
            access="write",
            account_wide=False,
            body=StatusRequest,
            answers={200: Answer("The status now", StatusAnswer)},
            problems=(*WRITE_PROBLEMS, 404),
        )
    )
    async def on_post(self, call: Call, message_id: str) -> None:
        body: StatusRequest = call.body
        code = body.code or "failed"
        marked = await messages.mark(self.desk, call.who, message_id, body.status, code, call.asked)
        answer = StatusAnswer(marked.message_id, marked.status, marked.position)
        call.answer(200, answer, replayed=marked.replayed)


def _chat(chat: Chat) -> ChatAnswer:
    return ChatAnswer(chat.chat_id, chat.title, rfc3339(chat.created_at_us), rfc3339(chat.updated_at_us), chat.position)
