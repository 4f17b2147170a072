"""What a certificate says around the name: who is certified by whom, on which day, under which number.

The wording of certificates is formal and short: a sentence leads to the name, numbers and dates follow. Only sentences that
say that somebody holds the qualification are taken away; one that denies it, or speaks of a course or a candidate, stays and
keeps the name from being read. Which words are formal, and which deny, is vocabulary; here stands the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from domain.matching.vocabulary import Vocabulary

_MONTHS: Final = r"(?:jan|feb|m(?:ar|ae)r?|apr|ma[iy]|jun|jul|aug|sep|okt|oct|nov|de[cz])[a-z]*\.?"
_DATE: Final = (
    rf"(?:\d{{4}}[-./年]\s?\d{{1,2}}(?:[-./月]\s?\d{{1,2}}日?|月)?(?!\d)|\d{{1,2}}[-./]\d{{1,2}}[-./]\d{{2,4}}|\d{{1,2}}/(?:19|20)\d{{2}}"
    rf"|\d{{1,2}}-{_MONTHS}-\d{{2,4}}|(?:\d{{1,2}}\.?\s)?{_MONTHS}\s(?:\d{{1,2}},?\s)?\d{{4}}|\d{{4}}年"
    r"|(?:平成|令和|昭和)\s?(?:\d{1,2}|元)年(?:\s?\d{1,2}月(?:\s?\d{1,2}日)?)?)"
)
_SPAN: Final = r"(?:19|20)\d\d(?:\s?(?:-|to|until|bis)\s?(?:(?:19|20)\d\d|present|today|now|heute|current))?"
_WORD: Final = re.compile(r"\w+")
_ROW: Final = re.compile(r"^\s*(?:[(（]\s?\d{1,3}\s?[)）][.、]?|\d{1,3}\s?[、.)）:](?!\s?\d)|[①-⑳])\s*")
_SET_OFF: Final = re.compile(
    rf"(?:[|,;·•:~]|\s[-/]|\()\s*(?P<span>{_SPAN})\s*(?=$|[|,;·•)]|\s-\s)|^\s*(?P<first>{_SPAN})\s*[|,;·•:]\s*(?=\D)"
)
_STRIPPED: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?:sommer|winter|fruehjahr|herbst|pruefungstermin)\s(?:19|20)\d\d(?:/\d\d(?:\d\d)?)?",
        r"\b(?:19|20)\d\d::\d+\b|#\s?\d{3,}\b|\bseries(?: id)?\s?[:#]?\s?\d{1,6}\b",
        (
            rf"\(?\b(?:expires?|exp\.?|expiry|expiration|valid|issued?|awarded|earned|active|date|dated|vom|am|seit|since|until|thru|through|gueltig"
            rf"|ausgestellt|abschluss|abgeschlossen|pruefung|jahrgang|class of|obtained|achieved|passed|certified|renewed|effective|achievement|on)(?:\s(?:date|on|in|until|till|to|thru|through|from|bis|am|of"
            rf"|achievement|issue|im))*\s?[:：]?\s?(?:{_DATE}|\d{{4}}\b)\)?"
        ),
        rf"(?:有效期(?:至|到)?|颁发日期|发证日期|签发日期|发证|取得时间|获得时间|日期|取得日|认定日|有效期限)[:：]?\s?{_DATE}",
        rf"\(?(?<![\w/-]){_DATE}\)?",
        r"\b(?:(?:verify|verification)(?: at)? )?(?:https?://\S+|(?:www\.)?\w+(?:\.\w+)*\.(?:com|org|net|io|cn|de|jp)/\S+)",
        (
            r"\(?\b(?:certificate|cert|credential|validation|licen[cs]e|registration|member(?:ship)?|candidate|serial|zeugnis|verification|reg|id"
            r"|urkunden|pruefungs|prueflings|certification|cscoid|mc|ncees)?[-.]?\s?(?:no\b\.?|nr\b\.?|number\b|id\b|nummer\b|#)\s?[:：#]?\s?"
            r"(?=[a-z\-]*\d)[a-z0-9][a-z0-9\-/.]{3,}\)?"
        ),
        r"\(?(?:证书)?(?:编号|证号|号码|证书号|序号|登録番号|注册号)[:：]?\s?[a-z0-9][a-z0-9\-]{3,}号?\)?",
        r"第\s?[a-z0-9-]*\d[a-z0-9-]*\s?号",
        r"[,;(]\s?(?:sehr gut|gut|befriedigend|ausreichend|with distinction|with merit|with honou?rs)\b\)?",
        r"\b(?=(?:[a-z]*\d){4})(?![a-z0-9]*[a-z]{5})[a-z0-9]{10,}\b",
        (
            r"\(?\b(?:gesamtnote|gesamtergebnis|gesamtpraedikat|praedikat|ergebnis|note|result|grade|mark)\s?[:：]?\s?(?:mit\s)?"
            r"(?:sehr gut|gut|befriedigend|ausreichend|bestanden|pass(?:ed)?|merit|distinction)\b\)?"
        ),
        r"\(?\b(?:score|points|punkte|note|gesamtnote|gesamtergebnis)\s?[:：]?\s?\d+(?:[.,]\d+)?(?:\s?/\s?\d+)?(?:\s?(?:punkte|points))?\)?",
        r"\(?\b\d+(?:[.,]\d+)?\s?(?:punkten?|points|prozent|%|ceus?|pdhs?)(?!\w)\)?",
        r"\(\s?(?:19|20)\d{2}\s?\)$",
        r"\(?\bcurrently in beta\)?",
        r"\bthis is to certify(?: that)?\b",
    )
)
_NUMBERED: Final = re.compile(r"\d|元年")
_WORDED: Final = tuple(pattern for pattern in _STRIPPED if r"\d" not in pattern.pattern)
"""Those that a text without numbers may hold."""
_BORN: Final = re.compile(rf",?\s\(?(?:geb(?:oren)?\.?|born)(?: am| on)? {_DATE}(?: (?:in|at) \w+)?\)?,?")
_GENDERS: Final = re.compile(r"\(\s?[mwdfx](?:\s?/\s?[mwdfxn]+)+\s?\)")
_LEADING: Final = re.compile(
    r"^(?P<before>.{0,240}?\b(?:"
    r"(?:has|have|having) (?:successfully )?(?:completed|met|fulfilled|satisfied|passed) (?:all )?(?:of )?(?:the )?(?:\w+ ){0,4}requirements"
    r"(?: (?:for|of|as|to be(?:come)?(?: (?:recogni[sz]ed|certified) as)?)(?: (?:an?|the))?"
    r"| and (?:has |is )?(?:achieved|earned|been awarded|awarded)(?: (?:the|their|his|her))?)"
    r"|requirements and (?:has |have )?(?:achieved|earned|attained)(?: (?:the|their|his|her))?"
    r"|(?:has|have) (?:been )?(?:successfully )?(?:awarded|granted|achieved|earned|obtained)(?: (?:the|their|his|her))?"
    r"|is (?:hereby |officially )?(?:awarded|granted)(?: the)?(?: (?:title|designation|status)(?: of)?)?"
    r"|(?:recogni[sz]ed|registered|certified|designated)(?: (?:with|by) .{3,60}?)? as(?: an?)?(?: the)?"
    r"|entitled to (?:use|bear) the (?:designation|title|post-?nominals?|letters)(?: of)?(?: an?)?"
    r"|(?:awarded|presented|given|issued|conferred) (?:up)?(?:on|to) .{3,60}? (?:(?:up)?on|for|in recognition of) (?:having )?(?:successful(?:ly)? )?"
    r"(?:achiev(?:ing|ement of)|earn(?:ing|ed)|attain(?:ing|ed|ment of)|obtain(?:ing|ed)|pass(?:ing|ed)"
    r"|(?:complet(?:ing|ed|ion of)|meeting|met|fulfill?(?:ing|ed|ment of)|satisf(?:ying|ied)) (?:all )?(?:of )?(?:the )?requirements (?:for|of))"
    r"(?: (?:the|an?))?"
    r"|(?:abschluss)?pruefung (?:in (?:dem |einem )?|im |zum |zur )?(?:staatlich )?(?:anerkannten )?(?:ausbildungs)?beruf(?: (?:des|der|zum|zur|als))?"
    r")\s?:?\s)(?P<name>.+)$"
)
_AWARDED: Final = re.compile(
    r"^(?P<before>.{0,120}?\b(?:hereby )?(?:awards|grants|presents) (?:this|the) )(?P<name>.+?)(?P<after> to \w+(?: \w+){1,2}(?:,.*)?)$"
)
_PROVED: Final = re.compile(
    r"^(?P<before>(?:.{0,20}?证明.{0,40}?|.{0,12}?经.{0,30}?[,，]\s?(?:特|现|兹)?(?:.{2,8}?)?|.{0,4}?持(?:证|有)人.{2,20}?|兹有.{2,20}?[,，]\s?"
    r"|(?:该|上述)(?:同志|人员).{0,20}?|(?:祝贺|恭喜)您?(?:已|成功)?"
    r"|.{0,12}?授予.{2,12}?[,，]\s?以?(?:表彰|证明)其)(?:获得|取得|授予|颁发|通过|考取|成为|具备|(?:被)?(?:认定|认证|注册|登记|聘任|评定)为)"
    r"(?:.{0,10}?(?:并|后|，|,)(?:已|被)?(?:获得|取得|授予))?)(?P<name>.+)$"
)
_FULFILLED: Final = re.compile(
    r"^(?P<before>.{0,24}?(?:完成|满足|达到|符合)了?)(?P<name>.+?)(?P<after>的?(?:全部|所有|各项)?(?:要求|条件)(?:[,，].{0,16})?[。.]?)$"
)
_PROVED_IN_JAPANESE: Final = re.compile(
    r"^(?P<before>(?:.{0,20}?(?:は|殿)\s?[、,]?\s?)?)(?P<name>.+?)\s?(?P<after>"
    r"(?:として|である|された|される|有する|した|する|こと|ここに|合格|认定|试验|资格|检定|称号|取得|登录|ので|认定证|合格证|证书|[のにをとし、,\s]){1,20}"
    r"(?:证|认|授)(?:明|定|与)?(?:する|いたします|します|める|めます)\s?[。.]?)$"
)
_WHO: Final = r"(?P<who>[a-z.'-]+(?:\s[a-z.'-]+){0,3}?)"
_DOES: Final = (
    r"(?:has|have|having|hat|is|ist|was|wird|geb\w*|born|met|meets|passed|holds|held|earned|earns|attained|obtained|achieved|received"
    r"|completed|successfully|currently|fulfil\w*|satisf\w+|qualified|qualifies|possesses|maintains|became|die|am|on|in|den)\b"
)
_PERSONS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:herrn?|frau|mr|mrs|ms|miss|dr)\b\.?\s{_WHO}(?=\s?[,;:.)]|\s{_DOES}|\s(?:the|a|an|for|as|zum|zur|als)\b|\s?$)",
        rf"\b(?:that|dass|who|person|holder|inhaber|prueflings?|recipient|bearer)\b[:,]?\s{_WHO},?(?=\s{_DOES}|\s(?:the|den|das|als)\b|\s?,)",
        rf"\b(?:to|on|upon|unto|by)\b:?\s{_WHO}(?=\s?[,;:.]|\s(?:for|in recognition|upon|on|as|the|a|an|has|is|who|having)\b|\s?$)",
        rf"(?:^|[.:;]\s){_WHO}(?=\s?,|\s{_DOES}|\s?$)",
        rf",\s{_WHO},?(?=\s{_DOES})",
    )
)
"""Where persons are named in Latin letters: after what leads to them, before what they do."""
_GIVEN_NAME: Final = (
    r"(?:(?![未不没无非曾拟想要欲愿盼求能可会应待将若仅尚即需须弃失丧退假伪冒缓停])[\u4e00-\u9fff]){1,2}"
)
_HAN_PERSON: Final = (
    r"(?:^|(?<=[,;.:。、，；：\s])|(?<=考生)|(?<=有人)|(?<=证人)|(?<=得者)|(?<=证明)|(?<=授予)|(?<=祝贺)|(?<=兹有)|(?<=人员)|(?<=给予))(?P<who>{}"
    r")(?=同志|先生|女士|参加|经|已|通过|于|在|持有|获|取得|具备|具有|符合|达到|完成|成为|满足|被|[,;.:。、，；：\s]|$)"
)
_JAPANESE_PERSONS: Final = (
    re.compile(r"氏名\s?[::]?\s?(?P<who>[\u3040-\u30ff\u4e00-\u9fff]{2,8})(?=\s|$)"),
    re.compile(
        r"(?:^|(?<=\s))(?P<who>[\u3040-\u30ff\u4e00-\u9fff]{2,6}?)(?=\s?(?:殿|氏|样)|\s+(?:上记|右|下记|左记)の者)"
    ),
)
_BEARER: Final = re.compile(
    r"\b(?:the )?(?:(?:above|below|following)[ -]?(?:named )?)?candidate(?: named (?:above|below))?(?= (?:has|is|named)\b)"
)


def without_wording(text: str, words: Vocabulary, is_explained: Callable[[str], bool]) -> tuple[str, str]:
    """A folded text without the sentence that leads to the name, and that sentence; work linear in a bounded text.

    Only a sentence of which every word ``is_explained`` is taken away: who certifies whom, and that. One that denies stays.
    """
    around = ""
    for pattern in (_LEADING, _LEADING, _AWARDED, _PROVED, _FULFILLED, _PROVED_IN_JAPANESE):
        found = pattern.match(text)
        if not found:
            continue
        before = _BEARER.sub(" ", found["before"])
        if not words.denies(before) and is_explained(before):
            text, around = found["name"], f"{around} {found['before']}"
    return text, around


def without_persons(text: str, words: Vocabulary, is_known: Callable[[str], bool]) -> str:
    """A folded sentence without the names of persons in it: words that nothing else knows, where a person is named."""
    for pattern in _PERSONS:
        for found in reversed(list(pattern.finditer(text))):
            if not any(map(is_known, _WORD.findall(found["who"]))):
                text = f"{text[: found.start('who')]}{text[found.end('who') :]}"
    if text.isascii():
        return text
    for pattern in (_han_person(words.surnames), *_JAPANESE_PERSONS):
        for found in reversed(list(pattern.finditer(text))):
            if not is_known(found["who"]):
                text = f"{text[: found.start('who')]} {text[found.end('who') :]}"
    return text


@lru_cache(maxsize=8)
def _han_person(surnames: frozenset[str]) -> re.Pattern[str]:
    """A person's name in Han characters: a surname and a given name, or names transcribed with a point between them."""
    family = "|".join(map(re.escape, sorted(surnames, key=lambda each: (-len(each), each)))) or "(?!)"
    return re.compile(
        _HAN_PERSON.format(rf"(?:{family}){_GIVEN_NAME}|[\u4e00-\u9fff]{{1,6}}(?:·[\u4e00-\u9fff]{{1,6}})+")
    )


def without_particulars(text: str) -> tuple[str, frozenset[str]]:
    """A folded text without row numbers, dates, numbers, marks and addresses of pages, and the years that stood set off."""
    text = _ROW.sub("", text)
    years: set[str] = set()
    text = _BORN.sub(" ", text)
    if _NUMBERED.search(text) is None:
        for pattern in _WORDED:
            text = pattern.sub(" ", text)
        return text, frozenset()
    for pattern in _STRIPPED[:5]:
        text = pattern.sub(" ", text)
    while found := _SET_OFF.search(text):
        years.add((found["span"] or found["first"])[:4])
        text = f"{text[: found.start()]} {text[found.end() :]}"
    for pattern in _STRIPPED[5:]:
        text = pattern.sub(" ", text)
    return text, frozenset(years)


def without_genders(text: str) -> str:
    """A folded text without the sign of all genders (m/w/d)."""
    return _GENDERS.sub(" ", text)
