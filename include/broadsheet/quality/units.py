"""The policy on inputs and pages: what the stages before `validate` rejected, counted over the whole run."""

from collections import Counter
from collections.abc import Iterable

from broadsheet.quality.policy import Policy
from broadsheet.quality.reasons import REASONS
from broadsheet.records import Rejection, StageOutcome


def unit_stops(policy: Policy, outcomes: Iterable[StageOutcome], rejections: Iterable[Rejection]) -> list[str]:
    """One sentence for each reason that stops the batch by the share of a stage's inputs or pages that have it.

    Rows are judged where they are checked (`validate_tables`). A share is taken of the stage's units in all shards: in a small
    shard a single bad page would be a large share.
    """
    checked: Counter[str] = Counter()
    units: dict[str, str] = {}
    for outcome in outcomes:
        if outcome.unit != "row":
            checked[outcome.stage] += outcome.in_count
            units[outcome.stage] = outcome.unit
    failed = Counter((rejection.stage, reason) for rejection in rejections if rejection.scope != "row" for reason in rejection.reasons)
    return [
        f"{stage}, {reason}: {count} of {max(checked[stage], count)} {units.get(stage, 'unit')}s failed. {REASONS[reason].text}"
        for (stage, reason), count in sorted(failed.items())
        if policy.stops(reason, count, max(checked[stage], count))
    ]
