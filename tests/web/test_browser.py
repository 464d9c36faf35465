"""The page in a real browser, over Airflow's own application; nothing is trained here."""

from __future__ import annotations

import re
import shutil
import threading
import time
from contextlib import contextmanager

import pytest
from browser import faults, is_within_its_width, open_page
from playwright.sync_api import expect

from nas_core.runs.records import append_line, read_lines, write_json
from nas_core.tasks.image_classification.sample import write_sample as write_pictures

pytestmark = pytest.mark.slow
expect.set_options(timeout=60_000)  # a loaded machine is slow

CSV = "\n".join(
    ["age,plan,churned", *(f"{20 + row * 7 % 31},{'pro' if row % 3 else 'free'},{row % 2}" for row in range(60))]
)


@pytest.fixture(scope="module")
def served(airflow_app):
    """The application at an address of this machine."""
    import uvicorn
    from standalone import free_ports

    (port,) = free_ports(1)
    server = uvicorn.Server(uvicorn.Config(airflow_app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = server.force_exit = True
    thread.join(10)


@pytest.fixture
def visit(browser, served, token_of):
    """Open the page as a role; at the end nothing may have gone wrong in its scripts."""
    pages = []

    def make(role, address="", **look):
        page = open_page(browser, served, token_of(role), **look)
        pages.append(page)
        page.goto(f"/nas/{address}")
        return page

    yield make
    for page in pages:
        page.context.close()
        assert page.said == []


def run_page(run_id, more=""):
    return f"?dag=generate_network&run={run_id}{more}"


def csv_file(text, name="customers.csv"):
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


def test_a_bad_file_is_explained_and_a_good_one_becomes_a_run(visit):
    page = visit("user", "?new")
    page.set_input_files("#file", csv_file("%PDF-1.4 no table", "report.pdf"))
    expect(page.get_by_role("alert")).to_contain_text("is a PDF document")
    page.set_input_files("#file", csv_file(CSV))
    expect(page.locator("#target")).to_have_value("churned")
    expect(page.get_by_text("60 rows × 3 columns")).to_be_visible()
    assert faults(page) == []
    page.get_by_label("Use column plan").uncheck()
    expect(page.locator(".preview").get_by_text("set aside")).to_be_visible()
    page.locator("#name").fill("not a name!")
    page.get_by_role("button", name="Design the network").click()
    expect(page.get_by_role("alert")).to_contain_text("`name`")
    page.locator("#name").fill("churn")
    page.get_by_role("button", name="2 min", exact=True).click()
    page.get_by_role("button", name="Design the network").click()
    page.wait_for_url(re.compile("run=page__"))
    expect(page.get_by_role("heading", name="churn")).to_contain_text("waiting")
    expect(page.get_by_text("This run starts by itself")).to_be_visible()


def test_the_keyboard_is_enough(visit):
    page = visit("user")
    page.get_by_role("link", name="New network").first.focus()  # an empty list offers another one
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("new"))
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").focus()
        page.keyboard.press("Enter")
    chooser.value.set_files(csv_file(CSV))
    target = page.locator("#target")
    expect(target).to_have_value("churned")
    target.focus()
    page.keyboard.press("ArrowUp")
    expect(target).to_have_value("plan")
    page.locator("[name=algorithm]").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[value=whole]")).to_be_checked()
    page.get_by_role("button", name="Design the network").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("run=page__"))


def test_a_lost_upload_goes_on_where_it_stopped_even_after_a_reload(visit, tmp_path):
    table, offsets = tmp_path / "customers.csv", []
    rows = (f"{20 + row * 7 % 31},{'pro' if row % 3 else 'free'},{row % 2}\n" for row in range(700_000))
    table.write_text("age,plan,churned\n" + "".join(rows))
    page = visit("user", "?new")
    page.route(re.compile(r"parts/\w+\?offset=(?!0$)"), lambda route: route.abort())
    page.set_input_files("#file", table)
    expect(page.get_by_role("alert")).to_contain_text("The connection was lost")
    page.unroute_all()
    page.reload()
    expect(page.get_by_text("Choose the same file again")).to_be_visible()
    page.on("request", lambda request: offsets.extend(re.findall(r"offset=(\d+)", request.url)))
    page.set_input_files("#file", table)
    expect(page.locator("#target")).to_have_value("churned")
    assert offsets[0] == str(4 << 20)
    assert int(offsets[-1]) < table.stat().st_size < 3 * (4 << 20)


