"""A handful of invented pages, for tests of the wiring."""

from pathlib import Path

PAGE = """青河新闻网 > 城事 > 要闻
{title}
2024-03-{day:02d} 09:15 来源：青河日报
本报讯（记者 白一舟）青河市第{day}座口袋公园昨天开放，园里种了柳树和海棠，附近的居民早早就来散步。
公园管理处说，园子不收门票，早上六点开门，晚上十点关门，周末有志愿者讲解花木。
责任编辑：梅小川
"""


def write_pages(folder: Path, count: int = 6) -> Path:
    """`count` readable pages and one that is empty."""
    folder.mkdir(parents=True)
    for day in range(1, count + 1):
        (folder / f"page-{day}.txt").write_text(PAGE.format(title=f"青河第{day}座口袋公园开放", day=day), "utf-8")
    (folder / "empty.html").write_bytes(b"")
    return folder
