"""Every path demands the login; what changes something demands its permission and a page of this site; every answer has its headers."""

import pytest
from visitors import TokenAccess, client_of, every_path

from broadsheet.lake import Lake

SAME = {"sec-fetch-site": "same-origin"}


def test_every_path_answers_401_to_nobody_and_403_to_who_may_not_read(ui_lake):
    nobody, stranger = client_of(ui_lake, None), client_of(ui_lake, "stranger")
    paths = every_path(ui_lake)
    assert {
        "/",
        "/pages",
        "/feeds",
        "/sql",
        "/sql.csv",
        "/quality",
        "/quality/replay",
        "/quality/dismiss",
        "/docs/index.html",
        "/static/style.css",
        "/openapi.json",
    } <= set(paths)
    for path in paths:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            assert nobody.request(method, path, headers=SAME).status_code == 401, (method, path)
            assert stranger.request(method, path, headers=SAME).status_code == 403, (method, path)


def test_a_route_that_is_added_later_is_behind_the_gate_too(ui_lake):
    client = client_of(ui_lake, None)
    client.app.add_api_route("/later", lambda: "there")
    assert client.get("/later").status_code == 401
    assert client.get("/later", headers={"x-role": "reader"}).status_code == 200


def test_a_socket_is_refused(ui_lake):
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), client_of(ui_lake).websocket_connect("/"):
        pass


def test_fastapi_serves_nothing_of_its_own(ui_lake):
    client = client_of(ui_lake)
    for path in ("/openapi.json", "/docs/oauth2-redirect", "/redoc"):
        assert client.get(path).status_code == 404


def test_every_answer_has_its_headers(ui_lake):
    for client in (client_of(ui_lake), client_of(ui_lake, None)):
        for path in every_path(ui_lake):
            headers = client.get(path).headers
            assert headers["x-content-type-options"] == "nosniff", path
            assert headers["content-security-policy"].startswith("default-src 'none'"), path
            assert "unsafe-inline" not in headers["content-security-policy"].partition("script-src")[2].partition(";")[0], path


def test_the_nonce_of_a_page_is_its_own(ui_lake):
    client = client_of(ui_lake)
    first, second = client.get("/"), client.get("/")
    policies = [answer.headers["content-security-policy"] for answer in (first, second)]
    assert policies[0] != policies[1]
    assert first.text.count("<script") == 1
    assert f"script-src 'nonce-{first.text.partition('nonce=')[2][1:23]}'" in policies[0]


CHANGES = {"replay": {"ids": "a"}, "dismiss": {"ids": "a", "note": "an empty frame"}}
BUTTONS = {"replay": "Replay what is ticked", "dismiss": "Dismiss what is ticked"}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_needs_its_permission(ui_lake, change):
    access = TokenAccess()
    (other,) = set(CHANGES) - {change}
    for role in ("reader", {"replay": "replayer", "dismiss": "dismisser"}[other]):
        client = client_of(ui_lake, role, access)
        assert client.post(f"/quality/{change}", data=CHANGES[change], headers=SAME).status_code == 403
        shown = client.get("/quality/quarantine").text
        assert f"You may not trigger the DAG {change}." in shown and BUTTONS[change] not in shown
    assert client_of(ui_lake, None, access).post(f"/quality/{change}", data=CHANGES[change], headers=SAME).status_code == 401
    assert access.triggered == []
    assert BUTTONS[change] in client_of(ui_lake, "editor").get("/quality/quarantine").text


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (SAME, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"origin": "http://testserver"}, 303),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://testserver"}, 403),
        ({}, 403),
        ({"authorization": "Bearer token"}, 303),
    ],
)
def test_a_change_is_asked_for_by_a_page_of_this_site_only(ui_lake, headers, status, change):
    access = TokenAccess()
    assert client_of(ui_lake, "editor", access).post(f"/quality/{change}", data=CHANGES[change], headers=headers).status_code == status
    assert bool(access.triggered) == (status == 303)


