// The one place that talks to the server, and only to the address this page came from.
const endpoint = new URL(window.location.pathname, window.location.origin);

// A browser sends headers in Latin-1 only; the server reads percent-encoded UTF-8.
export async function ask({ query, variables, operationName, token, reason }) {
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/graphql-response+json, application/json;q=0.9',
  };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (reason) headers['X-Access-Reason'] = encodeURIComponent(reason);
  const started = performance.now();
  const response = await fetch(endpoint, {
    method: 'POST', headers, body: JSON.stringify({ query, variables, operationName }), credentials: 'same-origin',
  });
  const body = await response.text();
  return { status: response.status, body, milliseconds: Math.round(performance.now() - started), bytes: body.length };
}

export async function examples() {
  const response = await fetch(new URL(`${endpoint.pathname}/explorer/examples.json`, endpoint));
  return response.ok ? response.json() : [];
}
