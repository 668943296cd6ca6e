"""HTML pages from templates: `base.html.j2` and its style, which every page extends."""

import functools
from typing import TYPE_CHECKING

from avq_core.display import palette

if TYPE_CHECKING:
    from jinja2 import Environment

_BASE = "avq_core.display"


def render_page(package: str, template: str, **values: object) -> str:
    """A page as text.

    Text among the values is escaped; only what the template marks as safe is taken as HTML.

    Args:
        package: The package whose folder `templates` holds the template, such as `studies.report`.
        template: The template's file name; it extends `base.html.j2`.
        **values: What the template names; it can use `palette` as well.

    Raises:
        jinja2.UndefinedError: The template names something that is not among the values.
    """
    return _environment(package).get_template(template).render(palette=palette, **values)


@functools.cache
def _environment(package: str) -> "Environment":
    # Imported here: a command that writes no page need not wait for it.
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(_BASE)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
