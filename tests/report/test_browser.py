"""The page in a browser: it opens, plays, turns, fits, and can be used without a pointer. Skipped where there is no Chromium."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser import CHROMIUM, DRIVER, Browser
from folders import whole_run

from laban.report.page import write_report

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no Chromium here: apt-get install chromium chromium-driver"),
]
PLAYER = "document.querySelector('[data-player]')"
SECONDS = f"return Number({PLAYER}.dataset.seconds)"
OPENS_IN_MS = 2000


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("checkout")
    return write_report(whole_run(root), root=root, wall_s=12.0)


@pytest.fixture(scope="module")
def session() -> Iterator[Browser]:
    browser = Browser("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
    yield browser
    browser.quit()


@pytest.fixture
def browser(session: Browser, page: Path) -> Browser:
    """The page, opened and drawn at a laptop's size."""
    session.window(1280, 800)
    session.open(page)
    session.until(f"return {PLAYER}.dataset.drawn > 0")
    return session


def focus(browser: Browser, selector: str) -> None:
    browser.js("document.querySelector(arguments[0]).focus()", selector)


def view(browser: Browser) -> list[float]:
    return [float(value) for value in browser.js(f"return {PLAYER}.dataset.view ?? '0.6 0.24 1'").split()]


def test_it_opens_at_once_asks_for_nothing_and_complains_of_nothing(session: Browser, page: Path) -> None:
    session.window(1280, 800)
    session.log("performance"), session.log("browser")
    session.open(page)
    session.until("return document.documentElement.dataset.ready === 'true'")
    opened = session.js("return performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    assert opened < OPENS_IN_MS, f"{opened:.0f} ms"
    session.until(f"return {PLAYER}.dataset.drawn > 2")
    messages = [json.loads(entry["message"])["message"] for entry in session.log("performance")]
    asked = {one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"}
    assert {url for url in asked if not url.startswith(("data:", "file:"))} == set()
    assert [url for url in asked if url.startswith("file:")] == [page.as_uri()]
    complaints = [
        entry for entry in session.log("browser") if entry["level"] in ("SEVERE", "WARNING") and "GPU stall" not in entry["message"]
    ]
    assert complaints == []


def test_it_draws_people_in_two_colours_with_webgl(browser: Browser) -> None:
    from PIL import Image

    assert browser.js(f"return {PLAYER}.dataset.renderer") == "webgl"
    assert browser.js("return document.querySelectorAll('canvas').length") > 10
    focus(browser, "[data-screen] canvas")
    browser.keys("Space")
    pixels = np.asarray(Image.open(io.BytesIO(browser.screenshot())).convert("RGB"), int)
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    assert ((blue > red + 60) & (blue > green + 20)).sum() > 500, "a blue person"
    assert ((red > blue + 80) & (red > green + 40)).sum() > 500, "an orange person"


def test_it_plays_and_stops_by_key_and_by_button(browser: Browser) -> None:
    first = browser.js(SECONDS)
    browser.until(f"return Math.abs({PLAYER}.dataset.seconds - {first}) > 0.1")
    focus(browser, "[data-screen] canvas")
    browser.keys("Space")
    stopped = browser.js(SECONDS)
    time.sleep(0.4)
    assert browser.js(SECONDS) == stopped
    assert browser.js("return document.querySelector('[data-control=play]').getAttribute('aria-label')") == "Play"
    browser.js("document.querySelector('[data-control=play]').click()")
    browser.until(f"return Number({PLAYER}.dataset.seconds) !== {stopped}")


def test_arrows_step_a_frame_and_the_slider_scrubs(browser: Browser) -> None:
    focus(browser, "[data-screen] canvas")
    browser.keys("Space", "ArrowRight")
    before = browser.js(SECONDS)
    browser.keys("ArrowRight", "ArrowRight", "ArrowLeft")
    assert browser.js(SECONDS) == pytest.approx(before + 1 / 30, abs=2e-3)
    focus(browser, "[data-control=scrub]")
    browser.keys("ArrowRight")
    assert browser.js(SECONDS) == pytest.approx(before + 2 / 30, abs=2e-3)
    said = browser.js("return document.querySelector('[data-control=scrub]').getAttribute('aria-valuetext')")
    assert said.endswith("of 4.00 seconds")


def test_the_view_turns_by_pointer_by_keys_and_by_buttons(browser: Browser) -> None:
    yaw, pitch, _ = view(browser)
    browser.js("document.querySelector('[data-player]').scrollIntoView({behavior: 'instant'})")
    browser.drag("[data-screen] canvas", (80, 40))
    dragged = view(browser)
    assert dragged[0] < yaw
    assert dragged[1] > pitch
    focus(browser, "[data-screen] canvas")
    browser.keys("Shift+ArrowRight", "Shift+ArrowUp", "=")
    turned = view(browser)
    assert turned[0] > dragged[0]
    assert turned[1] > dragged[1]
    assert turned[2] > dragged[2]
    browser.js("document.querySelector('[data-control=reset]').click()")
    assert view(browser) == [0.6, 0.24, 1.0]


def test_a_card_changes_the_scene_and_what_is_said_of_it(browser: Browser) -> None:
    browser.js("document.querySelector('[data-group=reaction]').click()")
    browser.js("document.querySelector('[data-in=reaction]').click()")
    assert browser.js("return document.querySelectorAll('[data-labels] > div').length") == 2
    assert "given" in browser.js("return document.querySelector('[data-labels]').textContent")
    assert "How does the other person react?" in browser.js("return document.querySelector('[data-shown=turns]').textContent")
    shown = browser.js("return [...document.querySelectorAll('.cards li')].filter((one) => one.offsetParent).length")
    assert shown == browser.js("return document.querySelectorAll('[data-in=reaction]').length")
    assert browser.js("return document.title") == "Laban · smoke", "the caption is hostile and has no effect"


@pytest.mark.parametrize(("width", "height"), [(360, 740), (768, 1024), (1920, 1080)])
def test_nothing_runs_out_of_the_window(session: Browser, page: Path, width: int, height: int) -> None:
    session.window(width, height)
    session.open(page)
    session.until(f"return {PLAYER}.dataset.drawn > 0")
    for _ in session.js("return [...document.querySelectorAll('details')].map((one) => one.open = true)"):
        assert session.js("return document.documentElement.scrollWidth <= innerWidth")
    small = (
        "return [...document.querySelectorAll('.controls button, .groups button, .card')]"
        ".filter((one) => one.offsetParent && one.getBoundingClientRect().height < 32).length"
    )
    assert session.js(small) == 0, "controls that a finger cannot hit"


def test_dark_and_light_follow_the_system_until_the_reader_chooses(session: Browser, page: Path) -> None:
    paper = "return getComputedStyle(document.body).backgroundColor"
    session.window(1280, 800, "dark")
    session.open(page)
    dark = session.js(paper)
    session.js("document.getElementById('theme').click()")
    light = session.js(paper)
    assert (sum(map(int, dark[4:-1].split(","))) < 120, sum(map(int, light[4:-1].split(","))) > 600) == (True, True)
    assert session.js("return document.getElementById('theme').getAttribute('aria-pressed')") == "false"
    session.js("localStorage.clear()")


def test_a_reader_who_wants_no_motion_gets_none(session: Browser, page: Path) -> None:
    session.window(1280, 800, motion="reduce")
    session.open(page)
    session.until(f"return {PLAYER}.dataset.drawn > 0")
    assert session.js(f"return {PLAYER}.dataset.playing") == "false"


def test_everything_has_a_name_and_enough_contrast_and_can_be_reached(browser: Browser) -> None:
    nameless = browser.js(
        "return [...document.querySelectorAll('button, input, select, a, summary, canvas[tabindex]')].filter((one) =>"
        " !(one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.length)).map((one) => one.outerHTML.slice(0, 120))"
    )
    assert nameless == []
    assert (
        browser.js("return [...document.querySelectorAll('table')].filter((one) => !one.caption || !one.querySelector('th[scope]')).length")
        == 0
    )
    duplicates = (
        "const ids = [...document.querySelectorAll('[id]')].map((one) => one.id); return ids.filter((id, at) => ids.indexOf(id) !== at)"
    )
    assert browser.js(duplicates) == []
    missing = (
        "const named = (one) => (one.getAttribute('aria-describedby') ?? one.getAttribute('aria-labelledby')).split(' ');"
        " return [...document.querySelectorAll('[aria-describedby], [aria-labelledby]')].flatMap(named)"
        ".filter((id) => !document.getElementById(id))"
    )
    assert browser.js(missing) == []
    browser.js("document.activeElement.blur(); scrollTo(0, 0)")
    reached = set()
    for _ in range(28):
        browser.keys("Tab")
        reached.add(browser.js("const one = document.activeElement; return one.dataset.control ?? one.id ?? one.tagName"))
    assert {"theme", "play", "scrub", "speed", "left", "reset", "trail"} <= reached


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read(session: Browser, page: Path, scheme: str) -> None:
    session.window(1280, 800, scheme)
    session.open(page)
    names = ["paper", "card", "ink", "soft", "accent", "green", "red", "wash", "stage", "person-0", "person-1"]
    colours = session.js(
        "const of = (name) => { const one = document.createElement('i'); one.style.color = `var(--${name})`; document.body.append(one);"
        " return getComputedStyle(one).color.match(/[\\d.]+/g).slice(0, 3).map(Number); };"
        " return Object.fromEntries(arguments[0].map((name) => [name, of(name)]))",
        names,
    )

    def light(name: str) -> float:
        parts = [value / 255 for value in colours[name]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    def contrast(one: str, other: str) -> float:
        high, low = sorted((light(one), light(other)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    for ground in ("paper", "card", "wash"):
        for words in ("ink", "soft", "accent", "green", "red"):
            assert contrast(words, ground) >= 4.5, (words, ground, contrast(words, ground))
    for person in ("person-0", "person-1"):
        assert contrast(person, "stage") >= 3, (person, contrast(person, "stage"))


def test_without_webgl_the_figures_are_drawn_flat(page: Path) -> None:
    browser = Browser("--disable-3d-apis")
    try:
        browser.window(1280, 800)
        browser.open(page)
        browser.until(f"return {PLAYER}.dataset.drawn > 2")
        assert browser.js(f"return {PLAYER}.dataset.renderer") == "2d"
        drawn = browser.js(
            "const one = document.querySelector('[data-screen] canvas');"
            " const all = one.getContext('2d').getImageData(0, 0, one.width, one.height).data;"
            " let count = 0; for (let i = 0; i < all.length; i += 4) count += all[i + 2] > all[i] + 60; return count"
        )
        assert drawn > 500
    finally:
        browser.quit()
