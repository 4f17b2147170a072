"""``recognition projections``: how far the read models are, whether they are right, and making them anew."""

from __future__ import annotations