@pytest.mark.usefixtures("finished_run")
def test_a_viewer_looks_and_is_offered_nothing_else(visit):
    page = visit("viewer")
    expect(page.get_by_role("link", name="tumours")).to_be_visible()
    assert page.get_by_role("link", name="New network").count() == 0
    page.get_by_role("link", name="tumours").click()
    expect(page.get_by_role("tab", name="Files")).to_be_visible()
    for name in ("Delete", "Run again with changes", "Stop and take the best"):
        assert page.get_by_text(name).count() == 0


@contextmanager
def growing(run, known_run, run_id):
    """A run whose search goes on: a third of its ledger is written, `more` writes the next candidates."""
    ledger = run.path("search/candidates.jsonl")
    lines = list(read_lines(ledger))
    ledger.unlink()
    left = iter(lines)

    def more(n):
        for _, line in zip(range(n), left, strict=False):
            append_line(ledger, line)

    more(10)
    known_run(run_id, run.address, state="running")
    yield more


def test_candidates_appear_as_they_come_and_two_runs_do_not_mix(visit, known_run, runs_root):
    from made_up_run import write_run

    first, second = write_run(runs_root / "a", n_candidates=30), write_run(runs_root / "b", kind="values")
    with growing(first, known_run, "first") as more, growing(second, known_run, "second") as more_of_second:
        page, other = visit("op", run_page("first")), visit("op", run_page("second"))
        tried = page.locator(".cards > div", has_text="Networks tried").locator("b")
        expect(tried).to_have_text("10")
        more(7)
        expect(tried).to_have_text("17")
        page.context.set_offline(True)
        more(5)
        page.context.set_offline(False)
        expect(tried).to_have_text("22")
        expect(page.locator(".ledger tbody tr")).to_have_count(22)
        assert page.locator(".ledger th").nth(1).inner_text() == "Log-loss"
        page.get_by_role("button", name="failed").click()
        expect(page.locator(".ledger tbody tr").first).to_contain_text("ran out of memory")
        expect(other.locator(".cards > div", has_text="Networks tried").locator("b")).to_have_text("10")
        more_of_second(1)
        expect(other.locator(".ledger tbody tr")).to_have_count(11)
        assert other.locator(".ledger th").nth(1).inner_text() == "RMSE"
        assert faults(page) == []
    shutil.rmtree(runs_root / "a")
    shutil.rmtree(runs_root / "b")


def test_ten_thousand_candidates_are_drawn(visit, known_run, runs_root):
    from made_up_run import write_run

    run = write_run(runs_root / "many", n_candidates=10_000)
    known_run("many", run.address, state="running")
    page = visit("viewer", run_page("many"))
    expect(page.locator(".cards > div", has_text="Networks tried").locator("b")).to_have_text("10,000")
    expect(page.locator(".ledger tbody tr").first).to_contain_text("10,000")
    assert page.locator(".ledger tbody tr").count() < 100
    page.wait_for_function("() => /10,000/.test(document.querySelector('canvas').getAttribute('aria-label'))")
    shutil.rmtree(runs_root / "many")


@pytest.mark.usefixtures("finished_run")
def test_the_leaderboard_sorts_and_filters(visit):
    page = visit("viewer", run_page("finished", "&tab=how_found"))
    board = page.locator(".board")
    rows, head = board.locator("tbody tr"), board.locator("thead")
    expect(rows).to_have_count(25)
    values = [float(text) for text in board.locator("tbody tr:has(b) td:nth-child(2)").all_inner_texts()]
    assert values == sorted(values)  # log-loss: the best first
    head.get_by_role("button", name="Parameters").click()
    sizes = [int(text.replace(",", "")) for text in board.locator("tbody td:nth-child(4)").all_inner_texts()]
    assert sizes == sorted(sizes)
    board.get_by_label("State").select_option("failures")
    expect(rows.first).to_contain_text("ran out of memory")
    n_failed = rows.count()
    board.get_by_label("State").select_option("all")
    board.get_by_label("With the layer").select_option("residual")
    expect(rows.first).to_contain_text("residual")
    assert all("residual" in text for text in rows.all_inner_texts())
    board.get_by_label("With the layer").select_option("")
    board.locator("canvas").nth(1).scroll_into_view_if_needed()
    ways = board.locator("canvas").nth(1).bounding_box()
    page.mouse.move(ways["x"] + 30, ways["y"] + 40)  # the first axis, from its top to its middle
    page.mouse.down()
    page.mouse.move(ways["x"] + 30, ways["y"] + ways["height"] / 2)
    page.mouse.up()
    expect(board.get_by_role("button", name="Clear the axes")).to_be_visible()
    assert 0 < rows.count() < 25
    board.get_by_role("button", name="Clear the axes").click()
    expect(rows).to_have_count(25)
    assert n_failed > 0
    assert faults(page) == []


