"""Pages for people: templates that escape everything, under a policy that forbids scripts and requests."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template: str, **values: Any) -> str:
    """A page by a template of `quality/templates`."""
    environment = Environment(loader=PackageLoader("broadsheet.quality", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["measured"] = lambda value: "" if value is None else f"{value:.3g}"
    return environment.get_template(template).render(**values)
