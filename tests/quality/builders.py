"""A small batch of schema-valid rows, made by the real transform from an invented page."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from broadsheet.engine.reading import read_capture
from broadsheet.ids import content_sha256, make_id
from broadsheet.records import Absence, AbsenceKind, Capture, SiteBasis, TimeBasis
from broadsheet.tables.batch import Batch
from broadsheet.tables.transform import add_absence, add_page
from broadsheet.urls import site_of

PAGE = """<html lang="zh"><head><title>清河县跨江大桥建成投用_云州网</title></head><body>
<div class="crumb">当前位置：<a href="/">云州网</a> &gt; <a href="/yw/">要闻</a></div>
<h1>清河县跨江大桥建成投用</h1><div class="info">2026-03-02 08:00 来源：云州日报 作者：赵文博 编辑：钱雨桐</div>
<div class="content"><p>周一上午，清河县跨江大桥正式通车，两岸居民步行十分钟即可往来，结束了多年来靠渡船出行的历史。</p>
<p>据介绍，大桥全长一千二百米，总投资三亿元，建成后每天可通行车辆两万辆次，惠及周边群众十二万人。</p></div>
<div class="rec"><h3>相关阅读</h3><ul><li><a href="/a/1.html">白石县数字图书馆面向社会征求意见</a></li>
<li><a href="/a/2.html">南屏县湿地公园迎来首批市民</a></li></ul></div>
<div class="side"><h3>点击排行</h3><ol><li><a href="/a/3.html">望江区智能公交线路正式开工建设</a></li>
<li><a href="/a/4.html">松岭县高山蔬菜基地启动二期建设</a></li>
<li><a href="/a/5.html">柳泉县冷链物流园完成主体结构封顶</a></li></ol></div></body></html>"""


URL = "https://www.yunzhou-net.example/a/100.html"
CAPTURED_AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
RUN_STARTED_AT = datetime(2026, 3, 4, tzinfo=UTC)


def valid_batch(run_id: str = "run") -> dict[str, pa.Table]:
    """Tables of one captured article page."""
    return _batch([(PAGE, URL, CAPTURED_AT)], run_id)


def busy_batch(run_id: str = "run") -> dict[str, pa.Table]:
    """Tables of several pages that share what pages share: an article in two versions, a feed in two states, channels, a site. One of the pages
    is gone later."""
    edited = PAGE.replace("总投资三亿元", "总投资四亿元")
    other = PAGE.replace("清河县跨江大桥建成投用", "南屏县湿地公园迎来首批市民").replace("要闻</a>", "社会</a> &gt; <a href='/sh/qx/'>区县</a>")
    moved = other.replace("/a/3.html", "/a/6.html").replace("望江区智能公交线路正式开工建设", "白石县数字图书馆面向社会征求意见")
    second, elsewhere = "https://www.yunzhou-net.example/a/2.html", "https://www.qingxi.example/b/1.html"
    hour = timedelta(hours=1)
    return _batch(
        [(PAGE, URL, CAPTURED_AT), (PAGE, URL, CAPTURED_AT + hour), (edited, URL, CAPTURED_AT + 2 * hour), (other, second, CAPTURED_AT + hour),
         (moved, second, CAPTURED_AT + 3 * hour), (moved, elsewhere, CAPTURED_AT + 4 * hour)],
        run_id, gone=_absence(second, CAPTURED_AT + 5 * hour),
    )  # fmt: skip


def _batch(pages: list[tuple[str, str, datetime]], run_id: str, gone: Absence | None = None) -> dict[str, pa.Table]:
    batch = Batch()
    for text, url, captured_at in pages:
        content = text.encode()
        result = read_capture(_capture(content, url, captured_at), content)
        add_page(batch, result, run_id=run_id, default_zone="Asia/Shanghai", run_started_at=RUN_STARTED_AT)
    if gone:
        add_absence(batch, gone, run_id=run_id, run_started_at=RUN_STARTED_AT)
    return batch.tables()


def _absence(url: str, observed_at: datetime) -> Absence:
    return Absence(
        absence_id=make_id("absence", url, observed_at.isoformat()), absence_kind=AbsenceKind.GONE_404, url=url, site=site_of(url) or "",
        http_status=404, input_path="gone.html", observed_at=observed_at, observed_at_basis=TimeBasis.MANIFEST,
    )  # fmt: skip


def _capture(content: bytes, url: str, captured_at: datetime) -> Capture:
    return Capture(
        capture_id=make_id("capture", content_sha256(content), url, captured_at.isoformat()), content_sha256=content_sha256(content),
        byte_count=len(content), media_type="text/html", input_path="page.html", url=url, site=site_of(url), site_basis=SiteBasis.URL,
        captured_at=captured_at, captured_at_basis=TimeBasis.MANIFEST, raw_file="raw/run-00000.warc.gz", raw_offset=0, raw_length=100,
    )  # fmt: skip


def part(tables: dict[str, pa.Table], *names: str) -> dict[str, pa.Table]:
    """Some tables of a batch: each costs Great Expectations a third of a second."""
    return {name: tables[name] for name in names}


def with_value(tables: dict[str, pa.Table], name: str, column: str, row: int, value: object) -> dict[str, pa.Table]:
    """The batch with one cell changed."""
    table = tables[name]
    cells = table[column].to_pylist()
    cells[row] = value
    field = table.schema.field(column).with_nullable(True)
    changed = table.set_column(table.column_names.index(column), field, pa.array(cells, field.type))
    return {**tables, name: changed}
