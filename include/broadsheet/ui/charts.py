"""Charts of the UI besides those of the quality overview, drawn as SVG likewise."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from broadsheet.quality.charts import ROWS, svg

WIDTH, HEIGHT = 720, 420  # pixels of the field
_DASHES = [[1, 0], [6, 3], [2, 3]]


def ranks_over_time(stays: Sequence[Mapping[str, Any]], *, rank: str, headline: str, status: str, statuses: Sequence[str]) -> Markup:
    """Lines of headlines by time and rank, the first rank on top: a line a headline, interrupted where it was gone, dashed by status.

    Parameters
    ----------
    stays : the beginning of each stay, and the end of the last of a line, with `at` (wall clock), `rank`, `key` and `headline`, `line` (what is one
        unbroken line), `status`.
    rank, headline, status : titles of the axis and the legends.
    statuses : values of `status`: the first is drawn solid, the others dashed and dotted.
    """
    import altair as alt

    names = _names(stays)
    values = [{**stay, "at": f"{stay['at']:%Y-%m-%dT%H:%M:%S}Z", "headline": names[stay["key"]]} for stay in stays]
    # "…Z" and a scale in UTC: the wall clock is shown as it is, whatever the zone of the server.
    at = alt.X("at:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%d. %H:%M", labelAngle=-45, labelOverlap=True))
    place = alt.Y("rank:Q", title=rank, scale=alt.Scale(reverse=True, zero=False, nice=False, padding=10), axis=alt.Axis(tickMinStep=1, format="d"))
    colour = alt.Color(
        "headline:N", title=headline, sort=list(names.values()), scale=alt.Scale(scheme="tableau20"), legend=alt.Legend(labelLimit=300)
    )
    dash = alt.StrokeDash("status:N", title=status, scale=alt.Scale(domain=list(statuses), range=_DASHES))
    lines = (
        alt.Chart(alt.NamedData(ROWS))
        .mark_line(interpolate="step-after", strokeWidth=2.5, opacity=0.9)
        .encode(at, place, colour, dash, alt.Detail("line:N"), alt.Order("at:T"))
    )
    return svg(lines.properties(width=WIDTH, height=HEIGHT), values)


def _names(stays: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """A name for the legend by headline, in the order of the stays; two that begin alike are told apart by a number."""
    names: dict[str, str] = {}
    for stay in stays:
        if stay["key"] not in names:
            shown = stay["headline"][:24]
            taken = sum(name == shown or name.startswith(f"{shown} (") for name in names.values())
            names[stay["key"]] = f"{shown} ({taken + 1})" if taken else shown
    return names
