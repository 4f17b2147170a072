"""Five stories of the official catalog, from submission to what a person holds, over real HTTP: one approved, one refused, one
revoked for fraud, one annulled for an error of the authority, one certificate claimed by two. Every step prints what was sent and what came back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.markup import escape
from rich.panel import Panel
from rich.syntax import Syntax

from console.http import ask, upload
from console.language import worded
from console.talk import out
from domain.messages import Message, tell
from domain.values import Role, shanghai_day

AUTHORITY = "330106-EI"
Token = Callable[..., str]
"""Issues a development token: role, and optionally subject and authority."""

SUBMIT = """mutation Submit($input: SubmitCaseInput!) {
  submitCase(input: $input) {
    position refusal { code message }
    case { id caseNumber status entry { number qualificationName } award { title } candidates { score entry { number } } }
  }
}"""
APPROVE = """mutation Approve($id: ID!, $consistent: Boolean!, $months: Int!) {
  approveCase(caseId: $id, workConsistent: $consistent, countedExperienceMonths: $months) {
    position refusal { code message } case { caseNumber status title { title level validForAppointment } }
  }
}"""
REJECT = """mutation Reject($id: ID!, $reason: String!) {
  rejectCase(caseId: $id, reason: $reason) { position refusal { code message } case { caseNumber status } }
}"""
CHOOSE = """mutation Choose($id: ID!, $entry: Int!, $reason: String!) {
  confirmMatch(caseId: $id, entryNumber: $entry, reason: $reason) {
    position refusal { code message } case { caseNumber status entry { number qualificationName } award { title } }
  }
}"""
PROPOSE = """mutation Propose($id: ID!, $ground: String!, $findings: String!) {
  proposeRevocation(caseId: $id, ground: $ground, findings: $findings) {
    position refusal { code message } case { caseNumber status }
  }
}"""
NOTICE = """mutation Notice($id: ID!, $servedOn: Date!) {
  giveNotice(caseId: $id, servedOn: $servedOn) {
    position refusal { code message } case { caseNumber pendingProposal { kind noticeOn answerUntil } }
  }
}"""
ANSWER = """mutation Answer($id: ID!, $statement: String!, $waive: Boolean!) {
  answerProposal(caseId: $id, statement: $statement, waive: $waive) {
    position refusal { code message } case { caseNumber pendingProposal { kind statement waived } }
  }
}"""
CONFIRM = """mutation Confirm($id: ID!) {
  confirmRevocation(caseId: $id) { position refusal { code message } case { caseNumber status } }
}"""
PROPOSE_ANNULMENT = """mutation Propose($id: ID!, $ground: String!, $findings: String!) {
  proposeAnnulment(caseId: $id, ground: $ground, findings: $findings) {
    position refusal { code message } case { caseNumber status }
  }
}"""
CONFIRM_ANNULMENT = """mutation Confirm($id: ID!) {
  confirmAnnulment(caseId: $id) { position refusal { code message } case { caseNumber status } }
}"""
TITLES = """query Titles($number: String!, $atLeast: Position) {
  titles(holder: { idNumber: $number }, atLeast: $atLeast) {
    title level status field recognizedOn endedOn validForAppointment countedExperienceMonths authority { name }
  }
}"""
HISTORY = """query History($id: ID!, $atLeast: Position) {
  case(id: $id, atLeast: $atLeast) {
    caseNumber status
    history { version type summary actor { role authorityCode } reason state { status } }
  }
}"""


def story(number: int, style: str, ends: Message, about: Message) -> None:
    """The line above a story: its number, how it ends, and what it is about."""
    out.rule(f"[{style}]{number} · {escape(worded(ends))}[/]  {escape(worded(about))}")


@dataclass(frozen=True)
class InventedPerson:
    """Somebody invented, with a number that belongs to nobody."""

    name: str
    number: str


class Demo:
    """Walks the five stories against a running registry."""

    def __init__(self, url: str, token: Token, run: str) -> None:
        self.url = url
        self.run = run
        self.applicant = token(Role.APPLICANT)
        self.reviewer = token(Role.REVIEWER, authority=AUTHORITY)
        self.second_reviewer = token(Role.REVIEWER, authority=AUTHORITY)
        self.verifier = token(Role.VERIFIER)
        self.auditor = token(Role.AUDITOR)

    def approved(self) -> None:
        """A listed certificate, matched by itself, approved; the title is current."""
        story(1, "bold green", tell("demo.approved"), tell("demo.story_approved"))
        wang = InventedPerson("王敏", "330106199003077013")
        case = self.submit(wang, "AWS Certified Solutions Architect - Professional", "亚马逊", "AWS-PSA-00417")
        self.step(
            tell("demo.consistent"),
            APPROVE,
            {"id": case["id"], "consistent": True, "months": 26},
            self.reviewer,
        )
        self.titles(wang)

    def refused(self) -> None:
        """A certificate of another body: nothing matches, the reviewer refuses; no title."""
        story(2, "bold yellow", tell("demo.refused"), tell("demo.story_refused"))
        li = InventedPerson("李强", "330203198509123023")
        case = self.submit(li, "Certified ScrumMaster", "Scrum Alliance", "CSM-55121")
        self.step(
            tell("demo.not_listed"),
            REJECT,
            {"id": case["id"], "reason": "目录未列入该职业资格 / the catalog does not list this qualification"},
            self.reviewer,
        )
        self.titles(li)

    def revoked(self) -> None:
        """Approved, then found to be obtained by fraud: the holder is heard, two officers revoke it, and the history says so."""
        story(3, "bold red", tell("demo.revoked"), tell("demo.story_revoked"))
        zhao = InventedPerson("赵磊", "330324197904211114")
        case = self.submit(zhao, "Certified Welding Inspector", "American Welding Society", "CWI-20117")
        self.step(
            tell("demo.approved_first"), APPROVE, {"id": case["id"], "consistent": True, "months": 0}, self.reviewer
        )
        self.step(
            tell("demo.proposed"),
            PROPOSE,
            {
                "id": case["id"],
                "ground": "弄虚作假 / forged certificate",
                "findings": "The issuing body never issued CWI-20117.",
            },
            self.reviewer,
        )
        answer = self.step(tell("demo.same_officer"), CONFIRM, {"id": case["id"]}, self.reviewer)
        if answer["confirmRevocation"]["refusal"]["code"] != "SAME_OFFICER":
            raise RuntimeError("one officer revoked a title alone")
        answer = self.step(tell("demo.not_heard"), CONFIRM, {"id": case["id"]}, self.second_reviewer)
        if answer["confirmRevocation"]["refusal"]["code"] != "NOTICE_NOT_GIVEN":
            raise RuntimeError("a title was revoked unheard")
        self.heard(case["id"], "证书系中介代办，本人不知情。 / An agent procured it; I did not know.", waive=False)
        position = self.step(tell("demo.confirmed"), CONFIRM, {"id": case["id"]}, self.second_reviewer)
        self.titles(zhao)
        self.step(
            tell("demo.audited"),
            HISTORY,
            {"id": case["id"], "atLeast": position["confirmRevocation"]["position"]},
            self.auditor,
        )

    def annulled(self) -> None:
        """Approved on the wrong entry by mistake: the title is annulled, nothing is recorded against the person, and the
        certificate leads to the right title at once.
        """
        story(4, "bold magenta", tell("demo.annulled"), tell("demo.story_annulled"))
        qian = InventedPerson("钱晓", "330102198805123026")
        name, body, number = "AWS Certified Solutions Architect - Professional", "亚马逊", "AWS-PSA-00981"
        case = self.submit(qian, name, body, number)
        self.step(
            tell("demo.overridden"),
            CHOOSE,
            {"id": case["id"], "entry": 59, "reason": "误读证书名称 / misread the certificate"},
            self.reviewer,
        )
        answer = self.step(
            tell("demo.not_alone"),
            APPROVE,
            {"id": case["id"], "consistent": True, "months": 0},
            self.reviewer,
        )
        if answer["approveCase"]["refusal"]["code"] != "SAME_OFFICER":
            raise RuntimeError("one officer overrode the rule set alone")
        self.step(
            tell("demo.overlooked"),
            APPROVE,
            {"id": case["id"], "consistent": True, "months": 0},
            self.second_reviewer,
        )
        self.step(
            tell("demo.annulment_proposed"),
            PROPOSE_ANNULMENT,
            {
                "id": case["id"],
                "ground": "认定条目有误 / recognised on the wrong entry",
                "findings": "证书为第58条所列资格，误按第59条认定。 / The certificate is that of entry 58, not 59.",
            },
            self.reviewer,
        )
        self.heard(case["id"], "", waive=True)
        self.step(tell("demo.confirmed"), CONFIRM_ANNULMENT, {"id": case["id"]}, self.second_reviewer)
        self.titles(qian)
        again = self.submit(qian, name, body, number, attempt="again")
        self.step(
            tell("demo.anew"),
            APPROVE,
            {"id": again["id"], "consistent": True, "months": 12},
            self.reviewer,
        )
        self.titles(qian)

    def victim(self) -> None:
        """Somebody presented a certificate that was another person's: once its title is revoked, its true holder gets theirs."""
        story(5, "bold cyan", tell("demo.victim"), tell("demo.story_victim"))
        thief, owner = InventedPerson("孙立", "330103198602143111"), InventedPerson("周宁", "330105199112253024")
        name, body, number = "Certified Welding Inspector", "American Welding Society", "CWI-30881"
        stolen = self.submit(thief, name, body, number)
        self.step(
            tell("demo.thief_approved"),
            APPROVE,
            {"id": stolen["id"], "consistent": True, "months": 0},
            self.reviewer,
        )
        theirs = self.submit(owner, name, body, number, attempt="owner")
        answer = self.step(
            tell("demo.owner_waits"),
            APPROVE,
            {"id": theirs["id"], "consistent": True, "months": 24},
            self.reviewer,
        )
        if answer["approveCase"]["refusal"] is None:
            raise RuntimeError("one certificate led to two titles")
        self.step(
            tell("demo.fraud_proposed"),
            PROPOSE,
            {
                "id": stolen["id"],
                "ground": "冒用他人证书 / another person's certificate",
                "findings": "本人到场核验。 / The owner appeared.",
            },
            self.reviewer,
        )
        self.heard(stolen["id"], "", waive=True)
        self.step(tell("demo.confirmed"), CONFIRM, {"id": stolen["id"]}, self.second_reviewer)
        self.step(
            tell("demo.owner_approved"),
            APPROVE,
            {"id": theirs["id"], "consistent": True, "months": 24},
            self.reviewer,
        )
        self.titles(owner)

    def heard(self, case: str, statement: str, *, waive: bool) -> None:
        """Tell the holder what is proposed, and hear them."""
        today = shanghai_day(datetime.now(UTC)).isoformat()
        self.step(tell("demo.notice"), NOTICE, {"id": case, "servedOn": today}, self.reviewer)
        self.step(
            tell("demo.waived") if waive else tell("demo.answered"),
            ANSWER,
            {"id": case, "statement": statement, "waive": waive},
            self.applicant,
        )

    def submit(
        self, person: InventedPerson, name: str, body: str, number: str, attempt: str = "first"
    ) -> dict[str, Any]:
        """Submit a case and answer it."""
        form = {
            "idempotencyKey": f"demo-{self.run}-{number}-{attempt}",
            "holder": {"name": person.name, "idNumber": person.number},
            "certificate": {"name": name, "issuingBody": body, "certificateNumber": f"{number}-{self.run}"},
            "authorityCode": AUTHORITY,
            "workField": "数字经济",
            "experience": [{"employer": "Example GmbH", "from": "2020-03-01", "to": "2023-02-28", "field": "数字经济"}],
            "evidence": [self.upload(person, number)],
        }
        answer = self.step(
            tell("demo.submits", name=person.name, certificate=name), SUBMIT, {"input": form}, self.applicant
        )["submitCase"]
        if answer["refusal"]:
            raise RuntimeError(answer["refusal"]["message"])
        self.position = answer["position"]
        case: dict[str, Any] = answer["case"]
        return case

    def upload(self, person: InventedPerson, number: str) -> dict[str, Any]:
        """Upload a copy of a certificate; the file as a submission states it."""
        content = f"%PDF-1.4\n% {number}\n%%EOF\n".encode()
        sha256 = upload(self.url, content, person.number, self.applicant)
        said = worded(tell("demo.uploads", name=person.name))
        out.print(f"\n[bold]{escape(said)}[/] sha256 {sha256[:16]}…")
        return {
            "sha256": sha256,
            "fileName": f"{number}.pdf",
            "mediaType": "application/pdf",
            "size": len(content),
            "kind": "CERTIFICATE",
        }

    def titles(self, person: InventedPerson) -> None:
        """Ask, as another bureau would, which titles a person holds."""
        self.step(
            tell("demo.asked", name=person.name),
            TITLES,
            {"number": person.number, "atLeast": self.position},
            self.verifier,
        )

    def step(self, what: Message, document: str, variables: Mapping[str, Any], token: str) -> dict[str, Any]:
        """Send one operation; print the sentence, the operation and its answer."""
        data = ask(self.url, document, variables, token)
        out.print(f"\n[bold]{escape(worded(what))}[/]")
        sent = Syntax(document, "graphql", background_color="default", word_wrap=True)
        out.print(
            Panel(
                sent,
                title=worded(tell("demo.query")),
                title_align="left",
                border_style="dim",
                subtitle=_short(variables),
            )
        )
        out.print(
            Syntax(json.dumps(data, ensure_ascii=False, indent=2), "json", background_color="default", word_wrap=True)
        )
        for answer in data.values():
            if isinstance(answer, dict) and answer.get("position"):
                self.position = answer["position"]
        return data


def _short(variables: Mapping[str, Any]) -> str:
    text = json.dumps(variables, ensure_ascii=False)
    return text if len(text) <= 100 else text[:99] + "…"
