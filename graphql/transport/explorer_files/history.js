// The documents that were run, kept in this browser: never a token, a reason, a header or variables, which may name persons.
const KEY = 'explorer.history';
const MOST = 30;

export function history() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(found) ? found.filter((each) => typeof each?.query === 'string') : [];
  } catch {
    return [];
  }
}

export function remember(query) {
  const kept = [{ query, at: new Date().toISOString() }, ...history().filter((each) => each.query !== query)].slice(0, MOST);
  localStorage.setItem(KEY, JSON.stringify(kept));
}

export const forget = () => localStorage.removeItem(KEY);

export const titled = (query) => query.replace(/\s+/g, ' ').slice(0, 60);
