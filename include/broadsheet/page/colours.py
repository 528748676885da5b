"""Colours of blocks by their label, where pages are shown."""

from broadsheet.records import BlockLabel

# name -> (edge, fill); labels that belong together share one.
COLOURS = {
    "headline": ("#0b6e99", "#d9eef7"),
    "credit": ("#8a3ffc", "#efe4fd"),
    "text": ("#24a148", "#eaf6ec"),
    "feed": ("#d98200", "#fdf0d8"),
    "related": ("#0f7b6c", "#d8f1ec"),
    "furniture": ("#a8b3bd", "#f3f5f7"),
    "unknown": ("#da1e28", "#fde3e4"),
}
_GROUPS = {
    "headline": (BlockLabel.TITLE, BlockLabel.SUBTITLE, BlockLabel.KICKER, BlockLabel.ORIGINAL_TITLE),
    "credit": (BlockLabel.INFO_LINE, BlockLabel.BYLINE, BlockLabel.CREDIT, BlockLabel.BREADCRUMB, BlockLabel.RIGHTS_NOTICE),
    "text": (BlockLabel.BODY, BlockLabel.STANDFIRST, BlockLabel.CAPTION),
    "feed": (BlockLabel.FEED, BlockLabel.MODULE_HEADING),
    "related": (BlockLabel.RELATED,),
    "unknown": (BlockLabel.UNKNOWN,),
}
_COLOUR: dict[str, str] = {label: group for group, labels in _GROUPS.items() for label in labels}


def colour_of(label: str) -> str:
    """Name of the colour of a block's label."""
    return _COLOUR.get(label, "furniture")
