"""Which entries a read name means, surest way first: the same words, several names of one entry, a typo, a cut text."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from rapidfuzz import fuzz, process

from domain.matching import reasons
from domain.matching.damaged import CUT_LATIN, Damaged
from domain.matching.finding import Finding, Way
from domain.matching.forms import Form
from domain.matching.issuers import IssuerBook
from domain.matching.lexicon import Lexicon, Reading, genderless
from domain.matching.normalise import Folded
from domain.matching.spelling import Speller
from domain.matching.written import as_written, shown
from domain.values import AliasKind, Reason

_LISTED: Final = re.compile(
    r"\s?[/;|+、,，；]\s?|\s(?:or|and|und|oder|bzw\.?|beziehungsweise|resp\.?|respectively|as well as|sowie)\s|\s&\s|[和与及或]"
)
_MOST_LISTED: Final = 6
_ALIKE: Final = 8
_LIES_IN: Final = 66
_OTHER_SCRIPT: Final = 1.0
_HAN_RUN: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff々ー（）]+")
_LATIN_RUN: Final = re.compile(r"[a-z0-9+#.&'/-]+")


class Search:
    """The known names of one catalog version, ready to be asked."""

    def __init__(self, lexicon: Lexicon, forms: Sequence[Form], book: IssuerBook) -> None:
        self.lexicon = lexicon
        self._book = book
        self.forms = tuple(forms)
        self._speller = Speller(lexicon.known)
        self._by_bag: dict[frozenset[str], list[Form]] = defaultdict(list)
        for form in forms:
            self._by_bag[form.bag].append(form)
        self._compacts = [form.compact for form in self.forms]
        self._renamed = [form for form in self.forms if form.kind is AliasKind.RENAMED]
        self._damaged = Damaged(lexicon.vocabulary, self.forms, self._speller)
        self._postings: dict[str, list[int]] = defaultdict(list)
        self._own: dict[int, list[Form]] = defaultdict(list)
        for index, form in enumerate(self.forms):
            for word in form.bag:
                self._postings[word].append(index)
            for number in form.numbers:
                self._own[number].append(form)
        self._exams = {
            word: frozenset[int]().union(*(form.numbers | form.offers for form in self._by_bag[bag]))
            for bag in self._by_bag
            if len(bag) == 1
            for word in bag
            if any(form.numbers or form.offers for form in self._by_bag[bag])
            and (word.startswith("x:") or any(form.kind is AliasKind.COMPONENT for form in self._by_bag[bag]))
        }
        self._generic = lexicon.vocabulary.levels | lexicon.vocabulary.trade
        self._weights = {word: 1.0 / (1.0 + math.log(len(held))) for word, held in self._postings.items()}
        self._lengths = [len(form.bag) for form in self.forms]
        self._latin = [form.compact.isascii() for form in self.forms]
        self._sizes = [sum(self._weights[word] for word in form.bag) for form in self.forms]

    def _sharing(self, bag: frozenset[str]) -> dict[int, int]:
        """For every known name that shares a word with these, by index: how many it shares."""
        return Counter(chain.from_iterable(self._postings.get(word, ()) for word in bag))

    def _within(self, bag: frozenset[str]) -> list[Form]:
        """The known names that are made of some of these words."""
        lengths = self._lengths
        return [self.forms[index] for index, shared in self._sharing(bag).items() if shared == lengths[index]]

    def find(
        self, folded: Folded, more: Sequence[str] = (), issuers: frozenset[str] = frozenset()
    ) -> tuple[Finding, Reading]:
        """What a folded name means; ``more`` are words of a grade given beside it, ``issuers`` the bodies given."""
        reading = self.lexicon.read(folded, issuers)
        reading.words.extend(more)
        said = issuers.union(*reading.issuers)
        coded = self._coded(reading, said)
        if coded is not None:
            return coded, reading
        found = self._same(reading.bag, said)
        if found.way is Way.NONE:
            found = self._completed(folded, reading, said)
        elif found.way is Way.NAMES and len(found.numbers) > 1:
            twice = self._in_two_languages(folded, said)
            found = twice if twice.numbers else found
        if found.way is not Way.NONE:
            whole = self._apart(folded, found, said)
            return whole if more or found.bag > reading.bag else self._unbroken(reading, whole, said), reading
        spelt = self._spelt(folded, reading, more, said)
        if spelt is not None:
            return spelt[0] if more else self._unbroken(reading, spelt[0], said), spelt[1]
        if not more:
            for damaged in (self._damaged.near(reading), self._damaged.cut(reading)):
                if damaged is not None:
                    return self._unbroken(reading, damaged, said), reading
        return Finding(bag=reading.bag), reading

    def _same(self, bag: frozenset[str], said: frozenset[str]) -> Finding:
        """The entries whose known names are made of these words, all of them and no other."""
        exact = [form for form in self._by_bag.get(bag, ()) if _concerns(form, said)]
        if exact:
            numbers = frozenset[int]().union(*(form.numbers for form in exact))
            offers = frozenset[int]().union(*(form.offers for form in exact))
            open_ = not numbers or not all(form.numbers for form in exact)
            near = [reasons.near(form.kind, form.source) for form in exact if form.offers]
            why = tuple(near[:1]) if near and not numbers else (_same_as(exact, numbers),)
            doubts = tuple(reasons.also_unlisted(form.source) for form in exact if numbers and not form.numbers)[:1]
            return Finding(numbers, Way.WORDS, why, open_, bag, offers, doubts)
        inside = self._within(bag)
        inside = [form for form in inside if _concerns(form, said) and _is_of(form, said)]
        if not inside or frozenset[str]().union(*(form.bag for form in inside)) != bag:
            return Finding(bag=bag)
        maximal = [form for form in inside if not any(form.bag < other.bag for other in inside)]
        numbers = frozenset[int]().union(*(form.numbers for form in maximal))
        covering = [
            number
            for number in numbers
            if frozenset[str]().union(*(form.bag for form in inside if form.single == number)) == bag
        ]
        if len(covering) == 1 and all(form.bag <= bag and form.single == covering[0] for form in maximal):
            return Finding(frozenset(covering), Way.NAMES, (reasons.SEVERAL_NAMES,), bag=bag)
        common = frozenset[int].intersection(*(form.numbers for form in maximal))
        if len(common) == 1 < len(maximal) and all(common <= form.numbers for form in inside):
            return Finding(common, Way.NAMES, (reasons.ONE_IN_COMMON,), bag=bag)
        if len(numbers) > 1 and all(form.numbers for form in maximal):
            return Finding(numbers, Way.NAMES, (reasons.SEVERAL_MEANT,), bag=bag)
        return Finding(bag=bag)

    def _coded(self, reading: Reading, said: frozenset[str]) -> Finding | None:
        """What a name and the examinations beside it mean together: the entry that both lead to, or a question; None where
        no examination is named, or one of them leads to nothing.
        """
        exams = {word for word in reading.bag if word in self._exams}
        if not exams or reading.codes - exams:
            return None
        common = frozenset[int].intersection(*(self._exams[exam] for exam in exams))
        rest = reading.bag - exams
        named = reasons.exams_named([shown(exam) for exam in sorted(exams)])
        if not rest:
            return (
                Finding(common, Way.NAMES, (named,), bag=reading.bag, doubts=(reasons.SEVERAL_EXAMS,))
                if len(exams) > 1 and len(common) > 1
                else None
            )
        alone = self._same(rest, said)
        if alone.way is Way.NONE:
            alone = self._with_level(reading, rest, said)
        if alone.way is Way.NONE:
            alike = frozenset(number for number in common if rest <= self._vocabulary_of(number))
            sure = len(alike) == 1 == len(common) and all(self._leads(exam) for exam in exams)
            return Finding(alike, Way.NAMES, (reasons.OWN_WORDS, named), bag=reading.bag) if sure else None
        if len(alone.numbers) == 1 and not alone.unlisted and alone.numbers <= common:
            return Finding(alone.numbers, Way.NAMES, (*alone.reasons, named), bag=rest)
        numbers = (alone.numbers & common) or (alone.numbers | common)
        why = (*alone.reasons, named) if alone.numbers or alone.offers else (named,)
        return Finding(numbers, Way.NAMES, why, bag=reading.bag, doubts=(reasons.EXAM_OF_ANOTHER,))

    def _leads(self, exam: str) -> bool:
        """Whether an examination leads to one certification alone."""
        return any(form.single for form in self._by_bag.get(frozenset({exam}), ()))

    def _vocabulary_of(self, number: int) -> frozenset[str]:
        return frozenset[str]().union(*(form.bag for form in self._own[number]))

    def _completed(self, folded: Folded, reading: Reading, said: frozenset[str]) -> Finding:
        """What the name means with a year that stood set off, without the number of its row or the country before it, with
        the level that exists once, or where it is written in two languages.
        """
        bag = reading.bag
        countries = frozenset(word for word in bag if self._book.from_country(word, said))
        if reading.years and (found := self._same(bag | reading.years, said)).way is not Way.NONE:
            return found
        if reading.row in bag and (found := self._same(bag - {reading.row}, said)).numbers == {int(reading.row)}:
            return found
        if countries and bag > countries and (found := self._same(bag - countries, said)).way is not Way.NONE:
            return found
        found = self._with_level(reading, bag, said)
        found = found if found.way is not Way.NONE else self._in_two_languages(folded, said)
        return found if found.way is not Way.NONE else self._under_both_names(reading, said)

    def _under_both_names(self, reading: Reading, said: frozenset[str]) -> Finding:
        """What a text means that writes a certification's listed name beside the one that it was renamed to, each with its level or,
        where the body's names are known with one, without; an examination of the renamed one may stand beside them.
        """
        bag, left_out = reading.bag, self._left_out(said)
        for form in self._renamed:
            if form.bag.isdisjoint(bag):
                continue
            renamed = form.bag - left_out
            is_named = form.bag <= bag or (len(renamed) > 1 and renamed <= bag)
            if not is_named or not _concerns(form, said):
                continue
            own = {exam for exam in reading.codes if self._exams.get(exam) == form.offers}
            rest = bag - renamed - own
            found = self._same(rest, said) if rest else Finding()
            found = found if found.way is not Way.NONE else self._with_level(reading, rest, said)
            if found.numbers and found.numbers == form.offers and not found.unlisted:
                return replace(found, way=Way.NAMES, reasons=(*found.reasons, reasons.both_names(form.source)))
        return Finding(bag=bag)

    def _left_out(self, said: frozenset[str]) -> frozenset[str]:
        """The levels that people leave out of the names of these bodies."""
        words = self.lexicon.vocabulary
        return frozenset[str]().union(*(words.left_out.get(issuer, frozenset()) for issuer in said))

    def _with_level(self, reading: Reading, bag: frozenset[str], said: frozenset[str]) -> Finding:
        """What a name without a level means, where it says who certifies, does not break off within a word, and is known with
        one level only.
        """
        words, left_out = self.lexicon.vocabulary, self._left_out(said)
        certified = reading.issuers and any(map(words.certifies, reading.pieces))
        if not left_out or bag & words.ranks or not certified or self._begins(reading.last, said):
            return Finding(bag=bag)
        forms = [
            (rank, form)
            for rank in sorted(words.ranks)
            for form in self._by_bag.get(bag | {rank}, ())
            if _concerns(form, said)
        ]
        levels, numbers = {rank for rank, _ in forms}, {form.single for _, form in forms}
        if not levels or not levels <= left_out or len(numbers) != 1 or None in numbers:
            return Finding(bag=bag)
        level, form = forms[0]
        why = (reasons.same_words(form.source), reasons.only_level(as_written({level}, form.written, form.spelling)[0]))
        return Finding(form.numbers, Way.NAMES, why, bag=bag | {level})

    def _begins(self, last: str, said: frozenset[str]) -> bool:
        """Whether a word begins a longer one in an official name of the bodies spoken of."""
        own = (form for form in self.forms if form.official and form.issuers & said)
        return last.isascii() and any(last != piece and piece.startswith(last) for form in own for piece in form.pieces)

    def _in_two_languages(self, folded: Folded, said: frozenset[str]) -> Finding:
        """What a name means whose Latin and Han parts are each a name: the entry that both mean."""
        parts = [pattern.sub(" ", folded.text).strip() for pattern in (_HAN_RUN, _LATIN_RUN)]
        if not all(parts) or folded.text.isascii():
            return Finding()
        first, second = (
            self._same(self.lexicon.read(Folded(part, part, folded.oddities), said).bag, said) for part in parts
        )
        both = first.numbers & second.numbers
        if first.unlisted or second.unlisted or len(both) != 1 or len(first.numbers | second.numbers) > len(both):
            return Finding()
        return Finding(both, Way.NAMES, (reasons.TWO_LANGUAGES,), bag=first.bag | second.bag)

    def without_countries(self, reading: Reading) -> frozenset[int]:
        """What the name can mean without every country it names, whoever issued it."""
        bag = frozenset(word for word in reading.bag if not self._book.names_country(word))
        return self._same(bag, frozenset()).numbers if bag and bag != reading.bag else frozenset()

    def _apart(self, folded: Folded, finding: Finding, said: frozenset[str]) -> Finding:
        """The same finding, or a question where the text lists several names and one of them means another entry."""
        parts = [part for part in _LISTED.split(genderless(folded)) if part.strip()]
        if len(finding.numbers) != 1 or not 1 < len(parts) <= _MOST_LISTED:
            return finding
        others = frozenset[int]()
        for part in parts:
            alone = self._same(self.lexicon.read(Folded(part, part, folded.oddities), said).bag, said)
            if alone.numbers and not alone.unlisted and not finding.numbers <= alone.numbers:
                others |= alone.numbers
        if others <= finding.numbers:
            return finding
        return Finding(finding.numbers | others, Way.NAMES, (reasons.SEVERAL_MEANT,), bag=finding.bag)

    def _spelt(
        self, folded: Folded, reading: Reading, more: Sequence[str], said: frozenset[str]
    ) -> tuple[Finding, Reading] | None:
        """The same after correcting unknown words; every unknown word must have its one correction."""
        pairs = [
            (word, self._speller.correct(word)) for word in list(dict.fromkeys(reading.unknown))[:12] if word.isascii()
        ]
        right = [(wrong, word) for wrong, word in pairs if word is not None]
        alike = self.lexicon.vocabulary.lookalikes
        right += [(char, alike[char]) for char in dict.fromkeys(reading.unknown) if char in alike]
        if not right or len(right) > 6:
            return None
        text = folded.text
        for wrong, word in right:
            text = re.sub(rf"\b{re.escape(wrong)}", word, text) if wrong.isascii() else text.replace(wrong, word)
        again = self.lexicon.read(Folded(folded.plain, text, folded.oddities), reading.said)
        again.words.extend(more)
        again.deferred |= reading.deferred
        finding = self._same(again.bag, said)
        if finding.way is Way.NONE:
            return None
        why = (*finding.reasons, reasons.corrected(right))
        return Finding(finding.numbers, Way.SPELLING, why, finding.unlisted, again.bag), again

    def _unbroken(self, reading: Reading, finding: Finding, said: frozenset[str]) -> Finding:
        """The same finding, or a question where the text is no known spelling and begins another name as well: another
        entry's, or that of a qualification the catalog does not list.
        """
        beginning = self._damaged.beginning(reading.compact) if len(reading.compact) >= CUT_LATIN else []
        beginning = [form for form in beginning if _concerns(form, said)]
        numbers = frozenset[int]().union(*(form.numbers for form in beginning))
        if len(finding.numbers) != 1 or (numbers <= finding.numbers and all(form.numbers for form in beginning)):
            return finding
        if any(form.compact == reading.compact and form.numbers == finding.numbers for form in beginning):
            return finding
        if numbers <= finding.numbers:
            other = next(form for form in beginning if not form.numbers)
            return replace(finding, unlisted=True, doubts=(*finding.doubts, reasons.also_unlisted(other.source)))
        return Finding(finding.numbers | numbers, Way.NAMES, (reasons.SEVERAL_MEANT,), bag=finding.bag)

    def scored(self, bag: frozenset[str], compact: str, unknown: Sequence[str]) -> tuple[dict[int, float], float]:
        """How like each entry the words are, in 0..1, and the same for the likest name the catalog does not list.

        Letters alone make a name alike only where the text holds ``unknown`` words, as a damaged one does, and the name holds
        something like one of them: ordinary words of the trade beside a strange one are nobody's name.
        """
        strange = [word for word in unknown if word not in self._generic]
        whole = sum(self._weights.get(word, 1.0) for word in bag)
        scores: dict[int, float] = {}
        other = 0.0
        alike = (
            process.extract(compact, self._compacts, scorer=fuzz.ratio, score_cutoff=75, limit=40)
            if strange and len(compact) >= _ALIKE
            else []
        )
        ratios = {index: ratio for name, ratio, index in alike if any(_lies_in(word, name) for word in strange)}
        telling = {word for word in bag if self.tells(frozenset({word}))}
        near = {index for word in telling for index in self._postings.get(word, ())}
        if compact.isascii():
            near = {index for index in near if self._latin[index]}
        near |= ratios.keys()
        weights: dict[int, float] = defaultdict(float, dict.fromkeys(near, 0.0))
        for word in bag & self._postings.keys():
            for index in near.intersection(self._postings[word]):
                weights[index] += self._weights[word]
        for index, shared in weights.items():
            form = self.forms[index]
            score = max(2 * shared / (whole + self._sizes[index]), ratios.get(index, 0.0) / 100 * 0.95)
            if not form.numbers and not form.offers:
                other = max(other, score)
            for number in form.numbers | form.offers:
                if score > scores.get(number, 0.0):
                    scores[number] = score
        return scores, other

    def holding(self, bag: frozenset[str], *, latin: bool) -> frozenset[int]:
        """The entries of which some name holds all of these words."""
        return self.around(bag, latin=latin)[0]

    def around(self, bag: frozenset[str], *, latin: bool) -> tuple[frozenset[int], frozenset[int]]:
        """The entries of which some name holds all of these words; and those of which some name stands whole within them, with
        no longer one around it. Names in Han characters only for a text that holds some.
        """
        size, lengths = len(bag), self._lengths
        alike = [(index, shared) for index, shared in self._sharing(bag).items() if shared in {size, lengths[index]}]
        if latin:
            alike = [(index, shared) for index, shared in alike if self._latin[index]]
        holding = frozenset[int]().union(*(self.forms[index].numbers for index, shared in alike if shared == size))
        held = [self.forms[index] for index, shared in alike if shared == lengths[index] < size]
        held = [form for form in held if form.numbers and (len(form.bag) > 1 or self.tells(form.bag))]
        longest = [form for form in held if not any(form.bag < other.bag for other in held)]
        return holding, frozenset[int]().union(*(form.numbers for form in longest))

    def tells(self, words: frozenset[str]) -> bool:
        """Whether any of these words tells qualifications apart: no level, no ordinary word of the trade, no character that
        is part of a word nobody knows.
        """
        words = words - self._generic
        return any(len(word) > 1 or word.isascii() for word in words)

    def telling_in(self, number: int, words: frozenset[str]) -> bool:
        """Whether a name of an entry shares a word with these that tells qualifications apart."""
        return any(self.tells(form.bag & words) for form in self._own[number])

    def family(self, bag: frozenset[str]) -> frozenset[int]:
        """The entries that share the longest name within these words, where that name is a family's."""
        inside = self._within(bag)
        longest = max(inside, key=lambda form: (len(form.bag), len(form.numbers)), default=None)
        return longest.numbers if longest is not None and len(longest.numbers) > 1 else frozenset()

    def beyond(self, bag: frozenset[str]) -> frozenset[int]:
        """The entries whose official names hold these words and more."""
        return frozenset[int]().union(*(form.numbers for form in self.forms if form.official and bag < form.bag))

    def whole(self, number: int, bag: frozenset[str], compact: str, *, official: bool = False) -> bool:
        """Whether a text holds a known name of an entry letter by letter, or an official one."""
        forms = (form for form in self._own[number] if form.official or not official)
        return any(form.bag == bag and form.compact in compact for form in forms)

    def means(self, number: int, bag: frozenset[str]) -> Reason:
        """That a text of these words says what a name of an entry says."""
        return _same_as([form for form in self._by_bag[bag] if number in form.numbers], frozenset({number}))

    def in_latin(self, bag: frozenset[str], number: int) -> bool:
        """Whether a name of an entry in Latin letters is made of these words."""
        return any(form.compact.isascii() and number in form.numbers for form in self._by_bag.get(bag, ()))

    def words_of(self, number: int, bag: frozenset[str], *, latin: bool) -> Form:
        """The name of an entry that is likest to some words, one of exactly these words first in whatever script; an empty one where
        no word of it can be read.
        """
        return max(
            self._own[number],
            key=lambda form: (
                form.bag == bag,
                len(form.bag & bag) - 0.1 * len(form.bag ^ bag) - _OTHER_SCRIPT * (form.compact.isascii() != latin),
                form.official,
            ),
            default=Form("", frozenset(), "", frozenset({number})),
        )


def _same_as(forms: Sequence[Form], numbers: frozenset[int]) -> Reason:
    """That a text says what these known names say: one entry, or several of which it does not say which."""
    source = next((form.source for form in forms if form.numbers == numbers), forms[0].source)
    return reasons.one_of_several(source, tuple(sorted(numbers))) if len(numbers) > 1 else reasons.same_words(source)


def _lies_in(word: str, name: str) -> bool:
    """Whether a name, its words written together, holds something like a word; the damage of a scan leaves two letters in three."""
    return fuzz.partial_ratio(word, name) >= _LIES_IN


def _is_of(form: Form, said: frozenset[str]) -> bool:
    """Whether a name is not that of a body nobody spoke of, while another is spoken of."""
    return not said or not form.issuers or bool(form.issuers & said)


def _concerns(form: Form, said: frozenset[str]) -> bool:
    """Whether a name matters here: an unlisted one of an issuer that nobody spoke of does not."""
    return bool(form.numbers or not said or not form.issuers or form.issuers & said)
