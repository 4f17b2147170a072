// Smooths a search form that works without it: results follow what is typed, and the address follows the results.
const form = document.querySelector('form[data-live]');
const results = document.getElementById('results');
const PAUSE = 250;
let waiting = 0;
let latest = 0;

async function refresh() {
  const turn = ++latest;
  const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ''));
  const address = `${form.getAttribute('action')}?${asked}`;
  try {
    const answer = await fetch(address, { credentials: 'same-origin', headers: { Accept: 'text/html' } });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const found = page.getElementById('results');
    if (turn !== latest || !answer.ok || found === null) return;
    results.replaceChildren(...found.childNodes);
    window.history.replaceState(null, '', address);
  } catch {
    // Without an answer the form is still there, and its button asks again.
  }
}

form?.addEventListener('input', () => {
  window.clearTimeout(waiting);
  waiting = window.setTimeout(refresh, PAUSE);
});
