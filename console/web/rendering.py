"""Templates to pages: Jinja2 with every value escaped, times as Shanghai's, and what they use of the console."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from domain.values import SHANGHAI

_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def instant(text: str | datetime | None) -> Markup | str:
    """An instant as Shanghai's clock shows it; the instant itself in UTC on hover."""
    if not text:
        return "—"
    at = text if isinstance(text, datetime) else datetime.fromisoformat(text)
    exact = at.isoformat().replace("+00:00", "Z")
    shown = at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, exact, shown)


def day(text: str | date | None) -> Markup | str:
    """A day, or a dash."""
    if not text:
        return "—"
    shown = text if isinstance(text, str) else text.isoformat()
    return Markup('<time datetime="{}">{}</time>').format(shown, shown)


def coded(text: str) -> Markup:
    """A sentence with what stands between backticks in it, a command or a setting, as code."""
    parts = str(text).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def renderer(**shared: Any) -> Callable[[str, Mapping[str, Any]], str]:
    """What renders a template of the console; ``shared`` is known to each."""
    environment = Environment(
        loader=PackageLoader("console.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"instant": instant, "day": day, "coded": coded}
    environment.globals |= shared

    def render(name: str, context: Mapping[str, Any]) -> str:
        return environment.get_template(name).render(context)

    return render


def files() -> dict[str, tuple[bytes, str]]:
    """The files that pages refer to, with their media types."""
    folder = resources.files(__package__).joinpath("files")
    return {
        each.name: (each.read_bytes(), f"{_TYPES['.' + each.name.rpartition('.')[2]]}; charset=utf-8")
        for each in folder.iterdir()
    }
