// Follows what is under way, as whoever opens the page again would see it; without this a link does the same.
const PAUSE = 2000;

async function follow() {
  const shown = document.querySelector('[data-follow]');
  if (shown === null) return;
  try {
    const answer = await fetch(window.location.href, { credentials: 'same-origin', headers: { Accept: 'text/html' } });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const found = page.getElementById(shown.id);
    if (answer.ok && found !== null) shown.replaceWith(found);
  } catch {
    // Without an answer it is asked again.
  }
  window.setTimeout(follow, PAUSE);
}

window.setTimeout(follow, PAUSE);
