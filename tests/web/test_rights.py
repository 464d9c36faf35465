"""Every route of the page, without a login and with each role, inside a real Airflow application."""

from __future__ import annotations

import re

import pytest

PLACES = {"dag_id": "generate_network", "run_id": "finished", "part": "report/report.html", "name": "index.html"}
PLACES["key"] = "A" * 22
VIEWERS, USERS, OPERATORS = ("viewer", "user", "op", "admin"), ("user", "op", "admin"), ("op", "admin")
# What a route needs when it does more than show.
WHO = {
    ("POST", "/api/v1/uploads"): USERS,
    ("POST", "/api/v1/uploads/parts"): USERS,
    ("GET", "/api/v1/uploads/parts/{key}"): USERS,
    ("PATCH", "/api/v1/uploads/parts/{key}"): USERS,
    ("POST", "/api/v1/inspect"): USERS,
    ("POST", "/api/v1/runs"): USERS,
    ("POST", "/api/v1/runs/{dag_id}/{run_id}/stop"): OPERATORS,
    ("DELETE", "/api/v1/runs/{dag_id}/{run_id}"): OPERATORS,
}
REFUSED = {401, 403}


def all_routes():
    from nas_core.web.app import service

    return [(method, route.path) for route in service.routes for method in sorted(route.methods - {"HEAD"})]


def address_of(path):
    return "/nas" + re.sub(r"\{(\w+)(:path)?\}", lambda place: PLACES[place[1]], path)


@pytest.mark.usefixtures("finished_run")
def test_every_route_needs_a_login_and_the_role_that_it_is_for(as_role):
    anonymous = as_role(None)
    routes = all_routes()
    assert len(routes) > 18
    for method, path in routes:
        assert anonymous.request(method, address_of(path)).status_code == 401, path
        allowed = WHO.get((method, path), VIEWERS)
        for role in VIEWERS:
            if method == "DELETE" and role in allowed:
                continue  # it would work; its own test looks
            answer = as_role(role).request(method, address_of(path))
            is_refused = answer.status_code in REFUSED
            assert is_refused == (role not in allowed), (role, method, path, answer.status_code, answer.text)


def test_a_forged_token_opens_nothing(as_role):
    client = as_role("viewer")
    client.headers["Authorization"] += "x"
    assert client.get("/nas/api/v1/runs").status_code in REFUSED


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "http://testserver"}, True),
        ({}, True),
    ],
)
def test_a_page_of_another_site_cannot_use_the_cookie(with_cookie, headers, is_taken):
    answer = with_cookie("user").post("/nas/api/v1/runs", json={}, headers=headers)
    assert answer.status_code == (422 if is_taken else 403)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/nas/", "/nas/api/v1/runs", "/nas/api/v1/nothing", "/nas/page/index.html"])
def test_answers_carry_security_headers(as_role, path):
    headers = as_role("viewer").get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
