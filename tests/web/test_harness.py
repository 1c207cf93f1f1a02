"""What goes wrong on a page is seen: each watcher catches its fault, and nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from api.page import CSP
from tests.web.axe import DRAWN, axe
from tests.web.conftest import Resident, Visit
from tests.web.looks import NARROW_DARK, WIDE, Look
from tests.web.profiles import Profiles
from tests.web.visitor import Visitor, visiting
from tests.web.watching import Fault

SITE = "http://page.test"
SOUND = "<title>A page</title><main><h1>A page</h1></main>"


@pytest.fixture
def bystander(profiles: Profiles) -> Iterator[Visitor]:
    """Somebody at a site that is nowhere but in this file, under the policy of the real page."""
    with profiles.visiting(SITE, WIDE) as visitor:
        visitor.context.route(f"{SITE}/missing", lambda route: route.fulfill(status=404))
        visitor.context.route(f"{SITE}/broken", lambda route: route.fulfill(status=500))
        visitor.context.route(f"{SITE}/cut", lambda route: route.abort("connectionreset"))
        visitor.context.route(f"{SITE}/let-go", lambda route: route.abort("aborted"))
        yield visitor


def serve(visitor: Visitor, body: str, script: str = "") -> Page:
    """The visitor's tab on a page with this body, and a script that the policy allows."""

    def page(route: Route) -> None:
        head = "<!doctype html><html lang='en'><meta charset='utf-8'><link rel='icon' href='/mark.svg'>"
        run = "<script src='/script.js'></script>" if script else ""
        policy = {"Content-Security-Policy": CSP}
        route.fulfill(body=f"{head}{body}{run}</html>", content_type="text/html", headers=policy)

    visitor.context.route(f"{SITE}/", page)
    visitor.context.route(f"{SITE}/mark.svg", lambda route: route.fulfill(status=204))
    visitor.context.route(f"{SITE}/script.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    return visitor.open()


def faults(visitor: Visitor) -> str:
    with pytest.raises(AssertionError, match="the page was not clean") as caught:
        visitor.require_clean()
    return str(caught.value)


def test_a_sound_page_is_clean(bystander: Visitor) -> None:
    page = serve(bystander, SOUND, "console.log('all is well')")
    axe(page)
    bystander.require_clean()


def test_everything_that_goes_wrong_is_told(bystander: Visitor) -> None:
    body = """
        <script>go()</script>
        <p style='color: red'>
        <img alt='' src='https://elsewhere.test/x.png'>
    """
    script = """
        const tries = [
            () => (document.body.innerHTML = '<b>x</b>'),
            () => eval('1'),
            () => console.error('it broke'),
            () => console.warn('it may break'),
            () => { throw new Error('nobody caught me') },
            () => Promise.reject(new Error('nobody waited for me')),
            () => fetch('/missing'),
            () => fetch('/broken'),
            () => fetch('/cut').catch(() => {}),
        ];
        for (const each of tries) setTimeout(each);
    """
    serve(bystander, SOUND + body, script).wait_for_load_state("networkidle")
    told = faults(bystander)
    for said in (
        "content security policy: script-src-elem refused inline",
        "content security policy: style-src-attr refused inline",
        "content security policy: img-src refused",
        "console: error: it broke",
        "console: warning: it may break",
        "page: uncaught nobody caught me",
        "page: uncaught nobody waited for me",
        "status of 404",
        "answer: 500 to GET http://page.test/broken",
        "request: GET http://page.test/cut failed: net::ERR_CONNECTION_RESET",
    ):
        assert said in told
    assert told.count("content security policy: require-trusted-types-for refused") == 2  # the markup and the code


def test_a_second_tab_is_watched_too(bystander: Visitor) -> None:
    serve(bystander, SOUND, "if (sessionStorage.length) console.error('in the second'); sessionStorage.x = 1")
    bystander.require_clean()
    tab = bystander.tab()
    tab.goto("/")
    tab.reload()
    assert "in the second" in faults(bystander)


def test_what_the_page_lets_go_of_is_no_fault(bystander: Visitor) -> None:
    page = serve(bystander, SOUND, "fetch('/let-go').catch(() => {})")
    page.wait_for_load_state("networkidle")
    bystander.allow("net::ERR_ABORTED")  # What Chromium writes into its console of it.
    bystander.require_clean()


def test_what_a_story_allows_is_no_fault_but_all_else_is(bystander: Visitor) -> None:
    serve(bystander, SOUND, "console.error('expected 1'); console.error('a surprise')")
    bystander.allow(r"^console: error: expected \d")
    told = faults(bystander)
    assert "a surprise" in told
    assert "expected 1" not in told


def test_axe_finds_what_people_cannot_use_and_says_where(bystander: Visitor) -> None:
    page = serve(bystander, SOUND + "<main><button id='nameless'></button><font color='#eee'>faint</font></main>")
    with pytest.raises(AssertionError, match="button-name") as caught:
        axe(page)
    assert "#nameless" in str(caught.value)
    assert "landmark-no-duplicate-main" in str(caught.value)
    with pytest.raises(AssertionError) as fewer:
        axe(page, without=("button-name",))
    assert "button-name" not in str(fewer.value)
    with pytest.raises(AssertionError, match="color-contrast") as drawn:
        axe(page, only=DRAWN)
    assert "button-name" not in str(drawn.value)
    bystander.require_clean()


def test_a_look_is_how_the_page_sees_itself(browser: Browser, look: Look) -> None:
    with visiting(browser, SITE, look) as visitor:
        page = serve(visitor, "<meta name='viewport' content='width=device-width'>" + SOUND)
        assert page.evaluate("() => innerWidth") == look.width_px
        assert page.evaluate(f"() => matchMedia('(prefers-color-scheme: {look.theme})').matches")
        assert page.evaluate("() => matchMedia('(pointer: coarse)').matches") is look.touch
        assert page.evaluate("() => matchMedia('(prefers-reduced-motion)').matches") is (look is NARROW_DARK)
        visitor.require_clean()


KEEPING = """
    localStorage.kept = sessionStorage.kept = document.cookie = "kept=1";
    indexedDB.open("kept");
"""
KEPT = """async () => [
    localStorage.length, sessionStorage.length, document.cookie.length, (await indexedDB.databases()).length
]"""


def test_whoever_gets_the_profile_of_another_finds_nothing_of_theirs(profiles: Profiles) -> None:
    with profiles.visiting(SITE, WIDE, locale="fr") as first:
        page = serve(first, SOUND, KEEPING)
        page.wait_for_load_state("networkidle")
        assert all(page.evaluate(KEPT))
        first.context.set_offline(True)
        first.faults.append(Fault("page", "of the first"))
    with profiles.visiting(SITE, WIDE, locale="fr") as second:
        assert second.context is first.context
        assert serve(second, SOUND).evaluate(KEPT) == [0, 0, 0, 0]
        second.require_clean()


def test_a_story_that_failed_leaves_nothing_to_the_next_but_the_account(resident: Resident) -> None:
    resident.come().page.evaluate("() => { localStorage.half = 'a draft' }")
    resident.forget()
    try:
        keeper = resident.come()
        assert keeper.page.evaluate("() => localStorage.half") is None
        assert resident.entered
        keeper.visitor.require_clean()
    finally:
        resident.leave()


def test_the_network_can_be_slow_and_gone(bystander: Visitor) -> None:
    page = serve(bystander, SOUND)
    assert page.evaluate("() => navigator.onLine")
    with bystander.offline():
        assert not page.evaluate("() => navigator.onLine")
    assert page.evaluate("() => navigator.onLine")


def test_a_slow_network_takes_its_time(visit: Visit) -> None:
    visitor = visit()
    visitor.allow(r"favicon\.ico")  # No page of ours: it names no icon.
    page = visitor.open("/healthz")
    fetch = "async () => { const began = performance.now(); await fetch('/healthz'); return performance.now() - began }"
    with visitor.slowed(latency_ms=700), visitor.slow_processor():
        slow_ms = page.evaluate(fetch)
    assert slow_ms >= 600
    assert page.evaluate(fetch) < slow_ms
