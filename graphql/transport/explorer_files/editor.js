// A textarea with transparent text above a coloured copy of it: selection, undo and screen readers stay the browser's own.
import { paintGraphQL } from './highlight.js';

// Where a place in the text is seen, by the coloured copy.
function rangeOf(paint, start, end) {
  const range = document.createRange();
  const walk = document.createTreeWalker(paint, NodeFilter.SHOW_TEXT);
  let seen = 0;
  let begun = false;
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const length = node.data.length;
    if (!begun && start <= seen + length) { range.setStart(node, start - seen); begun = true; }
    if (begun && end <= seen + length) { range.setEnd(node, end - seen); return range; }
    seen += length;
  }
  return begun ? range : null;
}

export function editor(root, changed = () => {}) {
  const area = root.querySelector('textarea');
  const paint = root.querySelector('.paint');
  const numbers = root.querySelector('.numbers');
  let tabLeaves = false;

  function draw() {
    paintGraphQL(paint, `${area.value}\n`);
    const lines = area.value.split('\n').length;
    numbers.textContent = Array.from({ length: lines }, (_, index) => index + 1).join('\n');
    changed();
  }

  function insert(insertion) {
    area.setRangeText(insertion, area.selectionStart, area.selectionEnd, 'end');
    draw();
  }

  area.addEventListener('input', draw);
  area.addEventListener('keydown', (event) => {
    if (event.defaultPrevented) {
      tabLeaves = false;
    } else if (event.key === 'Escape') {
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
    area,
    replace(start, end, words) { area.setRangeText(words, start, end, 'end'); draw(); },
    go(start, end) { area.focus(); area.setSelectionRange(start, end); },
    boxOf: (start, end) => rangeOf(paint, start, end)?.getBoundingClientRect(),
    underline(places) {
      if (!globalThis.CSS?.highlights) return;
      const ranges = places.map((each) => rangeOf(paint, each.start, Math.max(each.end, each.start + 1))).filter(Boolean);
      CSS.highlights.set('problem', new Highlight(...ranges));
    },
  };
}
