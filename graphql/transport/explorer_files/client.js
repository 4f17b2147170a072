// The one place that talks to the server, and only to the address this page came from.
const endpoint = new URL(window.location.pathname, window.location.origin);

// A browser sends headers in Latin-1 only; the server reads percent-encoded UTF-8.
export async function ask({ query, variables, operationName, token, reason, more = {} }) {
  const headers = {
    ...more,
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

// A subscription over Server-Sent Events: each event's data as it comes, until the server or `signal` ends it.
export async function follow({ query, variables, operationName, token, reason, more = {}, signal }, heard) {
  const headers = { ...more, 'Content-Type': 'application/json', Accept: 'text/event-stream' };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (reason) headers['X-Access-Reason'] = encodeURIComponent(reason);
  const response = await fetch(endpoint, {
    method: 'POST', headers, body: JSON.stringify({ query, variables, operationName }), credentials: 'same-origin', signal,
  });
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    heard(await response.text());
    return response.status;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return response.status;
    const events = (pending + value).replaceAll('\r\n', '\n').split('\n\n');
    pending = events.pop();
    for (const event of events) {
      const data = event.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart()).join('\n');
      if (data) heard(data);
    }
  }
}

export async function examples() {
  const response = await fetch(new URL(`${endpoint.pathname}/explorer/examples.json`, endpoint));
  return response.ok ? response.json() : [];
}
