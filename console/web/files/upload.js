// Smooths a form with files that works without it: each file is judged before it is sent, and sending shows how far it is.
// What it says stands on the form, in the language of the page.

const KILO = 1024;

function size(bytes) {
  return bytes < KILO * KILO ? `${Math.ceil(bytes / KILO)} kB` : `${(bytes / KILO / KILO).toFixed(1)} MB`;
}

function told(template, facts) {
  return Object.entries(facts).reduce((text, [name, value]) => text.replace(`{${name}}`, value), template);
}

// What keeps a file from being taken in; null for one that may be sent.
function fault(file, form) {
  const { types, largest, wrongType, tooLarge, empty } = form.dataset;
  const end = file.name.toLowerCase().split('.').pop();
  if (!types.split(' ').includes(end)) return told(wrongType, { name: file.name });
  if (file.size > Number(largest)) return told(tooLarge, { name: file.name, size: size(file.size) });
  return file.size === 0 ? told(empty, { name: file.name }) : null;
}

// Says beside a field for a file what was chosen, or what is wrong with it, where a screen reader hears it.
function judge(input) {
  const form = input.form;
  const said = document.getElementById(`${input.id}-said`);
  const file = input.files[0];
  const wrong = file ? fault(file, form) : null;
  said.textContent = wrong ?? (file ? told(form.dataset.chosen, { name: file.name, size: size(file.size) }) : '');
  said.className = wrong ? 'fault' : 'hint';
  input.setAttribute('aria-invalid', wrong ? 'true' : 'false');
  return wrong === null;
}

function judged(form) {
  const inputs = [...form.querySelectorAll('input[type=file]')];
  const wrong = inputs.filter((input) => !judge(input));
  const together = inputs.reduce((sum, input) => sum + (input.files[0]?.size ?? 0), 0);
  const all = form.querySelector('[data-sending]');
  all.textContent = together > Number(form.dataset.most) ? told(form.dataset.tooMuch, { size: size(together) }) : '';
  if (wrong.length > 0) wrong[0].focus();
  return wrong.length === 0 && all.textContent === '';
}

// Puts the page that came back in place of this one, with the files that were chosen and not taken in; after a form that was
// taken in, goes to where it led.
function shown(request, form) {
  if (new URL(request.responseURL).pathname !== new URL(form.action).pathname) {
    window.location.assign(request.responseURL);
    return;
  }
  const page = new DOMParser().parseFromString(request.responseText, 'text/html');
  const main = document.getElementById('main');
  const chosen = [...form.querySelectorAll('input[type=file]')].filter((input) => input.files.length > 0);
  main.replaceChildren(...page.getElementById('main').childNodes);
  document.title = page.title;
  if (main.querySelector('input[name^="kept-"]') === null) {
    chosen.forEach((input) => {
      const again = document.getElementById(input.id);
      again.files = input.files;
      judge(again);
    });
  }
  (main.querySelector('[role=alert]') ?? main).focus();
}

function send(form, button) {
  const bar = form.querySelector('progress');
  const said = form.querySelector('[data-sending]');
  const body = new FormData(form);
  if (button?.name) body.append(button.name, button.value);
  const buttons = [...form.querySelectorAll('button')];
  const request = new XMLHttpRequest();
  const ended = (text) => {
    bar.hidden = true;
    said.textContent = text;
    buttons.forEach((each) => { each.disabled = false; });
  };
  request.upload.addEventListener('progress', (event) => {
    const done = event.lengthComputable ? Math.floor((event.loaded * 100) / event.total) : 0;
    bar.value = done;
    said.textContent = done < 100 ? told(form.dataset.progress, { done }) : form.dataset.checking;
  });
  request.addEventListener('load', () => { ended(''); shown(request, form); });
  request.addEventListener('error', () => ended(form.dataset.failed));
  request.open('POST', form.action);
  bar.hidden = false;
  bar.value = 0;
  buttons.forEach((each) => { each.disabled = true; });
  request.send(body);
}

document.addEventListener('change', (event) => {
  if (event.target.matches('form[data-upload] input[type=file]')) judge(event.target);
});

document.addEventListener('submit', (event) => {
  const form = event.target;
  const chosen = [...form.querySelectorAll('input[type=file]')].some((input) => input.files.length > 0);
  if (!form.matches('form[data-upload]') || !chosen || event.submitter?.value === 'save') return;
  event.preventDefault();
  if (judged(form)) send(form, event.submitter);
});