@pytest.mark.usefixtures("finished_run")
def test_runs_of_one_name_are_told_apart_and_their_differences_shown(visit, known_run, runs_root):
    from made_up_run import write_run

    other = write_run(runs_root / "other", n_candidates=40)
    job = other.read_job()
    write_json(other.path("job.json"), job | {"max_layers": 3})
    known_run("other", other.address)
    page = visit("viewer")
    expect(page.get_by_role("link", name="Compare")).to_have_count(0)
    for run_id in ("other", "finished"):
        row = page.get_by_role("row").filter(has=page.locator(f'a[href$="run={run_id}"]'))
        row.get_by_role("checkbox").check()
    page.get_by_role("link", name="Compare (2)").click()
    table = page.locator("table.compare")
    expect(table.locator("tr", has_text="max_layers").locator("td")).to_have_text(["3", str(job["max_layers"])])
    expect(table.locator("tr", has_text="Networks tried").locator("td")).to_have_text(["40", "30"])
    assert faults(page) == []
    shutil.rmtree(runs_root / "other")


def test_pictures_are_shown_by_class(visit, tmp_path):
    page = visit("user", "?new")
    page.set_input_files("#file", write_pictures(tmp_path)["dataset_uri"])
    expect(page.locator(".class")).to_have_count(2)
    expect(page.locator(".class").first).to_contain_text("ring")
    assert page.evaluate("() => [...document.querySelectorAll('.thumb img')].every((one) => one.naturalWidth === 20)")
    expect(page.locator("#target")).to_have_value("label")
    assert faults(page) == []
    page.get_by_role("button", name="Design the network").click()
    page.wait_for_url(re.compile("run=page__"))


def test_an_operator_stops_a_search_and_deletes_a_run(visit, known_run, finished_run):
    known_run("live", finished_run.address, state="running")
    page = visit("op", run_page("finished"))
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert finished_run.folder.exists()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url(re.compile("/nas/$|/nas/\\?$"))
    assert not finished_run.folder.exists()


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.usefixtures("finished_run")
def test_phones_and_both_looks_are_accessible(visit, look, known_run):
    known_run("queued", None, state="queued")
    page = visit("op", color_scheme=look, viewport={"width": 390, "height": 800})
    expect(page.get_by_role("link", name="tumours").first).to_be_visible()
    for address in (
        "",
        "?new",
        run_page("queued"),
        run_page("finished", "&tab=how_found"),
        run_page("finished", "&tab=files"),
    ):
        page.goto(f"/nas/{address}")
        expect(page.locator("h1")).to_be_visible()
        expect(page.get_by_text("…", exact=True)).to_have_count(0)
        assert is_within_its_width(page), address
        assert faults(page) == [], address


@pytest.mark.usefixtures("finished_run")
def test_it_speaks_russian(visit):
    page = visit("op", locale="ru-RU")
    expect(page.get_by_role("heading", name="Сети")).to_be_visible()
    page.get_by_role("link", name="tumours").first.click()
    expect(page.get_by_role("tab", name="Файлы")).to_be_visible()


@pytest.mark.usefixtures("finished_run")
def test_it_lives_inside_airflow(browser, served, token_of):
    page = open_page(browser, served, token_of("admin"))
    page.goto("/")
    expect(page.locator("section", has_text="Networks").get_by_role("link", name="tumours").first).to_be_visible()
    page.get_by_role("link", name="Networks", exact=True).first.click()
    frame = page.frame_locator("iframe")
    frame.get_by_role("link", name="tumours").first.click()
    expect(frame.get_by_role("tab", name="Files")).to_be_visible()
    page.reload()  # the address of Airflow's page follows the frame's
    expect(frame.get_by_role("tab", name="Files")).to_be_visible()
    page.goto("/dags/generate_network/runs/finished")
    page.get_by_role("link", name="Network", exact=True).click()
    expect(frame.get_by_role("tab", name="Files")).to_be_visible()
    page.context.close()


def test_texts_are_in_both_languages_and_all_are_used():
    from nas_core.web.app import PAGE

    scripts = {asset.name: asset.read_text() for asset in PAGE.iterdir() if asset.name.endswith(".js")}
    texts = scripts.pop("texts.js")
    known = set(re.findall(r'(?:^|[{,])\s*(\w+): \["', texts, re.MULTILINE))
    asked = set(re.findall(r'\bt\("(\w+)"', "".join(scripts.values())))
    assert asked <= known
    assert not re.search(r"innerHTML|outerHTML|document\.write|eval\(", "".join(scripts.values()))
    for _, english, russian in re.findall(r'(\w+): \[\s*"([^"]*)",\s*"([^"]*)"\]', texts):
        assert set(re.findall(r"\{(\w+)\}", english)) == set(re.findall(r"\{(\w+)\}", russian)), english
