"""The whole way in a browser over a running Airflow: drop, start, watch, try, take home; and a run that fails."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest
from browser import faults, open_page
from playwright.sync_api import expect

from nas_core.runs import layout
from nas_core.tasks.tabular_classification.sample import write_sample

pytestmark = pytest.mark.slow

LONG = 400_000  # milliseconds: searching, training and exporting on a loaded machine


@pytest.fixture
def visit(airflow, browser):
    pages = []
    passwords = json.loads((Path(airflow.home) / "passwords.json").read_text())

    def make(role, address=""):
        who = {"username": role, "password": passwords[role]}
        answer = httpx.post(f"{airflow.url}/auth/token", json=who, timeout=60)
        page = open_page(browser, airflow.url, answer.json()["access_token"])
        pages.append(page)
        page.goto(f"/nas/{address}")
        return page

    yield make
    for page in pages:
        page.context.close()
        assert page.said == []


def start(page, path, name, more):
    page.goto("/nas/?new")
    page.set_input_files("#file", path)
    page.locator("#name").fill(name)
    page.get_by_text("Advanced settings").click()
    for field, value in more.items():
        label = page.locator(f"#set-{field}")
        if not label.is_visible():
            page.locator("details details", has=label).locator("summary").click()
        label.fill(str(value))
        label.blur()
    page.get_by_role("button", name="2 min", exact=True).click()
    page.get_by_role("button", name="Design the network").click()
    page.wait_for_url(re.compile("run=page__"), timeout=60_000)


def test_from_a_dropped_file_to_predictions(visit, airflow_folder, tmp_path):
    table = write_sample(tmp_path)["dataset_uri"]
    page = visit("user")
    start(page, table, "journey", {"epochs": 20, "n_finalists": 1})
    address = page.url.split("/nas/")[1]
    watcher, operator = visit("viewer", address), visit("op", address)  # others see the same; one may do more
    for each in (page, watcher, operator):
        expect(each.locator(".ledger tbody tr").first).to_be_visible(timeout=LONG)
    stop = "Stop and take the best"
    assert page.get_by_role("button", name=stop).count() == watcher.get_by_role("button", name=stop).count() == 0
    page.get_by_role("button", name=re.compile("^Search")).click()
    expect(page.locator("#log")).to_contain_text("parameters", timeout=60_000)
    operator.get_by_role("button", name=stop).click()
    operator.get_by_role("dialog").get_by_role("button", name=stop).click()
    expect(operator.get_by_text("Stopping").first).to_be_visible(timeout=60_000)
    expect(page.get_by_role("tab", name="Try it")).to_be_visible(timeout=LONG)

    expect(page.locator(".band")).to_contain_text("The network reaches")
    assert faults(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="LiteRT model").first.click()
    (run,) = (airflow_folder / "runs" / "journey").iterdir()
    assert (run / layout.STOP).exists()
    assert download.value.path().read_bytes() == (run / "export" / "model.tflite").read_bytes()

    page.get_by_role("tab", name="Try it").click()
    expect(page.locator(".sticky .big")).not_to_be_empty()
    with page.expect_download() as download:
        page.set_input_files("#rows", table)
    header, *rows = download.value.path().read_text().splitlines()
    assert "prediction" in header
    assert len(rows) == len(Path(table).read_text().splitlines()) - 1
    assert faults(page) == []
    page.get_by_role("tab", name="Full report").click()
    expect(page.frame_locator("iframe.report").locator("h1")).to_contain_text("A network that predicts")


def test_a_failing_run_says_why(visit, tmp_path):
    table = tmp_path / "same.csv"
    table.write_text("a,b\n" + "".join(f"{row % 9},1\n" for row in range(50)))
    page = visit("user")
    start(page, table, "failing", {})
    expect(page.get_by_role("alert")).to_contain_text("one", timeout=LONG)
    expect(page.get_by_role("heading", level=1)).to_contain_text("failed")
    assert faults(page) == []
