"""The authenticator and the back-up codes: setting up, taking away, looking at what there is."""

from __future__ import annotations

from api.accounts import MAX_CREDENTIALS_BYTES
from api.limited import LimitedResource
from api.operation import Answer, Call, Operation, operation
from api.resource import Resource
from api.shapes import ConfirmRequest
from api.shapes_totp import BackupCodes, BackupCodesRequest, Factors, TotpConfirmRequest, TotpOffer, TotpRemoveRequest
from service.management import passkeys, totp


class Totp(LimitedResource):
    @operation(
        Operation(
            summary="Set up an authenticator",
            access="account",
            body=ConfirmRequest,
            max_body_bytes=MAX_CREDENTIALS_BYTES,
            before=LimitedResource.count,
            answers={200: Answer("Its secret, which asks for nothing until a first code has confirmed it", TotpOffer)},
            problems=(400, 401, 403, 409, 413, 415, 422, 429, 503, 507),
            description="Asked again, another secret takes its place. 409 `totp_set` once there is a confirmed one.",
        )
    )
    async def on_post(self, call: Call) -> None:
        body: ConfirmRequest = call.body
        offer = await totp.begin(self.desk, call.who, body.password, call.asked)
        call.answer(200, TotpOffer(offer.secret, offer.uri))

    @operation(
        Operation(
            summary="Remove the authenticator",
            access="account",
            body=TotpRemoveRequest,
            max_body_bytes=MAX_CREDENTIALS_BYTES,
            before=LimitedResource.count,
            answers={204: Answer("Nothing asks for it any more")},
            problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503, 507),
            description="The last second factor takes the back-up codes along.",
        )
    )
    async def on_delete(self, call: Call) -> None:
        body: TotpRemoveRequest = call.body
        await totp.remove(self.desk, call.who, body.password, body.code, self.source(call))
        call.answer(204)


class TotpConfirmation(LimitedResource):
    @operation(
        Operation(
            summary="Confirm the authenticator",
            access="account",
            body=TotpConfirmRequest,
            max_body_bytes=MAX_CREDENTIALS_BYTES,
            before=LimitedResource.count,
            answers={200: Answer("From here on it is asked for; back-up codes for the day it is lost", BackupCodes)},
            problems=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503, 507),
            description="The code is used up: the next sign-in needs the next one. Sessions stay open.",
        )
    )
    async def on_post(self, call: Call) -> None:
        body: TotpConfirmRequest = call.body
        issued = await totp.confirm(self.desk, call.who, body.code, call.asked)
        call.answer(200, BackupCodes(list(issued.codes), issued.position), replayed=issued.replayed)


class BackupCodeSet(LimitedResource):
    @operation(
        Operation(
            summary="Issue new back-up codes",
            access="account",
            body=BackupCodesRequest,
            max_body_bytes=MAX_CREDENTIALS_BYTES,
            before=LimitedResource.count,
            answers={200: Answer("Ten new ones, shown this once; those of before are void", BackupCodes)},
            problems=(400, 401, 403, 409, 413, 415, 422, 429, 503, 507),
            description="The second factor is shown for them, as at the sign-in: 401 `second_factor_required` says "
            "what there is; then the same again with `code` or, where there is no authenticator, `passkey`. "
            "401 `bad_code` if it is refused.",
        )
    )
    async def on_post(self, call: Call) -> None:
        body: BackupCodesRequest = call.body
        proof = self.proof(call, body.code, body.passkey)
        issued = await totp.issue_backup_codes(self.desk, call.who, body.password, proof, call.asked)
        call.answer(200, BackupCodes(list(issued.codes), issued.position), replayed=issued.replayed)


class FactorList(Resource):
    @operation(
        Operation(
            summary="Factors",
            access="account",
            answers={200: Answer("What the account asks for besides the password, and what opens it", Factors)},
            problems=(400, 401, 403),
        )
    )
    async def on_get(self, call: Call) -> None:
        held = self.desk.house.keyring.totp(call.who.user)
        left = len(self.desk.house.keyring.backup_tags(call.who.user))
        listed = passkeys.listed(self.desk.house, call.who)
        call.answer(200, Factors(held is not None and held.confirmed, left, listed))
