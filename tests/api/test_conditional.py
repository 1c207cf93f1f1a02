"""What If-None-Match and If-Range say of an entity tag. RFC 9110 §13.1, §8.8.3."""

from __future__ import annotations

import time

import pytest

from api.conditional import none_match, range_holds


@pytest.mark.parametrize(
    "header", ['"a"', 'W/"a"', '"x", "a"', '"x" ,W/"a"', ',, "a",', '  "a"  ', "*", " * ", '"b,c","a"']
)
@pytest.mark.parametrize("etag", ['"a"', 'W/"a"'])
def test_a_tag_is_found_by_weak_comparison_wherever_it_stands(header: str, etag: str) -> None:
    assert none_match(header, etag)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        ",",
        '"x"',
        "a",
        '"xa", "ax"',
        'w/"a"',
        '"a" "a"',
        '"x", a, "a"',
        '"a',
        '*, "a"',
        '"x, "a", y"',
        'W/ "a"',
    ],
)
def test_another_tag_and_what_is_no_list_of_tags_match_nothing(header: str | None) -> None:
    assert not none_match(header, '"a"')


def test_a_tag_inside_another_is_not_that_tag() -> None:
    assert not none_match('"1-abc", "11"', '"1"')
    assert not none_match('W/"11-abc"', 'W/"1-abc"')


@pytest.mark.parametrize("header", [" " * 30_000 + "x", '"' + "a" * 30_000, '"a" ' * 10_000, "," * 30_000])
def test_a_long_header_costs_no_more_than_its_length(header: str) -> None:
    began_s = time.process_time()
    assert not none_match(header, '"b"')
    assert time.process_time() - began_s < 0.5


def test_a_range_holds_for_the_same_strong_tag_alone() -> None:
    assert range_holds(None, '"a"')
    assert range_holds(' "a"', '"a"')
    for other in ('"b"', 'W/"a"', "*", "", '"a", "b"', "Sun, 06 Nov 1994 08:49:37 GMT"):
        assert not range_holds(other, '"a"')
    assert not range_holds('W/"a"', 'W/"a"')
