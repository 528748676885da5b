"""Charts as SVG that is drawn while the page is made: no script, no request, readable offline."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from markupsafe import Markup

WIDTH = 640  # of the days, in pixels
_FONT = "system-ui, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif"
# On the right for legends: where the page is shown, letters may be wider than those that were measured when the chart was drawn.
_PADDING = {"left": 5, "top": 5, "right": 150, "bottom": 5}

ROWS = "rows"
Rows = Sequence[Mapping[str, Any]]


def shares_by_day(rows: Rows, *, row: str, share: str, title: str) -> Markup:
    """A field of squares: `row` by day, the darker the greater the share (0 to 1).

    Parameters
    ----------
    rows : with the columns `day`, `row` and `share`.
    """
    import altair as alt

    shade = alt.Color(f"{share}:Q", title=title, scale=alt.Scale(type="sqrt", domain=[0, 1], range=["#e7f1ea", "#f2c879", "#a01c1c"]))
    chart = alt.Chart(alt.NamedData(ROWS)).mark_rect(stroke="white").encode(_day(), alt.Y(f"{row}:N", title=None), shade)
    return svg(chart.properties(width=_width(rows), height=alt.Step(18)), _values(rows))


def counts_by_day(rows: Rows, *, kind: str, count: str, title: str) -> Markup:
    """Stacked bars: a count by day, in parts by `kind`.

    Parameters
    ----------
    rows : with the columns `day`, `kind` and `count`.
    """
    import altair as alt

    parts = alt.Color(f"{kind}:N", title=None, scale=alt.Scale(scheme="tableau20"), legend=alt.Legend(labelLimit=260))
    height = alt.Y(f"{count}:Q", title=title, axis=alt.Axis(tickMinStep=1))
    chart = alt.Chart(alt.NamedData(ROWS)).mark_bar().encode(_day(), height, parts)
    return svg(chart.properties(width=_width(rows), height=220), _values(rows))


def _width(rows: Rows) -> int:
    """So wide that a day is at most 40 pixels."""
    return min(WIDTH, 40 * len({row["day"] for row in rows}))


def _day():
    import altair as alt

    return alt.X("day:O", title=None, axis=alt.Axis(labelAngle=-45, labelOverlap=True))


def _values(rows: Rows) -> list[dict[str, Any]]:
    return [{**row, "day": row["day"].isoformat()} for row in rows]


def svg(chart, values: list[dict[str, Any]]) -> Markup:
    """The chart drawn. Values are text of its nodes, escaped by the library that draws.

    Parameters
    ----------
    chart : of the data that is named `ROWS`.
    values : these rows. altair is not given them: it would check each against the schema of the language, for longer than drawing takes.
    """
    specification = chart.configure(font=_FONT, padding=_PADDING).configure_view(strokeWidth=0).to_dict()
    return _drawn(json.dumps({**specification, "datasets": {ROWS: values}}))


@lru_cache(64)
def _drawn(specification: str) -> Markup:
    """Kept, since drawing takes a fifth of a second and a published state shows the same charts to everybody."""
    import vl_convert

    return Markup(vl_convert.vegalite_to_svg(specification, allowed_base_urls=[]))
