"""Exports hold what the warehouse holds, in each format, whatever the text; what cannot be done is said and leaves nothing behind."""

import csv
import gzip
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from exported_pages import FULL, HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from ninjs_schema import NINJS

from broadsheet.errors import ConfigurationError
from broadsheet.pipeline import run_all
from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.export import export
from broadsheet.warehouse.export.tables import write_csv
from broadsheet.warehouse.query import query

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "examples" / "sample" / "pages").glob("news.lanshan*.html.gz"))[:6]
FORMULA = r"'*[=+\-@\t\r\n\x00＝＋－＠]"


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Path:
    """A few pages of the sample, a page with everything and a hostile one."""
    folder = tmp_path_factory.mktemp("exports")
    own = {"full.html": FULL, "hostile.html": HOSTILE}
    for name, html in own.items():
        (folder / name).write_text(html, "utf-8")
    known = [
        {"path": "full.html", "url": "https://www.yunzhou-net.example/2026/03/02/1.html", "captured_at": "2026-03-02T09:00:00+08:00"},
        {"path": "hostile.html"},
        *({"path": str(page), "captured_at": f"2026-03-04T0{hour}:00:00+08:00"} for hour, page in enumerate(PAGES)),
    ]
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(entry) + "\n" for entry in known), "utf-8")
    run_all(folder / "lake", [folder / name for name in own] + PAGES, manifest=manifest, shards=1)
    return folder / "lake"


def lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def as_text(rows: list[dict]) -> list[str]:
    return sorted(json.dumps(row, ensure_ascii=False, default=str, sort_keys=True) for row in rows)


def without_guard(cell: str) -> str:
    return cell[1:] if re.match("'" + FORMULA, cell) else cell


# --- tables -------------------------------------------------------------------------------------------------------------


def test_parquet_has_the_declared_schema_and_the_rows_of_every_table(lake, tmp_path):
    for name, table in TABLES.items():
        out = tmp_path / f"{name}.parquet"
        rows = query(lake, f"select * from {name}")
        assert export(lake, name, out) == rows.num_rows
        found = pq.read_table(out)
        assert found.schema.equals(table.arrow), name
        assert found.schema.metadata == table.arrow.metadata
        assert [field.metadata for field in found.schema] == [field.metadata for field in table.arrow]
        assert as_text(found.to_pylist()) == as_text(rows.to_pylist())


def test_parquet_of_a_view_has_its_comments_and_instants_in_utc(lake, tmp_path):
    out = tmp_path / "articles.parquet"
    export(lake, "current_articles", out, time_zone="Asia/Shanghai")
    found = pq.read_table(out)
    assert as_text(found.to_pylist()) == as_text(
        query(lake, "select * replace (capture_count::bigint as capture_count) from current_articles").to_pylist()
    )
    assert found.schema.field("published_at").type == pa.timestamp("us", tz="UTC")
    assert found.schema.field("published_at").metadata == {b"description": b"Publication time"}


def test_json_lines_give_the_rows_back_with_the_offset_of_the_zone(lake, tmp_path):
    out = tmp_path / "articles.jsonl"
    export(lake, "current_articles", out, time_zone="Asia/Kolkata")
    found = lines(out)
    expected = query(lake, "select * from current_articles", time_zone="Asia/Kolkata").to_pylist()
    for row in expected:
        row |= {name: value.isoformat() for name, value in row.items() if isinstance(value, datetime)} | {"capture_count": int(row["capture_count"])}
    assert as_text(found) == as_text(expected)
    assert {row["published_at"][-6:] for row in found} == {"+05:30"}


def test_csv_gives_the_rows_back(lake, tmp_path):
    out = tmp_path / "captures.csv"
    assert export(lake, "captures", out, time_zone="Asia/Shanghai") == len(PAGES) + 2
    with out.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    expected = query(lake, "select * from captures", time_zone="Asia/Shanghai").to_pylist()
    assert [list(row) for row in found] == [list(row) for row in expected]
    for row, shown in zip(sorted(expected, key=lambda row: row["capture_id"]), sorted(found, key=lambda row: row["capture_id"]), strict=True):
        instants = [name for name, value in row.items() if isinstance(value, datetime)]
        assert all(shown[name].endswith("+08:00") for name in instants)
        # the file has no zeros at the end of a second's fraction
        shown |= {name: datetime.fromisoformat(shown[name]).isoformat() for name in instants}
        row |= {name: row[name].isoformat() for name in instants}
        row |= {name: str(value).lower() for name, value in row.items() if isinstance(value, bool)}
    assert as_text(found) == as_text([{name: "" if value is None else str(value) for name, value in row.items()} for row in expected])


