// A textarea with transparent text above a coloured copy of it: selection, undo and screen readers stay the browser's own.
import { paintGraphQL } from './highlight.js';

export function editor(root) {
  const area = root.querySelector('textarea');
  const paint = root.querySelector('.paint');
  const numbers = root.querySelector('.numbers');
  let tabLeaves = false;

  function draw() {
    paintGraphQL(paint, `${area.value}\n`);
    const lines = area.value.split('\n').length;
    numbers.textContent = Array.from({ length: lines }, (_, index) => index + 1).join('\n');
  }

  function insert(insertion) {
    area.setRangeText(insertion, area.selectionStart, area.selectionEnd, 'end');
    draw();
  }

  area.addEventListener('input', draw);
  area.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      tabLeaves = true;
    } else if (event.key === 'Tab' && !event.shiftKey && !tabLeaves) {
      event.preventDefault();
      insert('  ');
    } else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey && !event.isComposing) {
      event.preventDefault();
      const line = area.value.slice(0, area.selectionStart).split('\n').at(-1);
      insert(`\n${/^ */.exec(line)[0]}${/[{([]\s*$/.test(line) ? '  ' : ''}`);
    } else {
      tabLeaves = false;
    }
  });
  area.addEventListener('focus', () => { tabLeaves = false; });

  return {
    get value() { return area.value; },
    set value(source) { area.value = source; area.setSelectionRange(0, 0); draw(); },
    focus: () => area.focus(),
  };
}
