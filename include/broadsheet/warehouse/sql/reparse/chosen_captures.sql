-- Captures of the published warehouse that a reparse chooses: of some sites, of some days in their sites' zones, or some by their ids.
select captures.*, sites.time_zone, sites.time_zone_basis
from captures
join sites using (site)
where (len($sites) = 0 or list_contains($sites, site))
    and (len($captures) = 0 or list_contains($captures, capture_id))
    and case
        when captured_at is null then $is_undated or ($since is null and $until is null)
        else cast(timezone(time_zone, captured_at) as date)
            between coalesce(cast($since as date), date '-infinity') and coalesce(cast($until as date), date 'infinity')
    end