def test_csv_of_a_hostile_page_holds_no_formula_unless_it_shall_be_exact(lake, tmp_path):
    cells = {}
    for name, is_exact in (("guarded", False), ("exact", True)):
        out = tmp_path / f"{name}.csv"
        export(lake, "current_articles", out, where="site = 'unknown'", is_exact=is_exact)
        with out.open(encoding="utf-8", newline="") as file:
            (cells[name],) = csv.DictReader(file)
    assert cells["exact"]["headline"] == '=HYPERLINK("http://evil.example","点此"),\'"; drop table articles; --'
    assert cells["guarded"]["headline"] == "'" + cells["exact"]["headline"]
    assert cells["guarded"]["channel_path"] == "'@SUM(1+1)"
    assert json.loads(cells["guarded"]["origin"]) == ["+cmd"]
    assert [name for name, cell in cells["guarded"].items() if re.match(FORMULA, cell) and not cell.startswith("'")] == []


@given(st.lists(st.text(st.sampled_from("=+-@'\t\r\n\x00＝＠\",;甲a 1") | st.characters(exclude_categories=["Cs"])), max_size=20), st.booleans())
def test_any_text_comes_back_from_csv_and_begins_no_formula(tmp_path_factory, texts, is_exact):
    out = tmp_path_factory.getbasetemp() / "texts.csv"
    with duckdb.connect() as connection:
        connection.execute("create table texts (place integer, shown varchar)")
        for row in enumerate(texts):
            connection.execute("insert into texts values (?, ?)", row)
        connection.execute("create temp view selected as select * from texts order by place")
        assert write_csv(connection, out, is_exact=is_exact) == len(texts)
    with out.open(encoding="utf-8", newline="") as file:
        cells = [row["shown"] for row in csv.DictReader(file)]
    if is_exact:
        assert cells == texts
    else:
        assert list(map(without_guard, cells)) == texts
        assert not any(cell[:1] and cell[0] in "=+-@\t\r\n\x00＝＋－＠" for cell in cells)


def test_a_compressed_file_is_named_after_its_compression(lake, tmp_path):
    export(lake, "captures", tmp_path / "a.jsonl")
    export(lake, "captures", tmp_path / "a.jsonl.gz")
    export(lake, "articles", tmp_path / "a.jsonld")
    export(lake, "articles", tmp_path / "a.jsonld.zst")
    assert gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()) == (tmp_path / "a.jsonl").read_bytes()
    with pa.input_stream(str(tmp_path / "a.jsonld.zst"), compression="zstd") as stream:
        assert stream.read() == (tmp_path / "a.jsonld").read_bytes()


# --- articles -------------------------------------------------------------------------------------------------------------


def the_full_one(file: Path) -> dict:
    return next(record for record in lines(file) if "青河第三大桥正式通车" in json.dumps(record, ensure_ascii=False))


@pytest.mark.parametrize("format", ["jsonld", "ninjs"])
def test_an_article_is_what_the_docs_show(lake, tmp_path, format):
    examples = re.findall(r"```json\n(.+?)```", (ROOT / "docs" / "exports.md").read_text("utf-8"), re.DOTALL)
    shown = next(example for example in map(json.loads, examples) if ("@context" in example) == (format == "jsonld"))
    export(lake, "articles", tmp_path / "out", format)
    found = the_full_one(tmp_path / "out")
    assert list(found) == list(shown)
    of_ids = ("@id", "uri", "identifier", "version")
    assert {name: value for name, value in found.items() if name not in of_ids} == {
        name: value for name, value in shown.items() if name not in of_ids
    }


def test_what_is_not_known_of_an_article_is_left_out(lake, tmp_path):
    export(lake, "articles", tmp_path / "a.jsonld", where="site = 'unknown'")
    (found,) = lines(tmp_path / "a.jsonld")
    assert {"url", "author", "editor", "publisher", "isBasedOn", "copyrightNotice", "alternativeHeadline"} & set(found) == set()
    assert found["datePublished"] == "2026-03-03"  # the page shows a day alone
    export(lake, "articles", tmp_path / "a.ninjs", where="site = 'unknown'")
    (found,) = lines(tmp_path / "a.ninjs")
    assert {"versionCreated", "by", "people", "organisations", "renditions"} & set(found) == set()


