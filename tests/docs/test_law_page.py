"""The page on the law is complete: every rule, and a test for each that is there."""

from tests.docs import law


def test_every_rule_is_held_by_a_test_that_is_there():
    """A guard that is new needs its test named; a test that went, or was renamed, is noticed."""
    assert law.guards() == law.HELD_BY.keys()
    sources = law.tests()
    assert [each for each in law.HELD_BY.values() if not law.is_there(*each, sources)] == []


def test_the_page_is_as_printed():
    """`python -m tests.docs.law` prints it."""
    assert law.PAGE.read_text(encoding="utf-8") == law.page()
