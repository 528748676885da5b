"""Days of capture as partitions: a timetable that assets trigger and that can be backfilled.

Airflow's own `PartitionedAssetTimetable` makes a run for each partition that an asset tells of, but knows of no partitions besides: the UI and
`airflow backfill create` refuse its DAGs. Here partitions are days, so that a span of dates names them.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.partition_mappers.identity import IdentityMapper
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo
from airflow.timetables.simple import PartitionedAssetTimetable
from airflow.utils.strings import get_random_string
from airflow.utils.types import DagRunType


class CaptureDayMapper(IdentityMapper):
    """Keeps the key, which is a day as `2026-03-01`; any other (`undated`) has no date."""

    def to_partition_date(self, downstream_key: str) -> datetime | None:
        try:
            return datetime.strptime(downstream_key, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            return None


class CaptureDayTimetable(PartitionedAssetTimetable):
    """Runs for days of capture (UTC): whenever the asset tells of one, and by backfill."""

    description = "For each day of which captures came"
    periodic = True  # a backfill is refused without

    def iter_partition_dagrun_infos(self, *, earliest: datetime, latest: datetime) -> Iterable[DagRunInfo]:
        """The days that begin within a span, its ends among them."""
        day = self.localize_partition_datetime(earliest)
        if day != day.start_of("day"):
            day = day.start_of("day").add(days=1)
        last = self.localize_partition_datetime(latest)
        while day <= last:
            yield DagRunInfo(run_after=day, data_interval=None, partition_date=day, partition_key=day.strftime("%Y-%m-%d"))
            day += timedelta(days=1)

    def generate_run_id(self, *, run_type: DagRunType, run_after: datetime, partition_key: str | None = None, **extra: Any) -> str:
        """An id that no other run has: Airflow's own would be the same for each backfill of a day, and the second one refused."""
        return run_type.generate_run_id(suffix="__".join(filter(None, [run_after.isoformat(), partition_key, get_random_string()])))


class CaptureDaysPlugin(AirflowPlugin):
    """Makes both known to Airflow, which reads them back from its database by name."""

    name = "broadsheet_capture_days"
    timetables = [CaptureDayTimetable]  # noqa: RUF012  # as Airflow declares them
    partition_mappers = [CaptureDayMapper]  # noqa: RUF012
