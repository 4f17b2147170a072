"""A province that gives its holders another time to answer."""

from domain.jurisdiction import AnswerPeriod, ProvincialRules


def answering_within(days: int, rules: ProvincialRules) -> ProvincialRules:
    """These rules with so many working days to answer a proposal."""
    answer = AnswerPeriod(days=days, source="set by a test")
    return rules.model_copy(update={"periods": rules.periods.model_copy(update={"answer": answer})})
