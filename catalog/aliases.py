"""Interim."""

def load_aliases() -> tuple[()]:
    """None."""
    return ()
