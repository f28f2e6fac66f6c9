"""The page of a report in a real browser: it draws itself, sorts, filters and opens, and asks nothing of a network."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matcher import RuleSet
from matcher.offline import page, report

ROOT = Path(__file__).parents[2]
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1200,900",
)  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        why = "Chromium and chromedriver are not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed (extra `test`)")
    options = selenium.ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = selenium.Chrome(options=options, service=selenium.ChromeService(driver))
    yield opened
    opened.quit()


@pytest.fixture(scope="module")
def shown(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The page of the example rules, some that never match, and one whose name and events would break out."""
    folder = tmp_path_factory.mktemp("page")
    rules = json.loads((ROOT / "examples/orders/rules.json").read_text())
    rules |= {HOSTILE: {"source": ["com.myapp.orders"]}, "never": {"detail": {HOSTILE: [1]}}}
    events = (ROOT / "examples/orders/events.jsonl").read_text() + json.dumps({"source": HOSTILE}) + "\n{]\n"
    (folder / HOSTILE[2:8]).write_text(events)
    text = page(report(RuleSet(rules), folder / HOSTILE[2:8]), f"Report {HOSTILE}")
    (folder / "page.html").write_text(text, "utf-8")
    browser.get_log("performance")
    browser.get((folder / "page.html").as_uri())
    return browser


def texts(shown: Any, selector: str) -> list[str]:
    return [element.text for element in shown.find_elements("css selector", selector)]


def names(shown: Any) -> list[str]:
    return texts(shown, "#rules tbody td.name")


def click(shown: Any, selector: str) -> None:
    shown.find_element("css selector", selector).click()


def test_it_draws_itself_without_an_error_or_a_request(shown: Any) -> None:
    assert shown.execute_script("return document.body.dataset.ready") == "yes"
    assert [entry for entry in shown.get_log("browser") if entry["level"] in {"SEVERE", "WARNING"}] == []
    asked = [json.loads(entry["message"])["message"] for entry in shown.get_log("performance")]
    urls = {one["params"]["request"]["url"] for one in asked if one["method"] == "Network.requestWillBeSent"}
    own = {"chrome", "chrome-untrusted"}  # the browser's own first tab
    assert {url.split(":")[0] for url in urls} <= {"file", "data"} | own
    assert len([url for url in urls if url.startswith("file:")]) == 1
    assert shown.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_figures_and_charts(shown: Any) -> None:
    figures = dict(zip(texts(shown, ".figures dt"), texts(shown, ".figures dd"), strict=True))
    assert figures["Events"].startswith("201\n")
    assert figures["Never matched"] == "1\n1 field never present"
    assert figures["Refused"] == "1\nmalformed events"
    bars = shown.find_elements("css selector", "#time svg.bars rect")
    assert len(bars) > 20
    assert all(bar.size["height"] >= 0.5 for bar in bars)
    assert len(shown.find_elements("css selector", "#rules svg.spark")) == 13
    assert len(shown.find_elements("css selector", "#overlap .cell")) > 20
    assert "failed in 201 of 201 sampled events" in texts(shown, "#misses li")[0]
    assert texts(shown, "#refused li") != []


def test_texts_of_rules_and_events_are_inert(shown: Any) -> None:
    assert shown.title == f"Report {HOSTILE}"
    assert HOSTILE in names(shown)
    assert shown.find_elements("css selector", "img") == []
    assert len(shown.find_elements("css selector", "script")) == 2
    refused = "const s = document.createElement('script'); s.textContent = 'document.title = 1'; document.body.append(s)"
    shown.execute_script(refused)
    assert shown.title == f"Report {HOSTILE}"
    shown.get_log("browser")  # the browser's word that the policy refused it


def test_rules_sort_by_each_column(shown: Any) -> None:
    first = names(shown)
    assert first[0] == "archive"
    assert first[-1] == "never"
    click(shown, "#rules th:nth-child(1) button")
    assert names(shown) == sorted(first, key=str.lower)
    assert shown.find_element("css selector", "#rules th:nth-child(1)").get_attribute("aria-sort") == "ascending"
    click(shown, "#rules th:nth-child(1) button")
    assert names(shown) == sorted(first, key=str.lower, reverse=True)
    click(shown, "#rules th:nth-child(2) button")
    assert names(shown) == first
    click(shown, "#rules th:nth-child(2) button")
    assert names(shown)[0] == "never"
    click(shown, "#rules th:nth-child(2) button")


def test_rules_are_filtered(shown: Any) -> None:
    field = shown.find_element("css selector", "input[type=search]")
    field.send_keys("CARD")
    assert sorted(names(shown)) == ["block-card", "print-gift-card"]
    assert texts(shown, "#rules [role=status]") == ["2 rules"]
    field.send_keys("\b" * 4)
    assert len(names(shown)) == 14


def test_a_rule_opens_and_closes(shown: Any) -> None:
    click(shown, "#rules tbody tr:first-child button")
    samples = texts(shown, "#rules tr.samples pre")
    assert len(samples) == 3
    assert all(text.startswith('{"version":"0"') for text in samples)
    titles = [bar.get_attribute("textContent") for bar in shown.find_elements("css selector", "#rules tr.samples rect")]
    assert sum(int(title.partition(": ")[2].split()[0]) for title in titles) == 200
    click(shown, "#rules tbody tr:first-child button")
    assert texts(shown, "#rules tr.samples pre") == []


def test_it_fits_a_narrow_screen(shown: Any) -> None:
    shown.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 380, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    )
    assert shown.execute_script("return document.documentElement.scrollWidth") <= 380
    shown.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_many_rules_come_page_by_page(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "e.jsonl").write_text('{"n": 7}\n')
    rules = RuleSet({f"rule {n}": {"n": [n]} for n in range(5_200)})
    (tmp_path / "page.html").write_text(page(report(rules, tmp_path / "e.jsonl", sampled=1)), "utf-8")
    browser.get((tmp_path / "page.html").as_uri())
    assert len(names(browser)) == 100
    assert names(browser)[0] == "rule 7"
    click(browser, ".more")
    assert len(names(browser)) == 200
    assert "5,200" in texts(browser, ".figures dd")[2]
    assert "200 more are not explained" not in texts(browser, "#misses .note")[0]
    assert "4,999 more are not explained" in texts(browser, "#misses .note")[0]
