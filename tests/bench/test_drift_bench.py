"""A generated site that changes its layout on a day is noticed on that day, and not before."""

from datetime import timedelta

import drift


def test_a_site_that_changes_its_layout_is_noticed_that_day_and_no_incident_lies_before():
    watched = drift.Watched(3)
    sites = [site.site for site in watched.world.sites]
    changed = drift.first_day() + timedelta(days=6)
    for number in range(6):
        watched.load(drift.first_day() + timedelta(days=number), {})
    assert watched.incidents() == []
    watched.load(changed, {sites[0]: drift.FAULTS["new layout, credits lost"], sites[1]: drift.FAULTS["a feed narrower"]})
    assert watched.incidents() == [
        (sites[0], "coverage_dropped", changed),
        (sites[0], "fill_rate_dropped", changed),
        (sites[0], "new_layout", changed),
        (sites[1], "feed_width_changed", changed),
    ]
