// What helps while a document is written: names that may stand at the caret, and what is wrong beside the schema.
import { analyse } from './language.js';
import { known } from './schema.js';
import { text } from './texts.js';

const MOST = 50;
const PAUSE = 150;

export function assist(editor, list, problems) {
  const { area } = editor;
  let options = [];
  let word = '';
  let chosen = -1;
  let waiting = 0;

  function close() {
    list.hidden = true;
    chosen = -1;
    area.removeAttribute('aria-activedescendant');
  }

  function mark(index) {
    chosen = index;
    [...list.children].forEach((each, at) => each.setAttribute('aria-selected', String(at === index)));
    list.children[index]?.scrollIntoView({ block: 'nearest' });
    area.setAttribute('aria-activedescendant', `option-${index}`);
  }

  function take(index) {
    const caret = area.selectionStart;
    const option = options[index];
    editor.replace(caret - word.length, caret, option.name + (option.after ?? ''));
    close();
    area.focus();
  }

  function offer(asked) {
    const caret = area.selectionStart;
    const found = analyse(editor.value, known(), caret);
    ({ word } = found);
    options = found.options.slice(0, MOST);
    const whole = options.length === 1 && options[0].name === word;
    if (options.length === 0 || whole || (!asked && word === '')) { close(); return; }
    list.replaceChildren(...options.map((option, index) => {
      const line = document.createElement('li');
      line.id = `option-${index}`;
      line.role = 'option';
      const name = document.createElement('b');
      name.textContent = option.name;
      const note = document.createElement('span');
      note.textContent = ` ${option.note.split('\n')[0]}`;
      line.append(name, note);
      line.addEventListener('mousedown', (event) => { event.preventDefault(); take(index); });
      return line;
    }));
    const box = editor.boxOf(caret - word.length, caret);
    list.style.left = `${Math.max(0, Math.min(box?.left ?? 0, window.innerWidth - 300))}px`;
    list.style.top = `${(box?.bottom ?? 0) + 2}px`;
    list.hidden = false;
    mark(0);
  }

  function check() {
    const found = known() ? analyse(editor.value, known(), area.selectionStart).problems : [];
    editor.underline(found);
    problems.replaceChildren(...found.slice(0, 8).map((each) => {
      const line = document.createElement('li');
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'link';
      const row = editor.value.slice(0, each.start).split('\n').length;
      button.textContent = `${text('line')} ${row}: ${text(each.kind)} ${each.word}`.trim();
      button.addEventListener('click', () => editor.go(each.start, each.end));
      line.append(button);
      return line;
    }));
  }

  // Before the editor's own keys, which put a line or an indentation in.
  area.addEventListener('keydown', (event) => {
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      offer(true);
    } else if (list.hidden || event.ctrlKey || event.metaKey || event.isComposing) {
      return;
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      mark((chosen + (event.key === 'ArrowDown' ? 1 : options.length - 1)) % options.length);
    } else if (event.key === 'Enter' || event.key === 'Tab') {
      event.preventDefault();
      take(chosen);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      close();
    }
  }, { capture: true });
  area.addEventListener('input', (event) => { if (event.inputType?.startsWith('insert')) offer(false); else close(); });
  area.addEventListener('blur', close);
  area.addEventListener('click', close);

  return {
    check() { window.clearTimeout(waiting); waiting = window.setTimeout(check, PAUSE); },
  };
}
