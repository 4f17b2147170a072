"""Identity numbers for tests: as an authority could issue them, one for each index, and of nobody."""

from datetime import date, timedelta

from domain.identity_numbers import resident_check_character

_DAYS = 27_000
"""Days of birth from 1930 on."""


def resident_number(index: int, division: str = "330106") -> str:
    """A resident identity number of 18 characters; another index is another number, up to 26 million of them."""
    day = date(1930, 1, 1) + timedelta(days=index % _DAYS)
    first = f"{division}{day:%Y%m%d}{index // _DAYS + 1:03d}"
    return first + resident_check_character(first)


def passport_number(index: int) -> str:
    """A passport number; another index is another number, up to a hundred million of them."""
    return f"E{index:08d}"
