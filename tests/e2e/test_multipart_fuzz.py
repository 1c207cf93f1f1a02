"""The form's door under whatever can be sent to it: a clear answer, and a file only for what is a whole form."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.people import Person

BOUNDARY = b"strongroom-fuzz"
HEADS = st.sampled_from(
    [
        b'Content-Disposition: form-data; name="a"; filename="a.txt"',
        b'Content-Disposition: form-data; name="chat_id"',
        b'Content-Disposition: form-data; name="x"; filename=""',
        b"Content-Disposition: form-data; filename*=UTF-8''%00%2e%2e",
        b"Content-Disposition: attachment",
        b"Content-Type: multipart/mixed; boundary=inner",
        b"Content-Transfer-Encoding: base64",
        b"Content-Length: 99999999999",
        b"X" * 9_000,
        b"no colon",
        b"\xff\xfe: \x00",
        b"",
    ]
)
PARTS = st.tuples(st.lists(HEADS, max_size=4), st.one_of(st.binary(max_size=60), st.just(b"\r\n--" + BOUNDARY)))
ENDS = st.sampled_from([b"--\r\n", b"--", b"", b"\r\n", b"-", b"--\r\ntrailing"])


def form(parts: list[tuple[list[bytes], bytes]], end: bytes) -> bytes:
    body = b"".join(
        b"--" + BOUNDARY + b"\r\n" + b"\r\n".join(heads) + b"\r\n\r\n" + data + b"\r\n" for heads, data in parts
    )
    return body + b"--" + BOUNDARY + end


@settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(PARTS, max_size=5),
    end=ENDS,
    cut=st.one_of(st.none(), st.integers(0, 400)),
    boundary=st.sampled_from([b"strongroom-fuzz", b"another", b"", b'"quo', b"x" * 80]),
)
def test_whatever_comes_as_a_form_gets_a_clear_answer(
    bob: Person, parts: list[tuple[list[bytes], bytes]], end: bytes, cut: int | None, boundary: bytes
) -> None:
    body = form(parts, end)[:cut]
    before = len(bob.data(include="files")["files"])
    answer = bob.http.post(
        "/upload/files", content=body, headers=[(b"Content-Type", b"multipart/form-data; boundary=" + boundary)]
    )
    after = len(bob.data(include="files")["files"])
    if answer.status_code == 202:
        assert after - before == len(answer.json()["files"]) > 0
        return
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert after == before