def test_every_article_is_exported_once_and_ninjs_has_the_names_of_the_standard(lake, tmp_path):
    articles = {row["article_id"] for row in query(lake, "select article_id from articles").to_pylist()}
    assert export(lake, "articles", tmp_path / "a.jsonld") == export(lake, "articles", tmp_path / "a.ninjs") == len(articles)
    assert {record["identifier"] for record in lines(tmp_path / "a.jsonld")} == articles
    validator = jsonschema.Draft202012Validator(NINJS)
    assert [error.message for record in lines(tmp_path / "a.ninjs") for error in validator.iter_errors(record)] == []


# --- which rows -----------------------------------------------------------------------------------------------------------


def test_conditions_select_the_rows_that_sql_does(lake, tmp_path):
    def count(**conditions) -> int:
        return export(lake, "captures", tmp_path / "out.csv", is_forced=True, time_zone="Asia/Shanghai", **conditions)

    assert count(where="captured_at is null -- unknown") == 1
    assert count(where="version_id in (select version_id from article_people where person_name = '马少峰' and site = 'yunzhou-net.example')") == 1
    assert count(sites=("unknown", "yunzhou-net.example")) == 2
    dawn = datetime(2026, 3, 4, 2)  # noqa: DTZ001 - in the zone that is given
    assert (count(since=dawn), count(until=dawn)) == (len(PAGES) - 2, 3)  # the unknown time is in neither
    assert count(since=datetime(2026, 3, 3, 18, tzinfo=UTC), until=datetime(2026, 3, 3, 19, tzinfo=UTC), where="true or false") == 1
    assert export(lake, "articles", tmp_path / "a.jsonld", sites=("yunzhou-net.example",), until=dawn) == 1


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("capture", {}, "no table or view 'capture'.*nearest: captures.*current_articles"),
        ("captures", {"where": "no_such_column = 1"}, "no_such_column"),
        ("captures", {"where": "true) to 'elsewhere.csv' --"}, "is not one SQL condition"),
        ("captures", {"where": "true); copy captures to 'elsewhere.csv'; select (1"}, "is not one SQL condition"),
        ("captures", {"where": "true order by site"}, "is not one SQL condition"),
        ("captures", {"where": "true) union all from captures where (true"}, "is not one SQL condition"),
        ("captures", {"where": "true from sites where (false"}, "is not one SQL condition"),
        ("captures", {"where": ""}, "is not one SQL condition"),
        ("captures", {"sites": ("yunzhounet.example",)}, "no site 'yunzhounet.example'.*nearest: yunzhou-net.example"),
        ("quality_results", {"sites": ("unknown",)}, "quality_results has no column site"),
        ("article_people", {"since": datetime(2026, 1, 1)}, "article_people has none of the times"),  # noqa: DTZ001
        ("captures", {"time_zone": "Mars/Crater"}, "Mars/Crater"),
        ("captures", {"format": "ninjs"}, "ninjs is a format of articles; captures has parquet, csv, jsonl"),
        ("captures", {"format": "xlsx"}, "one of parquet, csv, jsonl, jsonld, ninjs"),
    ],
)
def test_what_cannot_be_exported_is_said_and_leaves_nothing_behind(lake, tmp_path, monkeypatch, name, options, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=f"(?s){message}"):
        export(lake, name, tmp_path / "out.csv", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_kept_unless_it_shall_be_replaced_and_the_new_one_is_whole(lake, tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("mine")
    for options in ({}, {"is_forced": True, "where": "no_such_column = 1"}, {"is_forced": True, "where": "error('half way')"}):
        with pytest.raises(ConfigurationError):
            export(lake, "captures", out, **options)
        assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("out.csv", "mine")]
    export(lake, "captures", out, is_forced=True)
    assert out.read_text("utf-8").startswith("capture_id,")
    for impossible, message in (
        (out / "below.csv", "cannot be written"),
        (tmp_path, "is a directory"),
        (tmp_path / ("x" * 300 + ".csv"), "cannot be written"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            export(lake, "captures", impossible, "csv")
