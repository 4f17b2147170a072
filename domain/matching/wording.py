"""What a certificate says around the name: who is certified by whom, on which day, under which number.

The wording of certificates is formal and short: a sentence leads to the name, numbers and dates follow. Only sentences that
say that somebody holds the qualification are taken away; one that denies it, or speaks of a course or a candidate, stays and
keeps the name from being read.
"""

# ruff: noqa: SIM905 - a word list reads better as text
from __future__ import annotations

import re
from typing import Final

_MONTHS: Final = r"(?:jan|feb|m(?:ar|ae)r?|apr|ma[iy]|jun|jul|aug|sep|okt|oct|nov|de[cz])[a-z]*\.?"
_DATE: Final = (
    rf"(?:\d{{4}}[-./年]\s?\d{{1,2}}(?:[-./月]\s?\d{{1,2}}日?|月)?(?!\d)|\d{{1,2}}[-./]\d{{1,2}}[-./]\d{{2,4}}|\d{{1,2}}/(?:19|20)\d{{2}}"
    rf"|\d{{1,2}}-{_MONTHS}-\d{{2,4}}|(?:\d{{1,2}}\.?\s)?{_MONTHS}\s(?:\d{{1,2}},?\s)?\d{{4}}|\d{{4}}年"
    r"|(?:平成|令和|昭和)\s?(?:\d{1,2}|元)年(?:\s?\d{1,2}月(?:\s?\d{1,2}日)?)?)"
)
_WORD: Final = re.compile(r"\w+")
_STRIPPED: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?:sommer|winter|fruehjahr|herbst|pruefungstermin)\s(?:19|20)\d\d(?:/\d\d(?:\d\d)?)?",
        (
            rf"\(?\b(?:expires?|exp\.?|expiry|expiration|valid|issued?|awarded|earned|active|date|dated|vom|am|seit|since|until|thru|through|gueltig"
            rf"|ausgestellt|obtained|effective|achievement|on)(?:\s(?:date|on|until|till|to|thru|through|from|bis|am|from|of|achievement|issue))*"
            rf"\s?[:：]?\s?(?:{_DATE}|\d{{4}}\b)\)?"
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
        r"\(\s?[mwdfx](?:\s?/\s?[mwdfxn]+)+\s?\)",
        r"\(?\bcurrently in beta\)?",
        r"\bthis is to certify(?: that)?\b",
    )
)
_LEADING: Final = re.compile(
    r"^(?P<before>.{0,200}?\b(?:"
    r"(?:has|have|having) (?:successfully )?(?:completed|met|fulfilled|satisfied) (?:all )?(?:of )?(?:the )?(?:\w+ ){0,3}requirements"
    r"(?: (?:for|of)(?: the)?| and (?:has |is )?(?:achieved|earned|been awarded|awarded)(?: (?:the|their|his|her))?)"
    r"|(?:has|have) (?:been )?(?:successfully )?(?:awarded|granted|achieved|earned|obtained)(?: (?:the|their|his|her))?"
    r"|is (?:hereby |officially )?(?:awarded|granted)(?: the)?"
    r"|(?:recogni[sz]ed|registered|certified)(?: with .{3,60}?)? as(?: an?)?(?: the)?"
    r"|(?:abschluss)?pruefung in (?:dem |einem )?(?:staatlich )?anerkannten ausbildungsberuf|(?:abschluss)?pruefung (?:staatlich )?(?:anerkannten )?ausbildungsberuf"
    r")\s?:?\s)(?P<name>.+)$"
)
_AWARDED: Final = re.compile(
    r"^(?P<before>.{0,120}?\b(?:hereby )?(?:awards|grants|presents) (?:this|the) )(?P<name>.+?)(?P<after> to \w+(?: \w+){1,2}(?:,.*)?)$"
)
_PROVED: Final = re.compile(r"^(?P<before>(?:兹)?证明.{0,40}?(?:获得|取得|授予))(?P<name>.+)$")
_DENIED: Final = re.compile(
    r"\b(?:not|never|no longer|fail\w*|nicht|course|courses|class|training|prepar\w*|attend\w*|particip\w*|candida\w*|exam|examination|module"
    r"|student|towards?|kurs|lehrgang|teilnahme|teilgenommen|pre|non|un|de|formerly|previously|once|was|were|had|until|will|shall|may|might|would"
    r"|could|should|to be|appl(?:y|ie)\w*|provisional\w*|condition\w*|temporar\w*|pending|nominat\w*|eligible|ineligible|honorary|expired|lapsed"
    r"|revoked|suspended|withdrawn|cancel\w*|deregistered|almost|nearly|partially)\b|未|不|培训|课程|参加|曾|拟|将|申请|候选|撤销|暂|预|准|见习"
)
_FORMAL: Final = frozenset(
    """this is to certify that certifies certified hereby be it known has have having been successfully completed met fulfilled satisfied
    all of the requirements for and officially awarded granted achieved earned obtained their his her recognized recognised registered
    as a an with by we confirm confirms awards grants presents mr mrs ms dr herr frau zeugnis ueber die der hat in dem im
    abschlusspruefung pruefung staatlich anerkannten ausbildungsberuf""".split()
)
_MOST_NAMES: Final = 6
"""As many words beside the formal ones as a person and a body are named by; with more, the sentence says something else."""


def _is_formal(sentence: str) -> bool:
    """Whether a sentence says that somebody holds what follows, and nothing besides who and by whom."""
    named = [word for word in _WORD.findall(sentence) if word not in _FORMAL]
    return len(named) <= _MOST_NAMES and _DENIED.search(sentence) is None


def without_wording(text: str) -> tuple[str, str]:
    """A folded text without the sentence that leads to the name, and that sentence; work linear in a bounded text."""
    around = ""
    for pattern in (_LEADING, _LEADING, _AWARDED, _PROVED):
        found = pattern.match(text)
        if found and _is_formal(found["before"]):
            text, around = found["name"], f"{around} {found['before']}"
    return text, around


def without_particulars(text: str) -> str:
    """A folded text without dates, numbers, marks and addresses of pages."""
    for pattern in _STRIPPED:
        text = pattern.sub(" ", text)
    return text
