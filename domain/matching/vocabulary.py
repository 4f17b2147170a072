"""Words as rules: what says nothing, what says the same, and what names its issuer.

Names of qualifications and bodies are data (aliases); here stands only what holds for every name: boilerplate, spelling
variants of one word, abbreviations of general words; ``trade_words`` adds the Chinese and Japanese words of the trade with the token
they share with English, and its ordinary Latin words. A word that stands nowhere explains nothing, and an unexplained word
keeps a match from being automatic.
"""

# ruff: noqa: SIM905 - word lists read better as text
from __future__ import annotations

from typing import Final

BOILERPLATE: Final = frozenset(
    """a an the of in on for to and or with using by as at is that this und oder mit fuer fur im zum zur als der die das des
    den ueber vom von et de certified certification certifications certificate certificates cert certify credential credentials
    exam examination titled title official passed pass result holder credly badge urkunde zeugnis pruefungszeugnis
    abschlusszeugnis pruefung abschlusspruefung facharbeiterbrief facharbeiter zertifikat bescheinigung ausbildung
    ausbildungsberuf beruf abgeschlossene abgeschlossen gelernter gelernte fachrichtung staatlich anerkannter anerkannt
    bestanden m w d f gn divers nr number currently beta mcp abschluss fachgebiet notice transcript successfully fr bzw beziehungsweise resp respectively registration achievement competence postnominals post nominals
    認定証 認定 资格 证书 认证 认定 认定证 资格证书 资格证 考试 职业 职业资格 执业 境外 国外 的 和 与 及 或 之 の 分野の 分野 领域
    领域的 领域之 方向 专业方向 证 书 颁发 合格证书 合格 合格证 持有 获得 使用 进行 级别 等级 名称 认证证书 及格 通过 已通过 已取得 已获得 复印件 原件 扫描件""".split()
)
"""Words that a certificate carries beside its name. No level, no field and no negation stands here."""

DANGLING: Final = frozenset(
    "f fu fue the of in on for to and or with using by und oder mit fuer im & zum zur a an".split()
)
"""Words after which a name must go on: where one stands last, the name was cut."""

LEVELS: Final = frozenset(
    """associate professional specialty specialist expert foundation architect junior senior master practitioner fundamental
    fundamentals entry advanced inspector engineer educator supervisor technician chartered incorporated 专业 资深 高级 中级
    leader administrator""".split()
)
"""Words that separate qualifications of one family; a cut that loses one of them leaves the entry open."""

RESULTS: Final = frozenset(
    "pass passed bestanden gut sehr befriedigend ausreichend good excellent merit a b c ok none na n - 合格 及格 优秀 良好 通过 优 良".split()
)
"""What stands in the place of a grade and says only that an examination was passed."""

LATIN: Final[dict[str, str]] = {
    "solutions": "solution",
    "sol": "solution",
    "specialties": "specialty",
    "speciality": "specialty",
    "networks": "network",
    "systems": "system",
    "materials": "material",
    "thermal": "thermal",
    "fluid": "fluids",
    "engineers": "engineer",
    "eng": "engineer",
    "foundations": "foundation",
    "analysing": "analyzing",
    "visualising": "visualizing",
    "center": "center",
    "centre": "center",
    "datacenter": "data center",
    "datacentre": "data center",
    "ops": "operation",
    "operations": "operation",
    "pro": "professional",
    "prof": "professional",
    "assoc": "associate",
    "spec": "specialty",
    "dev": "developer",
    "admin": "administrator",
    "arch": "architect",
    "infra": "infrastructure",
    "infrastructures": "infrastructure",
    "db": "database",
    "ml": "machine learning",
    "ai": "ai",
    "artificial intelligence": "ai",
    "bi": "business intelligence",
    "internetwork": "internet",
    "internetworking": "internet",
    "big data": "bigdata",
    "power bi": "powerbi",
    "non ferrous": "nonferrous",
    "cyber ops": "cyberops",
    "cybersecurity operation": "cyberops",
    "dev ops": "devops",
    "dev net": "devnet",
    "sys ops": "sysops",
    "sa": "solution architect",
    "adv": "advanced",
    "ccnp": "network professional",
    "ccie": "internet expert",
    "sec": "security",
    "sp": "service provider",
    "dc": "data center",
    "collab": "collaboration",
    "oci": "cloud infrastructure",
    "tf": "tensorflow",
    "hlth": "health",
    "fundamentals engineering": "fe",
    "fundamentals of engineering": "fe",
    "principles and practice of engineering": "pe",
    "principles practice of engineering": "pe",
    "fe fe": "fe",
    "technischer": "technisch",
    "technische": "technisch",
    "technischen": "technisch",
    "mathematischer": "mathematisch",
    "mathematische": "mathematisch",
    "mathematischtechnisch": "mathematisch technisch",
    "mathematischtechnischer": "mathematisch technisch",
    "mathematischtechnische": "mathematisch technisch",
    "informationstechnik und systemtechnik": "informations systemtechnik",
    "systemelektroniker": "system elektroniker",
    "itsystemelektroniker": "it system elektroniker",
    "kfz mechatroniker": "kraftfahrzeugmechatroniker",
    "kfzmechatroniker": "kraftfahrzeugmechatroniker",
    "heat treatment": "heat treatment",
    "metallurgic": "metallurgical",
    "colour": "color",
    "programing": "programming",
    "mechanical engineer": "mechanical engineer",
    "mech engineering": "mech engineering",
    "java script": "javascript",
    "css 3": "css3",
    "html 5": "html5",
    "v 1": "v1",
    "version 1": "v1",
    "ver 1": "v1",
    "2012 2014": "2012/2014",
    "powerbi": "powerbi",
    "refrigerating": "refrigeration",
    "hvacr": "hvac refrigeration",
    "hvac r": "hvac refrigeration",
    "hvac and r": "hvac refrigeration",
    "ent": "enterprise",
    "oca": "associate",
    "ocp": "professional",
    "ocs": "specialist",
    "associate level": "associate",
    "professional level": "professional",
    "expert level": "expert",
    "specialty level": "specialty",
    "successfully completed": "",
    "certificate program": "",
    "certificate programme": "",
    "certification program": "",
    "fiir": "",
    "sqlserver": "sql server",
    "ms sql": "sql",
    "wi fi": "wifi",
    "elec": "electrical",
    "mech": "mechanical",
    "intl": "international",
    "jr": "junior",
    "sr": "senior",
    "iot": "iot",
}
"""Spelling variants and general abbreviations → the words they stand for."""

BRANDS: Final[dict[str, str]] = {
    "azure": "MICROSOFT",
    "powerbi": "MICROSOFT",
    "devnet": "CISCO",
    "cyberops": "CISCO",
    "tensorflow": "GOOGLE",
    "itil": "EXIN",
    "fachinformatiker": "DIHK",
    "icme": "IME",
    "jicme": "IME",
    "fe": "NCEES",
    "pe": "NCEES",
    "solidmechanics": "JSME",
    "thermofluid": "JSME",
    "vibration": "JSME",
    "wcet": "IEEE_COMSOC",
    "oci": "ORACLE",
}
"""Words that only one body's qualifications bear; they stand for the issuer where none is given."""
