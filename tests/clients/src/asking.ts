// What every client here is told (where the registry is, who asks, which case) and how it says what it saw.
import { readFileSync } from 'node:fs';

function told(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run \`make clients\`.`);
  return value;
}

export const url = told('REGISTRY_URL');
export const headers = { Authorization: `Bearer ${told('REGISTRY_TOKEN')}` };
export const caseId = told('REGISTRY_CASE');
export const pastId = `${caseId}@2`;

export function operation(name: string): string {
  const text = readFileSync(new URL('../operations/past.graphql', import.meta.url), 'utf8');
  const parts = text.split(/^(?=query |fragment )/m);
  const found = parts.find((part) => part.startsWith(`query ${name}(`));
  if (found === undefined) throw new Error(`No operation is called ${name}.`);
  return found.includes('...State') ? found + parts.find((part) => part.startsWith('fragment State '))! : found;
}

const wrong: string[] = [];
let checked = 0;

// What a client warns of, as Relay does where two values stand under one identifier, is wrong too.
for (const level of ['warn', 'error'] as const) {
  console[level] = (...words: unknown[]) => void wrong.push(words.map(String).join(' '));
}

export function same(what: string, found: unknown, wanted: unknown): void {
  checked += 1;
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    wrong.push(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
  }
}

// The states of a revoked case and its title at each version, as somebody who keeps nothing was told them.
const STATES = JSON.parse(told('REGISTRY_STATES')) as [string, string | null][];
export const STATUSES = STATES.map(([status]) => status);
export const TITLES = STATES.map(([, title]) => title);

interface State {
  readonly id: string;
  readonly status: string;
  readonly title?: { readonly id: string; readonly status: string } | null;
}

export function told_apart(
  from: string,
  present: State | null | undefined,
  past: State | null | undefined,
  history: readonly { readonly state: State }[] | null | undefined,
): void {
  same(`${from}: the present`, [present?.id, present?.status], [caseId, 'REVOKED']);
  same(`${from}: the past`, [past?.id, past?.status], [pastId, 'MATCHED']);
  same(`${from}: each state`, history?.map((event) => event.state.status), STATUSES);
  same(`${from}: each title`, history?.map((event) => event.state.title?.status ?? null), TITLES);
  same(`${from}: the title now`, present?.title?.status, 'REVOKED');
}

export function said(done: string): void {
  console.log(JSON.stringify({ done: `${done}; ${checked} checks`, wrong }));
  process.exit(wrong.length ? 1 : 0);
}
