// An answer as text, as a tree that folds, or as a table of its first list: made of text nodes only.
import { paintJson } from './highlight.js';
import { text } from './texts.js';

const MOST_ROWS = 500;

function element(tag, ...content) {
  const made = document.createElement(tag);
  made.append(...content);
  return made;
}

const isThing = (value) => value !== null && typeof value === 'object';
const told = (value) => (isThing(value) ? JSON.stringify(value) : String(value ?? ''));

export function firstList(value) {
  if (Array.isArray(value) && value.length && value.every((each) => isThing(each) && !Array.isArray(each))) return value;
  if (!isThing(value)) return null;
  for (const each of Object.values(value)) {
    const found = firstList(each);
    if (found) return found;
  }
  return null;
}

function table(rows) {
  const flat = rows.slice(0, MOST_ROWS).map((row) => Object.fromEntries(cells('', row)));
  const heads = [...new Set(flat.flatMap(Object.keys))];
  const head = element('tr', ...heads.map((name) => { const cell = element('th', name); cell.scope = 'col'; return cell; }));
  const body = flat.map((row) => element('tr', ...heads.map((name) => element('td', row[name] ?? ''))));
  return element('table', element('thead', head), element('tbody', ...body));
}

function cells(prefix, row) {
  return Object.entries(row).flatMap(([name, value]) => {
    const path = prefix ? `${prefix}.${name}` : name;
    return isThing(value) && !Array.isArray(value) ? cells(path, value) : [[path, told(value)]];
  });
}

function tree(name, value, depth) {
  if (!isThing(value)) return element('div', element('b', name), `: ${JSON.stringify(value)}`);
  const parts = Object.entries(value);
  const folded = element('details', element('summary', element('b', name), Array.isArray(value) ? ` [${parts.length}]` : ` {${parts.length}}`));
  folded.open = depth < 3;
  const fill = () => { if (folded.open && folded.children.length === 1) folded.append(...parts.map(([key, each]) => tree(key, each, depth + 1))); };
  fill();
  folded.addEventListener('toggle', fill);
  return folded;
}

export function showAnswer(place, plain, how) {
  let value = null;
  try { value = JSON.parse(plain); } catch { /* several events, or no JSON: shown as text */ }
  const rows = how === 'table' ? firstList(value?.data ?? value) : null;
  place.className = how;
  if (rows) place.replaceChildren(table(rows));
  else if (how === 'tree' && isThing(value)) place.replaceChildren(...Object.entries(value).map(([name, each]) => tree(name, each, 0)));
  else if (how === 'table') place.replaceChildren(text('noList'));
  else paintJson(place, plain);
}
