"""Matching a certificate to the catalog entry that it is, or honestly to none.

A match is automatic only where the name says one entry and nothing else, the issuer is the entry's (or the name itself
bears it), and no grade speaks against it. Whatever is left unexplained, a word, a level, a year, an issuer, is a question
for a reviewer: a wrong automatic match gives a person a title that is not theirs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from domain.matching import reasons
from domain.matching.answer import RULE_SET, Asked, Match
from domain.matching.finding import Finding, Way
from domain.matching.forms import build, compacted, told_apart, year_of
from domain.matching.issuers import IssuerBook, Standing
from domain.matching.lexicon import SINGLE_GRADE, grade_key, grades_in
from domain.matching.normalise import Folded, Oddity, fold
from domain.matching.remembered import RememberedTexts
from domain.matching.search import Search
from domain.matching.vocabulary import Vocabulary
from domain.matching.written import Source, as_written
from domain.values import Alias, AliasKind, CatalogEntry, MatchCandidate, MatchOutcome, Reason, TitleAward

MOST_CANDIDATES: Final = 15
_SCORES: Final = {Way.WORDS: 0.97, Way.NAMES: 0.95, Way.SPELLING: 0.92, Way.NEAR: 0.9, Way.CUT: 0.86}
_FEW_WORDS: Final = 2
_OFFERED: Final = 0.45
_HELD: Final = 0.65
_MOST_ALIKE: Final = 8
_ASKED: Final = 0.6


def _is_one(finding: Finding) -> bool:
    return len(finding.numbers) == 1 and not finding.unlisted


class Matcher:
    """The rules of one rule set over the entries and aliases of one catalog version; immutable once built."""

    rule_set: str = RULE_SET

    def __init__(
        self,
        entries: Sequence[CatalogEntry],
        aliases: Sequence[Alias],
        vocabulary: Vocabulary,
        *,
        remembered: RememberedTexts | None = None,
    ) -> None:
        """``remembered`` suits a matcher that is asked about the catalog's own names only."""
        self._fold = fold if remembered is None else remembered.fold
        self._entries = {entry.number: entry for entry in entries}
        self._vocabulary = vocabulary
        self._book = IssuerBook(aliases, vocabulary, remember=remembered is not None)
        lexicon, forms = build(entries, aliases, vocabulary, self._book, remembered)
        self._search = Search(lexicon, forms, self._book)
        self._bodies = {entry.number: self._bodies_of(entry) | self._named_in(entry) for entry in entries}
        self._also = {
            entry.number: self._book.related(self._bodies[entry.number]).union(
                *(
                    keys
                    for keys in lexicon.read(self._fold(entry.qualification_name)).issuers
                    if not keys & self._bodies[entry.number]
                )
            )
            for entry in entries
        }
        self._years = {entry.number: year_of(entry.qualification_name) for entry in entries}
        self._occupations = {
            number: form.bag
            for form in forms
            for number in form.numbers
            if form.official
            and len(form.bag) <= _FEW_WORDS
            and "certified" in form.pieces
            and not form.bag & vocabulary.ranks
        }
        self._courses: dict[int, set[str]] = {number: set() for number in self._entries}
        for form in forms:
            for number in form.numbers if form.official else ():
                self._courses[number].add(form.course)
        self._awards = {
            entry.number: {grade_key(fold(award.grade).text): award for award in entry.awards if award.grade}
            for entry in entries
        }
        self._grades = frozenset[str]().union(*self._awards.values())
        self._told_apart = {entry.number: told_apart(entry, vocabulary, self._book) for entry in entries}
        self._aliased = {compacted(alias.text) for alias in aliases if alias.kind is AliasKind.QUALIFICATION}
        self._official = {(form.compact, number) for form in forms if form.official for number in form.numbers}

    def match(self, name: str, issuing_body: str = "", grade: str | None = None) -> Match:
        """Match one certificate; pure, deterministic, and never raising, whatever the texts hold."""
        match = self._match(name, issuing_body, grade)
        if match.entry is not None or not issuing_body.strip() or not self._book.is_body(fold(name)):
            return match
        turned = self._match(issuing_body, name, grade)
        if turned.entry is None:
            return match
        found = turned.candidates[0]
        because = found.model_copy(update={"reasons": (reasons.SWAPPED, *found.reasons)})
        return replace(turned, outcome=MatchOutcome.CONFIDENT, candidates=(because,))

    def _match(self, name: str, issuing_body: str, grade: str | None) -> Match:
        found = self._found(name, issuing_body, grade)
        if found is None:
            return Match(MatchOutcome.NONE)
        finding, asked = found
        if _is_one(finding):
            number = next(iter(finding.numbers))
            one = self._one(number, finding, asked)
            if self._standing(number, asked) is Standing.CONTRADICTS:
                other = self._none(Finding(bag=finding.bag), asked)
                return replace(other, candidates=(*other.candidates, *one.candidates))
            return one
        if finding.numbers:
            return self._several(finding, asked)
        return self._none(finding, asked)

    def leads_to(self, name: str, issuing_body: str = "") -> int | None:
        """The number of the entry that ``match`` would match by itself; None where it would ask. Costs no list of candidates."""
        found = self._found(name, issuing_body, None)
        if found is None or not _is_one(found[0]):
            return None
        entry = self._one(next(iter(found[0].numbers)), *found).entry
        return entry.number if entry else None

    def _found(self, name: str, issuing_body: str, grade: str | None) -> tuple[Finding, Asked] | None:
        """What the name means, and what was asked; None for texts that are too long to be read."""
        folded, issuing, graded = self._fold(name), self._fold(issuing_body), fold(grade or "")
        if Oddity.TOO_LONG in folded.oddities | issuing.oddities | graded.oddities:
            return None
        grades, rest = self._graded(graded)
        more = [word for word in self._words(rest) if word not in self._vocabulary.results]
        issuer = self._book.read(issuing)
        finding, reading = self._search.find(folded, more, frozenset[str]().union(*issuer.names))
        asked = Asked(
            issuer,
            reading,
            folded.oddities | issuing.oddities | graded.oddities,
            frozenset(grades),
            Source(folded.plain),
            not reading.in_sentence
            and not reading.sentence
            and any((reading.compact, number) in self._official for number in finding.numbers),
        )
        return self._by_issuer(finding, asked), asked

    def _graded(self, graded: Folded) -> tuple[set[str], str]:
        """The grades that a text names: figures, or one of the words by which the catalog awards; and what is left of it."""
        key = grade_key(graded.text)
        if key == SINGLE_GRADE:
            return set(), ""
        if key in self._grades or graded.text in {"1", "2", "3", "一", "二", "三", "i", "ii", "iii"}:
            return {key}, ""
        return grades_in(graded.text)

    @property
    def readable(self) -> frozenset[int]:
        """The entries with at least one name that holds a word to match by."""
        return frozenset[int]().union(*(form.numbers for form in self._search.forms if form.official))

    def may_mean(self, name: str) -> frozenset[int]:
        """The entries that a name can be matched to by itself, whichever body issued the certificate, where no alias says that
        anything is not listed; perhaps some more.
        """
        finding, reading = self._search.find(self._fold(name))
        return finding.numbers | self._search.without_countries(reading)

    def _by_issuer(self, finding: Finding, asked: Asked) -> Finding:
        """The same finding, or of namesakes the one whose body the name itself bears, or the one that officially bears the name, if
        its body alone issued the certificate.
        """
        if finding.way is not Way.WORDS or finding.unlisted or len(finding.numbers) < 2:
            return finding
        borne = frozenset(n for n in finding.numbers if all(k & self._bodies[n] for k in asked.reading.issuers))
        if asked.reading.issuers and len(borne) == 1:
            return replace(finding, numbers=borne, reasons=(self._search.means(min(borne), finding.bag),))
        if not asked.issuer.given:
            return finding
        named = frozenset(n for n in finding.numbers if asked.issuer.names_only(self._bodies[n]))
        compact = asked.reading.compact
        own = frozenset(n for n in named if self._search.whole(n, finding.bag, compact, official=True))
        if len(named) == 1 and own and self._standing(min(own), asked) is Standing.SUPPORTS:
            return replace(finding, numbers=own)
        return finding

    def _words(self, text: str) -> list[str]:
        return self._search.lexicon.read(fold(text)).words if text.strip() else []

    def _bodies_of(self, entry: CatalogEntry) -> frozenset[str]:
        names = self._book.read(self._fold(entry.issuing_body)).names
        if not names:
            return frozenset()
        shared = frozenset[str].intersection(*names)
        return shared or frozenset[str]().union(*names)

    def _named_in(self, entry: CatalogEntry) -> frozenset[str]:
        """Another body that the official name itself bears in a bracket, which issues the certificate with the entry's."""
        inner = re.findall(r"[(（]([^)）]+)[)）]", entry.qualification_name)
        return frozenset[str]().union(*(self._book.names.get(fold(each).text, frozenset()) for each in inner))

    def _standing(self, number: int, asked: Asked) -> Standing:
        """What the issuer given and the issuers named within the name say together about an entry."""
        bodies, also = self._bodies[number], self._also[number]
        if any(not keys & (bodies | also) for keys in asked.reading.issuers):
            return Standing.CONTRADICTS
        return asked.issuer.standing(bodies, also)

    def _contradicted(self, number: int, asked: Asked) -> Reason:
        """That the issuer given is another body, or that the name itself names one."""
        body = self._entries[number].issuing_body
        given = asked.issuer.standing(self._bodies[number], self._also[number]) is Standing.CONTRADICTS
        return reasons.issuer_contradicts(body) if given else reasons.name_contradicts(body)

    def _within(self, number: int, asked: Asked, finding: Finding) -> bool:
        """Whether the name itself bears the entry's issuer."""
        bodies = self._bodies[number]
        brands = frozenset(self._vocabulary.branded(finding.bag | asked.reading.pieces))
        return bool((brands | asked.reading.coded_by) & bodies or any(keys & bodies for keys in asked.reading.issuers))

    def _one(self, number: int, finding: Finding, asked: Asked) -> Match:
        """One entry is meant; whether that is automatic is up to issuer, grade and whatever is odd."""
        entry = self._entries[number]
        standing = self._standing(number, asked)
        why = [*finding.reasons]
        sure = standing is Standing.SUPPORTS
        if sure:
            why.append(reasons.issuer_supports(entry.issuing_body))
        elif standing is Standing.SILENT:
            sure = self._within(number, asked, finding)
            why.append(reasons.ISSUER_NAMED_WITHIN if sure else self._why_silent(finding))
        elif standing is Standing.UNKNOWN:
            why.append(reasons.issuer_unknown(entry.issuing_body))
        else:
            why.append(self._contradicted(number, asked))
        outcome = MatchOutcome.NONE if standing is Standing.CONTRADICTS else MatchOutcome.AMBIGUOUS
        lacking = self._lacks(number, finding, asked)
        sure = sure and not lacking
        why.extend(lacking)
        award, refused, notes = self._award(entry, asked)
        why.extend(notes)
        sure = sure and not (award is None and self._by_words(entry, asked))
        if len(entry.awards) > 1 and asked.grades and asked.reading.grades and not asked.grades <= asked.reading.grades:
            sure = False
        if asked.odd or refused:
            sure, outcome = False, MatchOutcome.NONE
            why.extend(reasons.ODD[oddity] for oddity in sorted(asked.odd))
        exact = asked.exact and finding.way is Way.WORDS
        score = 1.0 if exact else _SCORES[finding.way]
        if not sure:
            score = round(score * (0.5 if outcome is MatchOutcome.NONE else 0.8), 3)
        level = award.grade if award else None
        if exact:
            why[0] = reasons.SAME_TEXT
        elif self._is_course(number, asked):
            why[0] = reasons.OTHER_WORDS
        candidate = MatchCandidate(number=number, grade=level, score=score, reasons=tuple(why))
        if not sure:
            return Match(outcome, candidates=(candidate, *self._beside(finding, number, asked)))
        return Match(MatchOutcome.EXACT if exact else MatchOutcome.CONFIDENT, entry, award, (candidate,), grade=level)

    def _is_course(self, number: int, asked: Asked) -> bool:
        """Whether a text names a learning programme that the entry is not."""
        course, named = asked.reading.course, asked.reading.leveled
        if not course or course in self._courses[number]:
            return False
        entry = self._entries[number]
        level = next((each for each in self._vocabulary.levels if course.startswith(each)), "")
        own = max(fold(name).text.count(level) for name in (entry.qualification_name, entry.translated_name))
        return not 0 < named <= own

    def _why_silent(self, finding: Finding) -> Reason:
        """Why the name alone does not say who issued it: others certify under it, or nobody knows that nobody does."""
        others = tuple(dict.fromkeys(self._vocabulary.also_by(finding.bag)))
        return reasons.issuer_shared(others) if others else reasons.ISSUER_SILENT

    def _lacks(self, number: int, finding: Finding, asked: Asked) -> list[Reason]:
        """What a name lacks that decides: its end, where it breaks off; in Latin letters the year of the official name;
        and the word that makes an occupation a certification (Certified Welding Inspector, Cisco Certified Architect).
        """
        lacking = [reasons.DANGLING] if asked.reading.dangling else []
        if asked.reading.hedged:
            lacking.append(reasons.HEDGED)
        if asked.reading.deferred:
            lacking.append(reasons.DEFERRED)
        lacking.extend(finding.doubts)
        if self._is_course(number, asked):
            lacking.append(reasons.course(asked.reading.course))
        if asked.latin and finding.way is Way.WORDS and not self._search.in_latin(finding.bag, number):
            lacking.append(reasons.TRANSLATED_BACK)
        if asked.reading.codes:
            return lacking
        year, occupation = self._years[number], self._occupations.get(number)
        if year and year not in finding.bag and asked.reading.compact.isascii():
            lacking.append(reasons.missing((year,)))
        apart = self._told_apart[number].get(asked.reading.compact)
        if apart and asked.reading.compact not in self._aliased:
            lacking.append(reasons.missing((apart,)))
        if self._half(number, finding, asked.reading.compact):
            lacking.append(reasons.NOT_WHOLE)
        if finding.bag == occupation and not any(map(self._vocabulary.certifies, asked.reading.pieces)):
            lacking.append(reasons.MISSING_CERTIFIED)
        return lacking

    def _half(self, number: int, finding: Finding, compact: str) -> bool:
        """Whether a Chinese or Japanese name is not whole, while other names of the same body hold its words and more."""
        if compact.isascii() or self._search.whole(number, finding.bag, compact):
            return False
        return any(self._bodies[other] & self._bodies[number] for other in self._search.beyond(finding.bag) - {number})

    def _beside(self, finding: Finding, number: int, asked: Asked) -> tuple[MatchCandidate, ...]:
        """What else a text may mean that breaks off or leaves a word open."""
        open_ = asked.reading.dangling or self._half(number, finding, asked.reading.compact)
        certain = finding.bag if open_ else asked.reading.certain
        if not certain:
            return ()
        others = self._uncontradicted(self._search.holding(certain, latin=asked.latin) - {number}, asked)[
            : MOST_CANDIDATES - 1
        ]
        return tuple(self._candidate(other, 0.5, finding.bag, asked) for other in others)

    def _award(self, entry: CatalogEntry, asked: Asked) -> tuple[TitleAward | None, bool, list[Reason]]:
        """The title a grade leads to, whether the grade speaks against the entry, and why."""
        said = asked.grades | asked.reading.grades
        listed = self._awards[entry.number]
        if SINGLE_GRADE in listed and len(listed) == 1 and not said:
            return listed[SINGLE_GRADE], False, []
        if not listed:
            return (
                (None, not self._by_words(entry, asked), [reasons.grade_unlisted(sorted(said))])
                if said
                else (entry.award_for(None), False, [])
            )
        if said - listed.keys():
            against = not self._by_words(entry, asked)
            return None, against, [reasons.grade_unlisted(sorted(said - listed.keys()))]
        inside = asked.reading.grades
        deciding = asked.grades if asked.grades and (not inside or asked.grades <= inside) else said
        if asked.grades and inside and not asked.grades <= inside:
            return None, False, [reasons.GRADE_CONTRADICTS]
        if len(deciding) != 1:
            return None, False, [reasons.GRADE_OPEN]
        award = listed[next(iter(deciding))]
        return award, False, [reasons.grade_decides(award.grade or "", award.title)]

    def _by_words(self, entry: CatalogEntry, asked: Asked) -> bool:
        """Whether the grades said and those of the entry are not of one kind, figures or words, so that a reviewer compares them."""
        said = asked.grades | asked.reading.grades
        own = self._awards[entry.number].keys() - {SINGLE_GRADE}
        return bool(said) and not all(each.isdigit() for each in said | own)

    def _candidate(
        self,
        number: int,
        score: float,
        bag: frozenset[str],
        asked: Asked,
        known: tuple[Reason, ...] = (),
        doubts: tuple[Reason, ...] = (),
    ) -> MatchCandidate:
        """An entry to be offered, and why; ``known`` are reasons that stand in the place of a comparison of words, ``doubts``
        those that come after it.
        """
        entry = self._entries[number]
        form = self._search.words_of(number, bag, latin=asked.latin)
        why = [*known]
        if form.bag == bag and not known:
            several = len(form.numbers) > 1
            why.append(
                reasons.one_of_several(form.source, tuple(sorted(form.numbers)))
                if several
                else reasons.same_words(form.source)
            )
        lacking, more = (frozenset[str](), frozenset[str]()) if known else (form.bag - bag, bag - form.bag)
        if lacking:
            why.append(reasons.missing(tuple(as_written(lacking, form.written, form.spelling))))
        if more:
            why.append(reasons.beyond(as_written(more, asked.reading.written, asked.name)))
        standing = self._standing(number, asked)
        if standing is Standing.SUPPORTS:
            why.append(reasons.issuer_supports(entry.issuing_body))
        elif standing is Standing.CONTRADICTS:
            why.append(self._contradicted(number, asked))
        elif standing is Standing.UNKNOWN:
            why.append(reasons.issuer_unknown(entry.issuing_body))
        why.extend(doubts)
        award, _, _ = self._award(entry, asked)
        return MatchCandidate(
            number=number, grade=award.grade if award else None, score=round(score, 3), reasons=tuple(why)
        )

    def _several(self, finding: Finding, asked: Asked) -> Match:
        """A name that means several entries, or one beside an unlisted qualification: a question."""
        numbers = self._uncontradicted(finding.numbers, asked)
        against = not numbers or bool(asked.odd)
        if not numbers and not finding.unlisted:
            other = self._none(Finding(bag=finding.bag), asked)
            if other.candidates:
                return other
        offered = tuple(
            self._candidate(n, 0.7, finding.bag, asked, doubts=finding.doubts)
            for n in (numbers or sorted(finding.numbers))[:MOST_CANDIDATES]
        )
        return Match(MatchOutcome.NONE if against else MatchOutcome.AMBIGUOUS, candidates=offered)

    def _none(self, finding: Finding, asked: Asked) -> Match:
        """No known name: what lacks words only is a question, what is merely alike is offered, the rest is nothing."""
        if finding.unlisted:
            return self._near(finding, asked)
        bag = finding.bag
        if not bag:
            return self._of_issuer(asked)
        holding, inside = (
            self._sharing(numbers, bag, asked) for numbers in self._search.around(bag, latin=asked.latin)
        )
        if 0 < len(holding) <= MOST_CANDIDATES:
            offered = tuple(self._candidate(n, _HELD, bag, asked) for n in sorted({*holding, *inside}))
            return Match(MatchOutcome.NONE if asked.odd else MatchOutcome.AMBIGUOUS, candidates=offered)
        scores, other = self._search.scored(bag, asked.reading.compact, asked.reading.unknown)
        scores |= dict.fromkeys(inside, 1.0)
        ranked = sorted(
            (
                (n, s)
                for n, s in scores.items()
                if s >= _OFFERED and self._standing(n, asked) is not Standing.CONTRADICTS
            ),
            key=lambda pair: (-pair[1], pair[0]),
        )[:_MOST_ALIKE]
        family = self._search.family(bag) - {n for n, _ in ranked}
        kin = [(n, _OFFERED) for n in self._sharing(family, bag, asked)]
        offered = tuple(self._candidate(n, s * _HELD, bag, asked) for n, s in [*ranked, *kin])
        asks = ranked and ranked[0][1] >= _ASKED and (inside or ranked[0][1] >= other) and not asked.odd
        return Match(MatchOutcome.AMBIGUOUS if asks else MatchOutcome.NONE, candidates=offered)

    def _near(self, finding: Finding, asked: Asked) -> Match:
        """The name of an unlisted qualification: the entries it is near, if any, for a reviewer."""
        numbers = self._uncontradicted(finding.offers, asked)[:MOST_CANDIDATES]
        offered = tuple(self._candidate(n, 0.6, finding.bag, asked, finding.reasons) for n in numbers)
        return Match(MatchOutcome.AMBIGUOUS if offered and not asked.odd else MatchOutcome.NONE, candidates=offered)

    def _sharing(self, numbers: frozenset[int], bag: frozenset[str], asked: Asked) -> list[int]:
        """Those that the issuer does not contradict, and that share a telling word with the text or are of a body that is given or named."""
        return [
            n
            for n in self._uncontradicted(numbers, asked)
            if self._search.telling_in(n, bag)
            or self._standing(n, asked) is Standing.SUPPORTS
            or any(keys & self._bodies[n] for keys in asked.reading.issuers)
        ]

    def _uncontradicted(self, numbers: frozenset[int], asked: Asked) -> list[int]:
        return [n for n in sorted(numbers) if self._standing(n, asked) is not Standing.CONTRADICTS]

    def _of_issuer(self, asked: Asked) -> Match:
        """Nothing but an issuer's name: its entries, if they are few enough to read."""
        if not asked.reading.issuers or asked.odd:
            return Match(MatchOutcome.NONE)
        own = [
            n
            for n, bodies in self._bodies.items()
            if all(keys & bodies for keys in asked.reading.issuers)
            and self._standing(n, asked) is not Standing.CONTRADICTS
        ]
        if not 0 < len(own) <= MOST_CANDIDATES:
            return Match(MatchOutcome.NONE)
        return Match(
            MatchOutcome.AMBIGUOUS, candidates=tuple(self._candidate(n, 0.5, frozenset(), asked) for n in sorted(own))
        )
