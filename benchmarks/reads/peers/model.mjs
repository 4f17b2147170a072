// The schema and the SQL that the hand-written peers share: the operation text is PostGraphile's.
export const sdl = `
scalar UUID
scalar Date
type CatalogEntry { number: Int! qualificationName: String! translatedName: String! issuingBody: String! field: String! }
type Title { titleId: UUID! status: String! title: String! level: String! field: String! holderRef: UUID! caseNumber: String!
  recognizedOn: Date! endedOn: Date validForAppointment: Boolean! validForPromotion: Boolean! countedExperienceMonths: Int!
  authorityCode: String! versionNumber: Int! entry: CatalogEntry }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type TitlesConnection { nodes: [Title]! pageInfo: PageInfo! }
input TitleCondition { holderRef: UUID field: String }
enum TitlesOrderBy { RECOGNIZED_ON_DESC TITLE_ID_DESC }
type Query { allTitles(condition: TitleCondition, first: Int, orderBy: [TitlesOrderBy!]): TitlesConnection }
`;
const columns = `t.title_id "titleId", t.status, t.title, t.level, t.field, t.holder_ref "holderRef", t.case_number "caseNumber",
 t.recognized_on::text "recognizedOn", t.ended_on::text "endedOn", t.valid_for_appointment "validForAppointment",
 t.valid_for_promotion "validForPromotion", t.counted_experience_months "countedExperienceMonths",
 t.authority_code "authorityCode", t.version_number "versionNumber", e.number "eNumber",
 e.qualification_name "eQualificationName", e.translated_name "eTranslatedName", e.issuing_body "eIssuingBody", e.field "eField"`;
const from = `from read_model.titles t
 left join read_model.catalog_entries e on e.catalog_code = t.catalog_code and e.number = t.entry_number`;
const ofHolder = `select ${columns} ${from} where t.holder_ref = $1`;
const ofField = `select ${columns} ${from} where t.field = $1 order by t.recognized_on desc, t.title_id desc limit $2`;

function nested(row) {
  row.entry = row.eNumber == null ? null : {
    number: row.eNumber, qualificationName: row.eQualificationName, translatedName: row.eTranslatedName,
    issuingBody: row.eIssuingBody, field: row.eField,
  };
  return row;
}

function connection(rows, first) {
  const more = rows.length > first;
  if (more) rows.length = first;
  const last = rows[rows.length - 1];
  return {
    nodes: rows.map(nested),
    pageInfo: { hasNextPage: more, endCursor: last ? btoa(JSON.stringify([last.recognizedOn, last.titleId])) : null },
  };
}

export const makeAllTitles = (query) => async (_, asked) => {
  const condition = asked.condition ?? {}, first = asked.first ?? 1000;
  if (condition.holderRef != null) return connection(await query(ofHolder, [condition.holderRef]), first);
  return connection(await query(ofField, [condition.field, first + 1]), first);
};
