"""What the schema demands of a table's values, for those who check it: in pandas (`quality.suites`) and in SQL (`warehouse.audit`)."""

from broadsheet.tables.schema import Table
from broadsheet.text import fold_blanks

# Zero-width characters and NBSP are blanks too, as in `text.fold_blanks`.
BLANKS = "".join(char for char in map(chr, range(0x10000)) if not fold_blanks(char))


def required(table: Table) -> list[str]:
    """Columns that must have a value."""
    return [field.name for field in table.fields if not field.nullable]


def not_blank(table: Table) -> list[str]:
    """Text columns whose values must say something."""
    return [field.name for field in table.fields if field.type == "string" and not field.is_blank_allowed and not (field.allowed or field.pattern)]
