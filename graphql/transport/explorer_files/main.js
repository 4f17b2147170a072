import { ask, examples } from './client.js';
import { editor } from './editor.js';
import { paintJson } from './highlight.js';
import { loadSchema, redrawSchema } from './schema.js';
import { showLanguage, switchLanguage, text } from './texts.js';

const by = (id) => document.getElementById(id);
const query = editor(by('editor'));
const token = by('token');
const reason = by('reason');
let ready = [];
let plain = '';
let latest = 0;
// Which operation a link meant; forgotten once its document is replaced.
let chosen = null;

function variables() {
  const source = by('variables').value.trim();
  try {
    const value = source ? JSON.parse(source) : {};
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new TypeError();
    by('variables-problem').textContent = '';
    return value;
  } catch {
    by('variables-problem').textContent = text('badVariables');
    return null;
  }
}

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function say(words, bad = false) {
  by('status').textContent = words;
  by('status').className = bad ? 'bad' : '';
}

// A slow answer to an earlier question never replaces the answer to a later one.
async function run() {
  const values = variables();
  if (values === null) {
    by('variables').focus();
    return;
  }
  const turn = ++latest;
  say(text('running'));
  try {
    const answer = await ask({
      query: query.value,
      variables: values,
      operationName: chosen?.document === query.value ? chosen.name : undefined,
      token: token.value.trim(),
      reason: reason.value.trim(),
    });
    if (turn !== latest) return;
    plain = pretty(answer.body);
    paintJson(by('answer'), plain);
    say(`${answer.status} · ${answer.milliseconds} ms · ${answer.bytes.toLocaleString()} B`, answer.status >= 400);
  } catch {
    if (turn === latest) say(text('offline'), true);
  }
}

function showExamples() {
  const options = ready.map((example, index) => new Option(example.name, String(index)));
  by('examples').replaceChildren(new Option(text('choose'), ''), ...options);
}

function take(example) {
  query.value = example.document.trim();
  by('variables').value = Object.keys(example.variables).length ? JSON.stringify(example.variables, null, 2) : '';
  variables();
}

// A link fills the editor and runs nothing: whoever follows it reads first what would be asked with their token.
function takeLink(parameters) {
  query.value = parameters.get('query').trim();
  by('variables').value = pretty(parameters.get('variables') ?? '');
  variables();
  const name = parameters.get('operationName');
  chosen = name ? { document: query.value, name } : null;
}

by('run').addEventListener('click', run);
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
by('examples').addEventListener('change', (event) => {
  if (event.target.value) take(ready[Number(event.target.value)]);
});
by('variables').addEventListener('input', variables);
by('copy').addEventListener('click', async () => {
  await navigator.clipboard.writeText(plain);
  say(text('copied'));
});
by('language').addEventListener('click', () => { switchLanguage(); showExamples(); redrawSchema(); });
by('theme').addEventListener('click', () => {
  const dark = window.matchMedia('(prefers-color-scheme: dark)').matches;
  const now = document.documentElement.dataset.theme ?? (dark ? 'dark' : 'light');
  document.documentElement.dataset.theme = now === 'dark' ? 'light' : 'dark';
  localStorage.setItem('explorer.theme', document.documentElement.dataset.theme);
});
// sessionStorage ends with the tab: a token never reaches disk on purpose, and never another tab.
token.value = sessionStorage.getItem('explorer.token') ?? '';
token.addEventListener('change', () => {
  sessionStorage.setItem('explorer.token', token.value.trim());
  loadSchema(token.value.trim());
});

const theme = localStorage.getItem('explorer.theme');
if (theme) document.documentElement.dataset.theme = theme;
showLanguage();
query.value = '{\n  __typename\n}';
ready = await examples();
showExamples();
const link = new URLSearchParams(window.location.search);
if (link.get('query')?.trim()) {
  takeLink(link);
} else if (ready.length) {
  take(ready[0]);
  by('examples').value = '0';
}
await loadSchema(token.value.trim());
document.documentElement.dataset.ready = 'true';
query.focus();
