"""A field that nobody had thought of needs words and no code, and its short forms do not meet those of another field."""

from __future__ import annotations

import pytest

from catalog.aliases import load_aliases
from catalog.jurisdiction import load_jurisdiction
from catalog.notice import load_official_catalog
from catalog.vocabulary import load_vocabulary
from domain.matching import Matcher, Vocabulary
from domain.values import Alias, AliasKind, CatalogEntry, TitleAward, TitleLevel, Word, WordKind

HEALTH, FINANCE = "zj-health", "zj-finance"
OFFICIAL = load_jurisdiction().rules.catalog_code


def entry(number, name, translated, body):
    award = TitleAward(grade=None, title="职称", level=TitleLevel.INTERMEDIATE)
    return CatalogEntry(
        number=number,
        qualification_name=name,
        translated_name=translated,
        issuing_body=body,
        field="x",
        awards=(award,),
    )


def short(text, meaning, catalog):
    return Word(
        kind=WordKind.VARIANT, text=text, meaning=meaning, scope=f"catalog:{catalog}", ground="usage of the field"
    )


ENTRIES = {
    HEALTH: (
        entry(1, "Doctor of Chiropractic", "脊椎矫正医师", "Board of Chiropractic Examiners"),
        entry(2, "Speech Pathologist", "言语病理师", "Speech Pathology Australia"),
    ),
    FINANCE: (
        entry(1, "Statutory Auditor", "法定审计师", "Institute of Statutory Auditors"),
        entry(2, "Securities Principal", "证券主管", "Financial Industry Regulatory Authority"),
    ),
    OFFICIAL: load_official_catalog().entries,
}
ALIASES = [
    *load_aliases(),
    *(
        Alias(kind=AliasKind.ISSUING_BODY, text=each.issuing_body, issuer=f"{code}-{each.number}", ground="own name")
        for code in (HEALTH, FINANCE)
        for each in ENTRIES[code]
    ),
]
WORDS = [
    *load_vocabulary(),
    short("dc", "doctor chiropractic", HEALTH),
    short("sp", "speech pathologist", HEALTH),
    short("sa", "statutory auditor", FINANCE),
    short("sp", "securities principal", FINANCE),
]
MATCHERS = {code: Matcher(entries, ALIASES, Vocabulary(WORDS, code)) for code, entries in ENTRIES.items()}


@pytest.mark.parametrize(
    ("name", "issuer", "where"),
    [
        ("DC", "Board of Chiropractic Examiners", {HEALTH: 1}),
        ("SP", "Speech Pathology Australia", {HEALTH: 2}),
        ("SA", "Institute of Statutory Auditors", {FINANCE: 1}),
        ("SP", "Financial Industry Regulatory Authority", {FINANCE: 2}),
        ("CCNP DC", "Cisco", {OFFICIAL: 34}),
        ("CCNP SP", "Cisco", {OFFICIAL: 36}),
        ("AWS SA Pro", "Amazon Web Services", {OFFICIAL: 58}),
        ("Doctor of Chiropractic", "Board of Chiropractic Examiners", {HEALTH: 1}),
    ],
)
def test_short_forms_hold_in_their_field_and_in_no_other(name, issuer, where):
    """`dc`, `sa` and `sp` mean what the catalog's words say they mean there, beside what Cisco and Amazon mean by them in theirs."""
    matched = {code: matcher.match(name, issuer).entry for code, matcher in MATCHERS.items()}
    assert {code: found.number for code, found in matched.items() if found} == where
