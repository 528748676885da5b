-- A story is a cluster of reprints, else the letters and digits of a headline that is not cut. Stories are found anew of which a headline came,
-- went, is resolved otherwise or stood elsewhere, and of which an article joined or left a cluster: those of now and those of before.
create or replace temp table touched_stories as
with touched_articles as (
    select article_id from added_reprint_members
    union
    select article_id from removed_reprint_members
),

touched_headlines as (
    select feed_headline_id from added_headline_spells where rank <= 5
    union
    select feed_headline_id from removed_headline_spells where rank <= 5
    union
    select feed_headline_id from added_headline_resolutions
    union
    select feed_headline_id from headline_resolutions semi join touched_articles on resolved_article_id = article_id
),

resolutions as (
    select resolved_article_id, headline_key, is_truncated from headline_resolutions semi join touched_headlines using (feed_headline_id)
    union all
    select resolved_article_id, headline_key, is_truncated from removed_headline_resolutions
),

members as (
    select article_id, cluster_id from reprint_members
    union all
    select article_id, cluster_id from removed_reprint_members
)

select headline_key as story_id from resolutions where not is_truncated and headline_key <> ''
union
select members.cluster_id from resolutions join members on members.article_id = resolutions.resolved_article_id;

create or replace temp table stories_anew as
with stories as (
    select
        feed_headline_id,
        coalesce(members.cluster_id, case when not resolutions.is_truncated then resolutions.headline_key end) as story_id,
        coalesce(resolutions.full_headline, resolutions.headline_text) as headline,
    from headline_resolutions as resolutions
    left join reprint_members as members on members.article_id = resolutions.resolved_article_id
),

placed as materialized (
    select stories.story_id, stories.headline, spells.site, spells.rank, spells.first_observed_at, spells.last_observed_at
    from headline_spells as spells
    join (from stories semi join touched_stories using (story_id)) as stories using (feed_headline_id)
    where spells.rank <= 5
),

stays as materialized (
    -- few stories are in the top five of more than one site at all
    from placed
    semi join (select story_id from placed group by story_id having min(site) <> max(site)) using (story_id)
),

hours as (
    -- an hour ends when a feed was first seen with the story in its top five
    select story_id, first_observed_at as hour_ends_at, min(headline) as headline
    from stays
    group by story_id, first_observed_at
),

hours_of_sites as (
    select hours.story_id, hours.hour_ends_at, any_value(hours.headline) as headline, stays.site, min(stays.rank) as best_rank
    from hours
    join stays
        on stays.story_id = hours.story_id
        and stays.first_observed_at <= hours.hour_ends_at
        and stays.last_observed_at >= hours.hour_ends_at - interval 1 hour
    group by hours.story_id, hours.hour_ends_at, stays.site
),

shared_hours as (
    select
        story_id,
        any_value(headline) as headline,
        hour_ends_at,
        count(*) as site_count,
        list_sort(list(site)) as sites,
        min(best_rank) as best_rank,
    from hours_of_sites
    group by story_id, hour_ends_at
    having count(*) > 1
)

from shared_hours
qualify row_number() over (partition by story_id order by site_count desc, hour_ends_at) = 1
