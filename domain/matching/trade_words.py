"""The words of the trade: Chinese and Japanese ones with the token they share with English, and ordinary Latin ones.

They hold for every name and name no qualification by themselves; a qualification's own names are aliases of the catalog.
"""

# ruff: noqa: SIM905 - word lists read better as text
from __future__ import annotations

from typing import Final

HAN: Final[dict[str, str]] = {
    "解决方案": "solution",
    "解决方桉": "solution",
    "方案": "solution",
    "架构师": "architect",
    "架构": "architect",
    "工程师": "engineer",
    "工程": "engineering",
    "开发者": "developer",
    "开发人员": "developer",
    "开发员": "developer",
    "开发": "develop",
    "软件": "software",
    "软体": "software",
    "数据库": "database",
    "资料库": "database",
    "数据": "data",
    "资料": "data",
    "大数据": "bigdata",
    "大资料": "bigdata",
    "云": "cloud",
    "云端": "cloud",
    "机器学习": "machine learning",
    "安全": "security",
    "安全性": "security",
    "专项": "specialty",
    "网络专业人员": "network professional",
    "无线通信工程技术": "wireless communications engineering technologies",
    "网络安全": "network security",
    "企业": "enterprise",
    "协作": "collaboration",
    "数据中心": "data center",
    "资料中心": "data center",
    "服务提供商": "service provider",
    "服务供应商": "service provider",
    "服务商": "service provider",
    "基础设施": "infrastructure",
    "基础架构": "infrastructure",
    "无线": "wireless",
    "无线网络": "wireless",
    "无线互联网": "wireless",
    "设计": "design",
    "专家": "expert",
    "专家级": "expert",
    "机械": "mechanical",
    "焊接": "welding",
    "检验师": "inspector",
    "检验员": "inspector",
    "国际": "international",
    "注册": "注册",
    "特许": "chartered",
    "专业": "专业",
    "专业级": "专业",
    "专业人员": "specialist",
    "专业员": "specialist",
    "初级": "associate",
    "助理": "associate",
    "助理级": "associate",
    "资深": "资深",
    "高级": "高级",
    "中级": "中级",
    "网络": "network",
    "网路": "network",
    "网际网络": "internet",
    "互联网": "internet",
    "分析": "analysis",
    "分析师": "analyst",
    "科学家": "scientist",
    "管理员": "administrator",
    "管理": "management",
    "系统": "system",
    "操作": "operation",
    "运营": "operation",
    "运维": "运维",
    "服务": "service",
    "平台": "platform",
    "自主": "autonomous",
    "自治": "autonomous",
    "人工智能": "ai",
    "人工智慧": "ai",
    "无线通信": "wireless communications",
    "安卓": "android",
    "安卓系统": "android",
    "信息系统术": "信息系统技术",
    "信息系统技术": "信息系统技术",
    "可视化": "visualization",
    "认证的": "",
    "专员": "专员",
    "技术员": "技术员",
    "技师": "技师",
    "机电一体化": "机电一体化",
    "电子": "电子",
    "固体力学": "solidmechanics",
    "固体": "solidmechanics",
    "热流体力学": "thermofluid",
    "热流体": "thermofluid",
    "振动": "vibration",
    "有限要素法": "fem",
    "有限元": "fem",
    "有限元法": "fem",
    "有限单元法": "fem",
    "解析": "analysis",
    "技术者": "technologist",
    "计算力学": "computational mechanics",
    "学家": "学家",
    "美国": "美国",
    "加拿大": "加拿大",
    "德国": "德国",
    "英国": "英国",
    "日本": "日本",
    "冶金": "冶金",
    "土木": "土木",
    "化学": "化学",
    "从业者": "practitioner",
    "云从业者": "cloud practitioner",
    "高级工程师": "高级 engineer",
    "入门": "foundation",
    "基础": "foundation",
    "解析者": "解析者",
    "上级": "上级",
    "准": "准",
    "培训": "培训",
    "不": "不",
    "未": "未",
    "非": "非",
    "见习": "见习",
    "首席": "首席",
    "主任": "主任",
    "设计师": "设计师",
    "监督": "监督",
    "教师": "教师",
    "运营商": "service provider",
    "机械电子": "机械电子",
    "技术": "技术",
    "上级分析师": "上级 analyst",
    "热流体系统": "热流体系统",
    "编程": "编程",
    "技能": "技能",
    "商务智能": "business intelligence",
    "商业智能": "business intelligence",
}
"""Chinese and Japanese words, in simplified characters → the words they stand for; an empty string says nothing."""

COMMON: Final = frozenset(
    """administration administering administrate analysis analyst analysts analytics application applications architecture
    assistant basic basics bachelor candidate chemical civil classic cloudops communication completion computing conditional
    connected construction consultant consulting control core course craft customer cybersecurity degree deploying deployment
    designer develop developing development diploma discipline doctor education electrical electronics elite enterprise
    environmental essential essentials excel executive expired failed fellow field finance financial first graduate grade
    hardware health higher honorary implementation implementer industrial industry insider integration international
    intermediate internal internship introduction invalid java junior lead legacy level licensed licentiate linux machinist
    management manager manufacturing marine maintenance master mechanic mechanics member membership metallurgist metals
    migration mining mobile modeling multicloud national not nuclear operator optical orion partner participation petroleum
    planning plus power practice preparation primary principal principles procurement production program programmer project
    quality querying registered registration reporting research revoked robotics routing sales science scientists second
    semiconductor senior server service services software specialized standard statistics storage strategy structural
    student supervisor support surveying switching teacher teaching technical technician technologist technology test tester
    third trainee trainer training transportation upgrade voice water web webinar welder windows workspace workshop
    meister industriemeister techniker gehilfe helfer lehrling geselle gesellenbrief umschulung zwischenpruefung teil
    fachkraft assistent ingenieur kaufmann kauffrau betriebswirt fachwirt vertriebstechnik elektrotechnik maschinenbau
    elektronik mechatronik mechanik informatik informatiker elektriker elektroniker mechaniker monteur schlosser dreher
    fraeser bauer macher konstrukteur zeichner planer kaelte klimatechnik heizung sanitaer lueftung geraete systeme
    betriebstechnik antriebstechnik gebaeudetechnik fertigung produktion energie gebaeude""".split()
)
"""Ordinary words of the trade that stand in no known name: a typo is never corrected away from one of them."""
