// Browses the schema as introspection tells it.
import { ask } from './client.js';
import { text } from './texts.js';

const REFERENCE = 'kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }';
const INPUT = `name description defaultValue type { ${REFERENCE} }`;
const QUERY = `{ __schema { queryType { name } mutationType { name } subscriptionType { name } types {
  kind name description
  fields(includeDeprecated: true) { name description isDeprecated deprecationReason args { ${INPUT} } type { ${REFERENCE} } }
  inputFields { ${INPUT} } enumValues(includeDeprecated: true) { name description } possibleTypes { name } } } }`;

const place = document.getElementById('schema');
const back = document.getElementById('back');
const search = document.getElementById('search');
const trail = [];
let schema = null;

function element(tag, content = [], className = '') {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...[content].flat());
  return made;
}

function link(name) {
  const made = element('button', name, 'link');
  made.type = 'button';
  made.addEventListener('click', () => { trail.push(name); search.value = ''; draw(true); });
  return made;
}

function reference(type) {
  if (type.kind === 'NON_NULL') return [...reference(type.ofType), '!'];
  if (type.kind === 'LIST') return ['[', ...reference(type.ofType), ']'];
  return [link(type.name)];
}

const described = (line, thing) => element('li', [
  element('div', line, 'sig'),
  ...(thing.description ? [element('p', thing.description)] : []),
  ...(thing.isDeprecated ? [element('p', `${text('deprecated')}: ${thing.deprecationReason ?? ''}`)] : []),
]);

const input = (each) => [`${each.name}: `, ...reference(each.type), each.defaultValue ? ` = ${each.defaultValue}` : ''];

function field(each) {
  const inputs = each.args.flatMap((argument, index) => [index ? ', ' : '', ...input(argument)]);
  return described([element('b', each.name), ...(inputs.length ? ['(', ...inputs, ')'] : []), ': ', ...reference(each.type)], each);
}

function section(title, items, rank = 'h4') {
  return items?.length ? [element(rank, title), element('ul', items)] : [];
}

function typePage(name) {
  const type = schema.types.find((each) => each.name === name);
  const heading = element('h3', type.name);
  heading.tabIndex = -1;
  return [
    heading, element('div', type.kind.toLowerCase().replace('_', ' '), 'quiet'),
    ...(type.description ? [element('p', type.description)] : []),
    ...section(text('fields'), type.fields?.map(field)),
    ...section(text('fields'), type.inputFields?.map((each) => described(input(each), each))),
    ...section(text('values'), type.enumValues?.map((each) => described([element('b', each.name)], each))),
    ...section(text('possible'), type.possibleTypes?.map((each) => element('li', link(each.name)))),
  ];
}

const own = () => schema.types.filter((type) => !type.name.startsWith('__'));

function startPage() {
  const roots = [schema.queryType, schema.mutationType, schema.subscriptionType].filter(Boolean).map((type) => type.name);
  const others = own().filter((type) => !roots.includes(type.name)).sort((a, b) => a.name.localeCompare(b.name));
  return [
    ...section(text('roots'), roots.map((name) => element('li', link(name))), 'h3'),
    ...section(text('types'), others.map((type) => described([link(type.name)], { description: type.description?.split('\n')[0] })), 'h3'),
  ];
}

function found(words) {
  const wanted = words.toLowerCase();
  const hit = (thing) => thing.name.toLowerCase().includes(wanted);
  const types = own().filter(hit).map((type) => described([link(type.name)], { description: type.description?.split('\n')[0] }));
  const fields = own().flatMap((type) => [...(type.fields ?? []), ...(type.inputFields ?? [])].filter(hit)
    .map((each) => described([link(type.name), '.', element('b', each.name)], each)));
  const all = [...section(text('types'), types, 'h3'), ...section(text('fields'), fields.slice(0, 100), 'h3')];
  return all.length ? all : [element('p', text('none'))];
}

function draw(moved = false) {
  back.disabled = trail.length === 0 && !search.value;
  if (!schema) return;
  const words = search.value.trim();
  if (words) place.replaceChildren(...found(words));
  else place.replaceChildren(...(trail.length ? typePage(trail.at(-1)) : startPage()));
  place.scrollTop = 0;
  if (moved) (place.querySelector('h3') ?? search).focus();
}

search.addEventListener('input', () => draw());
back.addEventListener('click', () => { if (search.value) search.value = ''; else trail.pop(); draw(true); });

export async function loadSchema(token) {
  try {
    schema = JSON.parse((await ask({ query: QUERY, token })).body).data.__schema;
  } catch {
    schema = null;
    place.replaceChildren(element('p', text('noSchema')));
  }
  draw();
}

export const known = () => schema;

export const redrawSchema = () => draw();
