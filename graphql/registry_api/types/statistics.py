"""Statistics as the API answers them."""

from __future__ import annotations

import strawberry

from application.statistics import StatisticsKey
from application.views import StatisticsView
from registry_api.types.nodes import described, registered

strawberry.enum(StatisticsKey, name="StatisticsKey", description=described(StatisticsKey))
StatisticsRow = StatisticsView
registered(StatisticsRow, "StatisticsRow")
