import { showAnswer } from './answers.js';
import { assist } from './assist.js';
import { ask, examples, follow } from './client.js';
import { editor } from './editor.js';
import { forget, history, remember, titled } from './history.js';
import { analyse, prettify } from './language.js';
import { known, loadSchema, redrawSchema } from './schema.js';
import { showLanguage, switchLanguage, text } from './texts.js';

const by = (id) => document.getElementById(id);
let helper = null;
const query = editor(by('editor'), () => helper?.check());
helper = assist(query, by('options'), by('problems'));
const token = by('token');
const reason = by('reason');
let ready = [];
let plain = '';
let latest = 0;
// Which operation a link meant; forgotten once its document is replaced.
let chosen = null;
let listening = null;

function headers() {
  const source = by('headers').value.trim();
  try {
    const value = source ? JSON.parse(source) : {};
    if (value === null || Array.isArray(value) || Object.values(value).some((each) => typeof each !== 'string')) throw new TypeError();
    by('headers-problem').textContent = '';
    return Object.fromEntries(new Headers(value));
  } catch {
    by('headers-problem').textContent = text('badHeaders');
    return null;
  }
}

function show(plainly) {
  plain = plainly;
  showAnswer(by('answer'), plain, by('view').value);
}

function showHistory() {
  by('history').replaceChildren(...history().map((each) => {
    const line = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'link';
    button.textContent = titled(each.query);
    button.title = each.at;
    button.addEventListener('click', () => { query.value = each.query; query.focus(); });
    line.append(button);
    return line;
  }));
}

function named() {
  return chosen?.document === query.value ? chosen.name : undefined;
}

function isSubscription() {
  const { operations } = analyse(query.value, known());
  const meant = named();
  return (operations.find((each) => each.name === meant) ?? operations[0])?.kind === 'subscription';
}

// Events stand below one another, the newest last, until somebody stops or the server ends.
async function listen(question, turn) {
  const label = by('run').querySelector('[data-text]');
  const heard = [];
  listening = new AbortController();
  label.textContent = text('stop');
  say(text('listening'));
  try {
    await follow({ ...question, signal: listening.signal }, (data) => {
      heard.push(pretty(data));
      if (turn === latest) show(heard.slice(-200).join('\n'));
    });
    say(text('ended'));
  } catch (error) {
    if (error.name === 'AbortError') say(text('ended'));
    else say(text('offline'), true);
  } finally {
    listening = null;
    label.textContent = text('run');
  }
}

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
  if (listening) {
    listening.abort();
    return;
  }
  const values = variables();
  const more = headers();
  if (values === null || more === null) {
    by(values === null ? 'variables' : 'headers').focus();
    return;
  }
  const turn = ++latest;
  const question = {
    query: query.value, variables: values, operationName: named(), token: token.value.trim(), reason: reason.value.trim(), more,
  };
  remember(query.value);
  showHistory();
  if (isSubscription()) {
    await listen(question, turn);
    return;
  }
  say(text('running'));
  try {
    const answer = await ask(question);
    if (turn !== latest) return;
    show(pretty(answer.body));
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
by('headers').addEventListener('input', headers);
by('view').addEventListener('change', () => show(plain));
by('pretty').addEventListener('click', () => { query.value = prettify(query.value); query.focus(); });
by('forget').addEventListener('click', () => { forget(); showHistory(); });
by('share').addEventListener('click', async () => {
  const asked = new URLSearchParams({ query: query.value });
  if (by('variables').value.trim()) asked.set('variables', by('variables').value);
  if (named()) asked.set('operationName', named());
  const address = `${window.location.origin}${window.location.pathname}?${asked}`;
  window.history.replaceState(null, '', address);
  await navigator.clipboard?.writeText(address).catch(() => {});
  say(text('shared'));
});
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
showHistory();
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
helper.check();
document.documentElement.dataset.ready = 'true';
query.focus();
