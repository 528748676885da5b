-- One row per story that stood in the top five of feeds of several sites within an hour.
-- The hour in which most sites had it there; of equal ones the first. It ends when a feed was first seen with the story in its top five. A story is
-- a cluster of reprints, else the letters and digits of a headline that is not cut. From observations with a known time.
--
-- story_id: Cluster of reprints, or the letters and digits of the headline
-- headline: Headline that came last within the hour
-- hour_ends_at: First observation by which they were so many: the end of the hour
-- site_count: Sites that had the story in a top five within the hour
-- sites: These sites
-- best_rank: Highest place within the hour

with stories as (
    select
        feed_headline_id,
        coalesce(members.cluster_id, case when not resolutions.is_truncated then resolutions.headline_key end) as story_id,
        coalesce(resolutions.full_headline, resolutions.headline_text) as headline,
    from headline_resolutions as resolutions
    left join reprint_members as members on members.article_id = resolutions.resolved_article_id
),

shared as (
    -- few stories are in the top five of more than one site at all
    select stories.story_id
    from headline_feed_days as days
    join stories using (feed_headline_id)
    where days.best_rank <= 5 and stories.story_id <> ''
    group by stories.story_id
    having count(distinct days.site) > 1
),

stays as (
    select stories.story_id, stories.headline, spells.site, spells.rank, spells.first_observed_at, spells.last_observed_at
    from headline_spells as spells
    join (from stories semi join shared using (story_id)) as stories using (feed_headline_id)
    where spells.rank <= 5
),

hours as (
    select
        last.story_id,
        last.first_observed_at as hour_ends_at,
        min(last.headline) as headline,
        list_sort(list(distinct stays.site)) as sites,
        min(stays.rank) as best_rank,
    from stays as last
    join stays
        on stays.story_id = last.story_id
        and stays.first_observed_at <= last.first_observed_at
        and stays.last_observed_at >= last.first_observed_at - interval 1 hour
    group by last.story_id, last.first_observed_at
    having count(distinct stays.site) > 1
)

select
    story_id,
    headline,
    hour_ends_at,
    len(sites) as site_count,
    sites,
    best_rank,
from hours
qualify row_number() over (partition by story_id order by len(sites) desc, hour_ends_at) = 1
