"""Days of capture as partitions."""

from datetime import UTC, datetime

import pytest


@pytest.fixture
def timetable(bag):
    from airflow.serialization.serialized_objects import DagSerialization

    return DagSerialization.deserialize_dag(DagSerialization.serialize_dag(bag.dags["build"])).timetable


def test_a_span_of_dates_names_its_days(timetable):
    infos = list(timetable.iter_partition_dagrun_infos(earliest=datetime(2024, 2, 28, tzinfo=UTC), latest=datetime(2024, 3, 1, tzinfo=UTC)))
    assert [info.partition_key for info in infos] == ["2024-02-28", "2024-02-29", "2024-03-01"]
    assert [info.partition_date for info in infos] == [
        datetime(2024, 2, 28, tzinfo=UTC),
        datetime(2024, 2, 29, tzinfo=UTC),
        datetime(2024, 3, 1, tzinfo=UTC),
    ]
    assert {info.logical_date for info in infos} == {None}


def test_a_day_that_began_before_the_span_is_not_in_it(timetable):
    infos = timetable.iter_partition_dagrun_infos(earliest=datetime(2024, 3, 1, 1, tzinfo=UTC), latest=datetime(2024, 3, 2, 23, tzinfo=UTC))
    assert [info.partition_key for info in infos] == ["2024-03-02"]


def test_a_run_that_an_asset_began_has_the_date_of_its_day(timetable):
    assert timetable.resolve_partition_date("2024-03-05") == datetime(2024, 3, 5, tzinfo=UTC)
    assert timetable.resolve_partition_date("undated") is None
    assert timetable.get_partition_mapper(name="arrivals", uri="broadsheet://lake/arrivals").to_downstream("undated") == "undated"


def test_it_can_be_backfilled(timetable):
    assert timetable.partitioned and timetable.periodic
    assert timetable.next_dagrun_info(last_automated_data_interval=None, restriction=None) is None  # nothing but its asset begins a run


def test_each_run_of_a_day_has_an_id_of_its_own(timetable):
    from airflow.utils.types import DagRunType

    (day,) = timetable.iter_partition_dagrun_infos(earliest=datetime(2024, 3, 1, tzinfo=UTC), latest=datetime(2024, 3, 1, tzinfo=UTC))
    told = {"run_type": DagRunType.BACKFILL_JOB, "run_after": day.run_after, "partition_key": day.partition_key, "data_interval": None}
    first, second = (timetable.generate_run_id(**told) for _ in range(2))
    assert first != second
    assert first.startswith("backfill__2024-03-01T00:00:00+00:00__2024-03-01__")
