"""The demonstration's sixth story: the catalog is amended four times, and a pending case moves along (article 5)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from rich.markup import escape

from console.demo import Demo, InventedPerson, Token, story
from console.http import ask
from console.language import worded
from console.talk import out
from domain.messages import Message, tell
from domain.values import Role

CODE: Final = "zj-2023-digital-equipment-materials"
FIRST_DAY: Final = "2023-11-01"
PATIENCE: Final = 30.0
"""Seconds until the pending case must have moved."""

ENTRY = """query Entry($code: String!, $number: Int!) { catalog(code: $code) { version { number entry(number: $number) {
  number qualificationName translatedName issuingBody field awards { grade title level } } } } }"""
PREVIEW = """query Preview($input: AmendmentInput!) {
  previewAmendment(input: $input) {
    changes { kind number fields { name before after } }
    pendingCasesAffected titlesOnChangedEntries refusals { code message }
  }
}"""
PROPOSE = """mutation Propose($input: AmendmentInput!) {
  proposeAmendment(input: $input) { position refusal { code message } amendment { id status } }
}"""
ISSUE = """mutation Issue($id: ID!) {
  issueAmendment(amendmentId: $id) {
    position refusal { code message } catalogVersion { number effectiveFrom erratum entryCount }
  }
}"""
VERSIONS = """query Versions($code: String!) {
  catalog(code: $code) {
    versions { number effectiveFrom erratum entryCount changes { kind number } }
    onTheFirstDay: version(effectiveOn: "2023-11-01") { number entry(number: 11) { translatedName } }
    entryHistory(number: 11) { fromVersion untilVersion translatedName }
  }
}"""
CASE = """query Case($id: ID!) {
  case(id: $id) {
    caseNumber status catalogVersion { number } candidates { score entry { number qualificationName } }
    history { version type summary actor { role } }
  }
}"""


class CatalogStory:
    """Two administrators amend the official catalog of the demonstration's registry."""

    def __init__(self, demo: Demo, token: Token, today: date) -> None:
        self.demo = demo
        self.today = today.isoformat()
        self.first = token(Role.ADMINISTRATOR, subject="administrator-chen")
        self.second = token(Role.ADMINISTRATOR, subject="administrator-lin")

    def amended(self) -> None:
        """An erratum, five additions, a body's new name, and two withdrawals, one of them with a pending case."""
        story(6, "bold blue", tell("demo.amended"), tell("demo.story_amended"))
        retired = self._entry(46)
        case = self.demo.submit(
            InventedPerson("孙悦", "330106199212126029"),
            retired["qualificationName"],
            retired["issuingBody"],
            "MS-70-467",
        )
        self._issue(
            tell("demo.erratum", character="技"),
            *self._revised(11, "术方向", "技术方向"),
            erratum=True,
        )
        self._issue(tell("demo.addition"), *(self._added(101 + n) for n in range(5)))
        renamed = [
            change for number in (72, 73) for change in self._revised(number, "焊接协会", "焊接学会", "issuingBody")
        ]
        self._issue(tell("demo.revision"), *renamed)
        withdrawals = [{"kind": "WITHDRAWN", "number": number, "reason": "retired"} for number in (46, 54)]
        form = self._form(withdrawals, rematchPending=True)
        self.demo.step(tell("demo.preview"), PREVIEW, {"input": form}, self.first)
        proposed = self.demo.step(tell("demo.one_proposes"), PROPOSE, {"input": form}, self.first)
        identifier = {"id": proposed["proposeAmendment"]["amendment"]["id"]}
        alone = self.demo.step(tell("demo.same_administrator"), ISSUE, identifier, self.first)
        if alone["issueAmendment"]["refusal"]["code"] != "SAME_ADMINISTRATOR":
            raise RuntimeError("one administrator amended the catalog alone")
        self.demo.step(tell("demo.other_issues"), ISSUE, identifier, self.second)
        self._wait_for_the_case(case["id"])
        what = tell("demo.moved")
        self.demo.step(what, CASE, {"id": case["id"]}, self.demo.auditor)
        self.demo.step(tell("demo.every_version"), VERSIONS, {"code": CODE}, self.demo.verifier)

    def _issue(self, what: Message, *changes: Mapping[str, Any], **more: Any) -> None:
        form = self._form(changes, **more)
        proposed = self._ask(PROPOSE, {"input": form}, self.first)["proposeAmendment"]
        if proposed["refusal"]:
            raise RuntimeError(proposed["refusal"]["message"])
        issued = self._ask(ISSUE, {"id": proposed["amendment"]["id"]}, self.second)["issueAmendment"]
        version = issued["catalogVersion"]
        said = tell(
            "demo.version",
            version=version["number"],
            entries=version["entryCount"],
            day=version["effectiveFrom"],
            what=what,
        )
        out.print(f"[bold]{escape(worded(said))}[/]")

    def _form(self, changes: Any, **more: Any) -> dict[str, Any]:
        base = self._ask("query ($code: String!) { catalog(code: $code) { versions { number } } }", {"code": CODE})
        number = base["catalog"]["versions"][-1]["number"]
        return {
            "catalogCode": CODE,
            "baseVersion": number,
            "noticeNumber": f"样例〔{self.today[:4]}〕{number}号",
            "noticeTitle": "关于调整目录的通知（样例）",
            "effectiveFrom": FIRST_DAY if more.get("erratum") else self.today,
            "changes": list(changes),
        } | more

    def _revised(self, number: int, old: str, new: str, field: str = "translatedName") -> list[dict[str, Any]]:
        entry = self._entry(number)
        return [{"kind": "REVISED", "number": number, "entry": entry | {field: entry[field].replace(old, new)}}]

    @staticmethod
    def _added(number: int) -> dict[str, Any]:
        entry = {
            "number": number,
            "qualificationName": f"Cisco Certified Sample {number}",
            "translatedName": f"思科认证样例{number}",
            "issuingBody": "思科（Cisco）",
            "field": "数字经济",
            "awards": [{"title": "工程师", "level": "INTERMEDIATE"}],
        }
        return {"kind": "ADDED", "number": number, "entry": entry}

    def _entry(self, number: int) -> dict[str, Any]:
        entry: dict[str, Any] = self._ask(ENTRY, {"code": CODE, "number": number})["catalog"]["version"]["entry"]
        return entry

    def _wait_for_the_case(self, case: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._ask(CASE, {"id": case}, self.demo.auditor)["case"]["catalogVersion"]["number"] != 5:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the pending case did not move within {PATIENCE:.0f} s")
            time.sleep(0.1)

    def _ask(self, document: str, variables: Mapping[str, Any], token: str | None = None) -> dict[str, Any]:
        return ask(self.demo.url, document, variables, token)
