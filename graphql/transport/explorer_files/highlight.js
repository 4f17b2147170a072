// Colours by text nodes and spans only: nothing from a document or an answer is ever parsed as HTML.
const GRAPHQL = /(?<c>#[^\n]*)|(?<s>"""[\s\S]*?(?:"""|$)|"(?:[^"\\\n]|\\.)*"?)|(?<k>\b(?:query|mutation|subscription|fragment|on|true|false|null)\b)|(?<d>-?\b\d[\d.eE+-]*)|(?<n>[$@][A-Za-z_]\w*)/g;
const JSON_TEXT = /(?<n>"(?:[^"\\]|\\.)*"(?=\s*:))|(?<s>"(?:[^"\\]|\\.)*")|(?<k>\b(?:true|false|null)\b)|(?<d>-?\b\d[\d.eE+-]*)/g;

function paint(element, source, pattern) {
  const parts = [];
  let last = 0;
  for (const match of source.matchAll(pattern)) {
    const kind = Object.keys(match.groups).find((name) => match.groups[name] !== undefined);
    const span = document.createElement('span');
    span.className = kind;
    span.textContent = match[0];
    parts.push(source.slice(last, match.index), span);
    last = match.index + match[0].length;
  }
  element.replaceChildren(...parts, source.slice(last));
}

export const paintGraphQL = (element, source) => paint(element, source, GRAPHQL);
// Beyond this size spans cost more than colours are worth.
export const paintJson = (element, source) =>
  source.length > 200_000 ? element.replaceChildren(source) : paint(element, source, JSON_TEXT);
