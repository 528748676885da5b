-- Evidence that is replaced: what is new, what was found side by side, and all of headlines that are done anew or are gone.
with done_anew as (
    from open_headlines
    union
    from lost_headlines
)

select feed_headline_id, title from evidence
union
select feed_headline_id, title from side_by_side
union
select feed_headline_id, title from headline_candidates semi join done_anew using (feed_headline_id)
