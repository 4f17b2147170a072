// Reads a document as far as it goes, beside the schema: what is wrong with it, what may stand at the caret, and how it is set out.
const TOKENS = /(?<comment>#[^\n]*)|(?<text>"""[\s\S]*?(?:"""|$)|"(?:[^"\\\n]|\\.)*"?)|(?<variable>\$[A-Za-z_]\w*|\$)|(?<spread>\.\.\.)|(?<name>[A-Za-z_]\w*)|(?<number>-?\d[\d.eE+-]*)|(?<mark>[{}()[\]:=!@|&])|(?<other>[^\s,\uFEFF])/g;
const CLOSING = { '{': '}', '(': ')', '[': ']' };
const COMPOSITE = ['OBJECT', 'INTERFACE', 'UNION'];
const TYPENAME = { name: '__typename', args: [], type: { kind: 'SCALAR', name: 'String' } };

export function tokens(source) {
  return [...source.matchAll(TOKENS)].map((match) => ({
    kind: Object.keys(match.groups).find((name) => match.groups[name] !== undefined),
    text: match[0], start: match.index, end: match.index + match[0].length,
  }));
}

const named = (type) => { let inner = type; while (inner?.ofType) inner = inner.ofType; return inner?.name; };

export function typeText(type) {
  if (type.kind === 'NON_NULL') return `${typeText(type.ofType)}!`;
  return type.kind === 'LIST' ? `[${typeText(type.ofType)}]` : type.name;
}

// `problems` have a place, a kind (a key of texts.js) and a word; `options` are what may stand at the caret.
export function analyse(source, schema, caret = -1) {
  const all = tokens(source).filter((each) => each.kind !== 'comment');
  const types = new Map((schema?.types ?? []).map((type) => [type.name, type]));
  const problems = [];
  let place = 0;
  let options = [];

  const peek = () => all[place];
  const next = () => all[place++];
  const is = (text) => peek()?.text === text;
  const skip = (text) => is(text) && Boolean(next());
  const wrong = (token, kind, word = token?.text ?? '') => {
    problems.push({ start: token?.start ?? source.length, end: token?.end ?? source.length, kind, word });
  };
  const offer = (from, until, found) => { if (caret > from && caret <= until) options = found(); };
  const until = (begin) => {
    let depth = 0;
    for (let index = begin; index < all.length; index += 1) {
      if (all[index].text in CLOSING) depth += 1;
      else if (Object.values(CLOSING).includes(all[index].text) && (depth -= 1) === 0) return all[index].start;
    }
    return source.length;
  };

  function value(input, opened) {
    const type = input && types.get(named(input.type));
    const token = peek();
    const values = () => (type?.kind === 'ENUM' ? type.enumValues : type?.name === 'Boolean' ? [{ name: 'true' }, { name: 'false' }] : [])
      .map((each) => ({ name: each.name, note: each.description ?? type.name }));
    if (!token || token.text === ')' || token.text === '}') {
      offer(opened, token?.start ?? source.length, values);
      return token ? wrong(token, 'noValue') : undefined;
    }
    offer(opened, token.kind === 'name' ? token.end : token.start, values);
    if (token.text === '[') {
      next();
      while (peek() && !is(']')) value(input, token.end);
      return skip(']') || wrong(token, 'unclosed');
    }
    if (token.text === '{') return fields(type?.inputFields, token);
    next();
    if (token.kind === 'name' && type?.kind === 'ENUM' && !type.enumValues.some((each) => each.name === token.text) && token.text !== 'null') {
      wrong(token, 'noValueNamed');
    } else if (token.kind === 'mark' || token.kind === 'other') wrong(token, 'unexpected');
    return undefined;
  }

  // Arguments in round brackets and the fields of an input in curly ones: names, colons, values.
  function fields(inputs, opening) {
    const end = until(place);
    next();
    const close = CLOSING[opening.text];
    const given = new Set();
    const left = () => (inputs ?? []).filter((each) => !given.has(each.name)).map((each) => ({ name: each.name, note: typeText(each.type), after: ': ' }));
    while (peek() && !is(close)) {
      const name = next();
      if (name.kind !== 'name') { wrong(name, 'unexpected'); continue; }
      offer(opening.start, name.end, left);
      const input = inputs?.find((each) => each.name === name.text);
      if (inputs && !input) wrong(name, 'noArgument');
      given.add(name.text);
      const colon = peek();
      if (!skip(':')) { wrong(name, 'noColon'); continue; }
      const begin = place;
      value(input, colon.start);
      const after = all[place - 1].end;
      if (place > begin) offer(after, peek()?.start ?? end, left);
    }
    if (given.size === 0) offer(opening.start, end, left);
    const lacking = (inputs ?? []).filter((each) => each.type.kind === 'NON_NULL' && each.defaultValue == null && !given.has(each.name));
    if (peek() && lacking.length) wrong(opening, 'lacking', lacking.map((each) => each.name).join(', '));
    if (!skip(close)) wrong(opening, 'unclosed');
  }

  function directives() {
    while (is('@')) { next(); next(); if (is('(')) fields(undefined, peek()); }
  }

  function selections(type) {
    const opening = peek();
    const end = until(place);
    next();
    const own = [...(type?.fields ?? []), ...(type && COMPOSITE.includes(type.kind) ? [TYPENAME] : [])];
    offer(opening.start, end, () => own.map((each) => ({ name: each.name, note: typeText(each.type) })));
    let seen = 0;
    while (peek() && !is('}')) {
      const token = next();
      seen += 1;
      if (token.kind === 'spread') {
        let inner = type;
        if (skip('on')) {
          const possible = [type, ...(type?.possibleTypes ?? [])].filter(Boolean);
          offer(all[place - 1].end, peek()?.kind === 'name' ? peek().end : all[place - 1].end + 1, () => possible.map((each) => ({ name: each.name, note: '' })));
          const name = next();
          inner = types.get(name?.text);
          if (schema && name && !inner) wrong(name, 'noType');
        } else if (peek()?.kind === 'name') { next(); directives(); continue; }
        directives();
        if (is('{')) selections(inner); else wrong(token, 'unexpected');
        continue;
      }
      if (token.kind !== 'name') { wrong(token, 'unexpected'); continue; }
      const name = skip(':') ? next() : token;
      const field = own.find((each) => each.name === name?.text);
      if (type && name && !field && !(name.start < caret && caret <= name.end)) wrong(name, 'noField', `${type.name}.${name.text}`);
      const result = field && types.get(named(field.type));
      if (is('(')) fields(field ? field.args : undefined, peek());
      else {
        const lacking = (field?.args ?? []).filter((each) => each.type.kind === 'NON_NULL' && each.defaultValue == null);
        if (lacking.length) wrong(name, 'lacking', lacking.map((each) => each.name).join(', '));
      }
      directives();
      const composite = result && COMPOSITE.includes(result.kind);
      if (is('{')) {
        if (result && !composite) wrong(name, 'noFieldsIn');
        selections(composite ? result : undefined);
      } else if (composite) wrong(name, 'needsFields');
    }
    if (!skip('}')) wrong(opening, 'unclosed');
    else if (seen === 0) wrong(opening, 'needsFields', type?.name ?? '');
  }

  const roots = { query: 'queryType', mutation: 'mutationType', subscription: 'subscriptionType' };
  const operations = [];
  while (peek()) {
    const token = peek();
    if (token.text === '{') { operations.push({ kind: 'query', name: null }); selections(types.get(schema?.queryType?.name)); continue; }
    next();
    if (token.text in roots) {
      const name = peek()?.kind === 'name' ? next().text : null;
      operations.push({ kind: token.text, name });
      if (is('(')) {
        const opening = next();
        while (peek() && !is(')') && !is('{')) next();
        while (is('{')) { while (peek() && !is('}')) next(); next(); while (peek() && !is(')') && !is('{')) next(); }
        if (!skip(')')) wrong(opening, 'unclosed');
      }
      directives();
      if (is('{')) selections(types.get(schema?.[roots[token.text]]?.name)); else wrong(token, 'needsFields');
    } else if (token.text === 'fragment') {
      next();
      const on = skip('on') ? next() : undefined;
      const type = types.get(on?.text);
      if (schema && on && !type) wrong(on, 'noType');
      directives();
      if (is('{')) selections(type); else wrong(token, 'needsFields');
    } else {
      if (caret > token.start && caret <= token.end) options = [...Object.keys(roots), 'fragment'].map((name) => ({ name, note: '' }));
      wrong(token, 'unexpected');
    }
  }
  const word = /[A-Za-z_]\w*$/.exec(source.slice(0, Math.max(caret, 0)))?.[0] ?? '';
  const low = word.toLowerCase();
  const fitting = options.filter((each) => each.name.toLowerCase().includes(low))
    .sort((a, b) => Number(b.name.toLowerCase().startsWith(low)) - Number(a.name.toLowerCase().startsWith(low)));
  return { problems, options: fitting, word, operations };
}

// One field a line, two spaces a level; comments and what a text says stay as they are.
export function prettify(source) {
  const lines = [''];
  let depth = 0;
  let round = 0;
  let before = null;
  const fresh = () => { if (lines.at(-1).trim() === '') lines[lines.length - 1] = '  '.repeat(depth); else lines.push('  '.repeat(depth)); };
  const list = tokens(source);
  list.forEach((token, index) => {
    const { text, kind } = token;
    const after = list[index + 1];
    if (kind === 'comment') {
      if (before && source.slice(before.end, token.start).includes('\n')) fresh(); else if (before) lines[lines.length - 1] += ' ';
      lines[lines.length - 1] += text;
      if (after) fresh();
    } else if (round === 0 && text === '{') {
      lines[lines.length - 1] += lines.at(-1).trim() ? ' {' : '{';
      depth += 1;
      fresh();
    } else if (round === 0 && text === '}') {
      depth = Math.max(0, depth - 1);
      fresh();
      lines[lines.length - 1] += '}';
      if (after && depth === 0) lines.push('', '');
      else if (after) fresh();
    } else {
      const line = lines.at(-1);
      const tight = line.trim() === '' || /[([@${]$/.test(line) || /^[:)\]!(]$/.test(text) || before?.kind === 'spread' && kind === 'name' && text !== 'on' || text === '}' && round;
      const starts = round === 0 && depth > 0 && before && line.trim() !== '' && (kind === 'spread' || kind === 'name' && (before.kind === 'name' && !['on'].includes(before.text) && !(list[index - 2]?.kind === 'spread' && before.text === 'on') && !(list[index - 2]?.text === '@') || before.text === ')' || list[index - 2]?.text === '@'));
      if (starts && !(before.text === 'on') && !(text === 'on' && before.kind === 'spread')) { fresh(); lines[lines.length - 1] += text; }
      else if (round && kind !== 'mark' && before && /["\w\])}]$/.test(line) && !/:\s*$/.test(line)) lines[lines.length - 1] += `, ${text}`;
      else lines[lines.length - 1] += tight ? text : ` ${text}`;
      if (text === '(' || text === '[' || (round && text === '{')) round += 1;
      else if (round && (text === ')' || text === ']' || text === '}')) round -= 1;
    }
    before = token;
  });
  return lines.map((line) => line.trimEnd()).join('\n').trim();
}