def test_a_replay_is_asked_for_what_is_ticked_or_for_all_that_the_filters_choose(ui_lake):
    access = TokenAccess()
    client = client_of(ui_lake, "editor", access)
    filters = {"reason": "parser_error", "site": "a.example", "run": ""}
    answer = client.post("/quality/replay", data={"ids": ["a", "b"], **filters}, headers=SAME)
    assert answer.headers["location"] == "/quality/quarantine?started=manual__1&dag=replay"
    client.post("/quality/replay", data={"ids": ["a"], "all": "yes", **filters}, headers=SAME)
    assert access.triggered == [
        ("editor", "replay", {"ids": ["a", "b"]}),
        ("editor", "replay", {"reason": "parser_error", "site": "a.example"}),
    ]
    assert client.post("/quality/replay", data=filters, headers=SAME).status_code == 400
    assert len(access.triggered) == 2


def test_a_dismissal_is_asked_for_what_is_ticked_with_a_note(ui_lake):
    access = TokenAccess()
    client = client_of(ui_lake, "editor", access)
    answer = client.post("/quality/dismiss", data={"ids": ["a", "b"], "note": " an empty frame\n"}, headers=SAME)
    assert (answer.status_code, answer.headers["location"]) == (303, "/quality/quarantine?started=manual__1&dag=dismiss")
    assert "Triggered: run manual__1 of the DAG dismiss." in client.get(answer.headers["location"]).text
    assert access.triggered == [("editor", "dismiss", {"ids": ["a", "b"], "note": "an empty frame"})]
    for form, why in (({"note": "an empty frame"}, "Nothing was ticked."), ({"ids": "a", "note": " "}, "The note must say why")):
        refused = client.post("/quality/dismiss", data=form, headers=SAME)
        assert refused.status_code == 400 and why in refused.text
    in_chinese = client_of(ui_lake, "editor", access, **{"accept-language": "zh-CN"})
    assert "忽略所选" in in_chinese.get("/quality/quarantine").text
    assert "请在备注中说明不予收录的理由" in in_chinese.post("/quality/dismiss", data={"ids": "a"}, headers=SAME).text
    assert len(access.triggered) == 1


def test_a_refused_replay_says_why(ui_lake):
    access = TokenAccess()
    access.refusal = "404 the DAG is not there"
    answer = client_of(ui_lake, "editor", access).post("/quality/replay", data={"ids": "a"}, headers=SAME)
    assert answer.status_code == 403
    assert "404 the DAG is not there" in answer.text


@pytest.mark.parametrize(
    "path",
    ["../warehouse/broadsheet.duckdb", "%2e%2e/runs", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "%00", "a" * 5000, "outside.html", "missing.html"],
)
def test_nothing_but_pages_of_the_docs_is_served_as_one(ui_lake, tmp_path, path):
    secret = tmp_path / "secret.html"
    secret.write_text("secret", "utf-8")
    link = Lake(ui_lake).root / "docs" / "outside.html"
    if not link.is_symlink():
        link.symlink_to(secret)
    answer = client_of(ui_lake).get(f"/docs/{path}")
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_data_docs_of_a_run_are_served(ui_lake):
    client = client_of(ui_lake)
    overview = client.get("/docs/index.html")
    run = next(path.name for path in (Lake(ui_lake).root / "docs").iterdir() if path.is_dir())
    assert f'href="{run}/index.html"' in overview.text
    assert f"Data Docs of run <code>{run}</code>" in client.get(f"/docs/{run}/index.html").text
    assert f"/docs/{run}/index.html" in client.get("/quality").text


def test_a_lake_without_a_published_state_says_what_to_do(tmp_path):
    client = client_of(tmp_path, "editor")
    for path in ("/", "/pages", "/feeds", "/quality", "/quality/quarantine/a"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "Trigger the DAG news_pipeline" in answer.text
    assert client.get("/sql").status_code == 200
    assert "news_pipeline" in client.post("/sql", data={"sql": "select 1"}, headers=SAME).text
