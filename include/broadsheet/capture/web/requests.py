"""What a source asked for, when, and what came of it: request by request, from the visits that the raw zone tells of."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from broadsheet.capture.raw_zone import RawZone
from broadsheet.capture.visits import ROBOTS_FORBIDDEN
from broadsheet.capture.web.statuses import is_failure, is_robots_unreachable
from broadsheet.lake import Lake

if TYPE_CHECKING:
    import pyarrow as pa

_STATUSES = range(1000)
_FAILED = tuple(filter(is_failure, _STATUSES))
_ROBOTS_FAILED = tuple(filter(is_robots_unreachable, _STATUSES))
# A visit may stand in two parts.
_SQL = f"""
with asked as (
    select distinct
        captured_at as asked_at, role, http_status, error, url, location,
        error is distinct from '{ROBOTS_FORBIDDEN}'
            and coalesce(if(role = 'robots', http_status in {_ROBOTS_FAILED}, http_status in {_FAILED}), true) as is_failed,
        raw_file, raw_offset
    from read_parquet($files)
    -- not what was only seen
    where source = $source and (http_status is not null or error is not null)
)
select
    asked_at, role,
    case
        when error = '{ROBOTS_FORBIDDEN}' then 'not asked for: robots.txt forbids it'
        when error is not null then 'failed: ' || error
        when is_failed then 'failed: status ' || http_status
        when http_status = 304 then 'unchanged'
        when http_status in (404, 410) then 'not there'
        when location is not null and http_status between 300 and 399 then 'leads to ' || location
        when http_status between 200 and 299 then 'answered'
        else 'refused'
    end as result,
    http_status, url
from asked
where (is_failed or not $failed) and ($url is null or contains(url, $url)) and ($since is null or asked_at >= $since)
order by asked_at desc, raw_file desc, raw_offset desc
limit $limit
"""


def requests_of(
    lake: Lake, source: str, *, is_failed: bool = False, url: str | None = None, since: datetime | None = None, limit: int | None = None
) -> "pa.Table":
    """Requests of a source, the latest first: `asked_at` (UTC), `role`, `result` in words, `http_status`, `url`.

    Parameters
    ----------
    is_failed : only those that failed, that of a robots.txt too.
    url : only URLs that have this text in them.
    since : only those from then on; without an offset, in UTC.
    """
    from_then = since and (since if since.tzinfo else since.replace(tzinfo=UTC))
    chosen = {"source": source, "failed": is_failed, "url": url, "since": from_then, "limit": limit}
    return RawZone(lake).visits.parts.read(lambda files: _rows(files, chosen))


def _rows(files: list[Path], chosen: dict[str, object]) -> "pa.Table":
    """Raises FileNotFoundError for a part that is gone."""
    import duckdb
    import pyarrow as pa

    if not files:
        return pa.table({name: [] for name in ("asked_at", "role", "result", "http_status", "url")})
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            return connection.execute(_SQL, {**chosen, "files": list(map(str, files))}).to_arrow_table()
        except duckdb.IOException as error:
            if all(file.exists() for file in files):
                raise
            raise FileNotFoundError(str(error)) from error
