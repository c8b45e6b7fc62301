// Starts the page: the table, the case view, the keys.

function keysDialog() {
  const keys = [['/', 'search'], ['↑ ↓ or j k', 'move in the table'], ['Enter', 'open the case'], ['n p or → ←', 'next, previous case'], ['Esc', 'close'], ['?', 'this list']];
  const close = make('button', {type: 'button'}, 'Close');
  const dialog = make('dialog', {class: 'keys', 'aria-label': 'Keys'}, make('div', {class: 'bar-top'}, make('h2', {}, 'Keys'), close),
    make('div', {class: 'inside'}, make('table', {}, make('tbody', {}, ...keys.map(([key, act]) => make('tr', {}, make('td', {}, make('kbd', {}, key)), make('td', {}, act)))))));
  close.addEventListener('click', () => dialog.close());
  document.body.append(dialog);
  return dialog;
}

async function start() {
  if (!document.getElementById('index')) return;
  const run = await Run.open();
  let view = null;
  const cases = new Cases(run, (each) => view.open(each));
  view = new CaseView(run, (by) => cases.step(by));
  const keys = keysDialog();
  await cases.update();
  document.addEventListener('click', (event) => {
    const link = event.target.closest('[data-case]');
    if (!link) return;
    event.preventDefault();
    cases.openId(link.dataset.case);
  });
  document.addEventListener('keydown', (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (typing && event.target === cases.search && event.key === 'Enter') { cases.grid.focus(); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (event.key === '/') { event.preventDefault(); cases.search.focus(); cases.search.select(); }
    else if (event.key === '?') keys.showModal();
    else if (event.key === 'j' || event.key === 'k') { if (document.activeElement !== cases.grid) { cases.grid.focus(); event.preventDefault(); } }
  });
  const asked = new URLSearchParams(location.hash.slice(1)).get('case');
  if (asked) cases.openId(asked);
  document.documentElement.dataset.ready = '';
}

start().catch((problem) => {
  document.getElementById('app').textContent = 'This browser cannot show the cases (' + problem + '); the CSV report holds them.';
});
