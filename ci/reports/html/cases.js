// The table of cases: search, filter, sort; only the rows in view are elements.

const rowHeight = 32, mostRows = 500000;

class Cases {
  constructor(run, open) {
    this.run = run;
    this.open = open;
    this.order = [];
    this.active = 0;
    this.sort = {by: 'urgency', down: true};
    this.columns = this.makeColumns();
    this.widths = this.columns.map((column) => 'minmax(' + column.room + 'rem,' + (column.kind ? 2 : 1) + 'fr)').join(' ');
    this.room = this.columns.reduce((sum, column) => sum + column.room, 0) + 'rem';
    this.build();
  }

  makeColumns() {
    const run = this.run;
    const columns = [{key: 'id', title: 'case', room: 10, text: (c) => c.id, value: (c) => c.at, kind: 'id'}];
    columns.push({key: 'word', title: 'what became of it', room: 11, value: (c) => c.urgency,
      text: (c) => (c.failed ? 'failed: ' + c.error : c.word || (c.unscored ? 'unscored' : '')), tone: (c) => (c.failed ? 'fail' : c.word)});
    const wanted = [...run.scores];
    for (const name of ['output_tokens', 'latency', 'cost_per_case']) {
      const i = run.measures.findIndex((measure) => measure.builtin && measure.name === name);
      if (i >= 0) wanted.push(i);
    }
    for (const i of wanted) {
      const measure = run.measures[i];
      const unit = {ms: ' ms', usd: ' $'}[measure.unit] || '';
      columns.push({key: 'm' + i, title: measure.name + unit, room: run.compared ? 10 : 7,
        number: true, value: (c) => c.now[i], tone: (c) => { const gain = run.gain(c, i); return gain > 0 ? 'better' : gain < 0 ? 'worse' : ''; },
        text: (c) => {
          const now = c.now[i] == null ? '–' : show(c.now[i], measure);
          const before = c.before[i];
          return before == null || c.now[i] == null || before === c.now[i] ? now : now + ' (' + show(c.now[i] - before, measure, true) + ')';
        }});
    }
    return columns;
  }

  build() {
    const run = this.run;
    this.search = make('input', {type: 'search', id: 'search', autocomplete: 'off', spellcheck: 'false', placeholder: 'id, tag, words of question or answer'});
    const picker = (options) => make('select', {}, ...options.map(([value, text]) => make('option', {value}, text)));
    const count = (test) => run.cases.reduce((sum, each) => sum + (test(each) ? 1 : 0), 0);
    this.tests = {all: () => true, failed: (c) => c.failed > 0, worse: (c) => c.word === 'worse' || c.word === 'mixed',
      better: (c) => c.word === 'better' || c.word === 'mixed', changed: (c) => c.state === 2, unscored: (c) => c.unscored && !c.failed};
    const names = [['all', 'all cases'], ['failed', 'failed calls'], ['unscored', 'unscored'],
      ...(run.compared ? [['worse', 'got worse'], ['better', 'got better'], ['changed', 'other output']] : [])];
    this.shown = picker(names.map(([key, text]) => [key, text + ' (' + count(this.tests[key]).toLocaleString('en') + ')']));
    const tally = (of) => {
      const counts = new Map();
      for (const each of run.cases) for (const key of of(each)) counts.set(key, (counts.get(key) || 0) + 1);
      return [...counts].sort((a, b) => (a[0] < b[0] ? -1 : 1)).slice(0, 500).map(([key, n]) => [key, key + ' (' + n.toLocaleString('en') + ')']);
    };
    const slices = tally((c) => new Set(c.tags)), errors = tally((c) => (c.error ? [c.error] : []));
    this.slice = picker([['', 'every slice'], ...slices]);
    this.error = picker([['', 'every kind'], ...errors]);
    const sorts = [['urgency', 'what to look at first'], ['at', 'case id']];
    if (run.compared) for (const i of run.scores) sorts.push(['d' + i, 'largest loss of ' + run.measures[i].name]);
    for (const column of this.columns.slice(2)) sorts.push([column.key + ':down', 'highest ' + column.title], [column.key + ':up', 'lowest ' + column.title]);
    this.sorter = picker(sorts);
    const labelled = (text, element, wide) => make('label', {class: wide ? 'wide' : null}, text, element);
    this.status = make('div', {class: 'status', role: 'status'});
    const tools = make('div', {class: 'tools', role: 'search', 'aria-label': 'Find cases'}, labelled('Search (press /)', this.search, true), labelled('Show', this.shown));
    if (slices.length) tools.append(labelled('Slice', this.slice));
    if (errors.length) tools.append(labelled('Error', this.error));
    tools.append(labelled('Sort by', this.sorter), this.status);

    this.head = make('div', {class: 'row head', role: 'row', 'aria-rowindex': 1});
    for (const column of this.columns) {
      const button = make('button', {type: 'button', tabindex: -1, title: column.title}, column.title);
      button.addEventListener('click', () => this.sortBy(column));
      column.header = make('div', {class: 'cell ' + (column.kind || '') + (column.number ? ' n' : ''), role: 'columnheader'}, button);
      this.head.append(column.header);
    }
    this.head.style.gridTemplateColumns = this.widths;
    this.head.style.minWidth = this.room;
    this.rows = make('div', {class: 'rows', role: 'rowgroup'});
    this.rows.style.minWidth = this.room;
    this.grid = make('div', {class: 'grid', id: 'grid', role: 'grid', tabindex: 0, 'aria-label': 'Cases; arrow keys move, Enter opens', 'aria-colcount': this.columns.length},
      make('div', {class: 'top', role: 'rowgroup'}, this.head), this.rows);
    document.getElementById('app').append(tools, this.grid);

    let waiting;
    this.search.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(() => this.update(), 80); });
    for (const element of [this.shown, this.slice, this.error]) element.addEventListener('change', () => this.update());
    this.sorter.addEventListener('change', () => {
      const [by, way] = this.sorter.value.split(':');
      this.sort = {by, down: by === 'urgency' || way === 'down'};
      this.update();
    });
    this.grid.addEventListener('scroll', () => this.draw(), {passive: true});
    this.grid.addEventListener('keydown', (event) => this.key(event));
    this.rows.addEventListener('click', (event) => {
      const row = event.target.closest('.row');
      if (!row) return;
      this.active = +row.dataset.place;
      this.draw();
      this.openActive();
    });
    window.addEventListener('resize', () => this.draw());
  }

  sortBy(column) {
    const same = this.sort.by === column.key;
    this.sort = {by: column.key, down: same ? !this.sort.down : column.key === 'word'};
    const wanted = column.number ? column.key + (this.sort.down ? ':down' : ':up') : column.key === 'id' ? 'at' : 'urgency';
    this.sorter.value = [...this.sorter.options].some((option) => option.value === wanted) ? wanted : this.sorter.options[0].value;
    this.update();
  }

  valueOf() {
    const by = this.sort.by;
    if (by === 'urgency' || by === 'word') return (c) => c.urgency;
    if (by === 'at' || by === 'id') return (c) => c.at;
    if (by[0] === 'd') { const i = +by.slice(1); return (c) => this.run.gain(c, i); }
    const i = +by.slice(1);
    return (c) => c.now[i];
  }

  // Picks and orders the cases, then shows them from the top.
  async update() {
    const turn = (this.turn = (this.turn || 0) + 1);
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let hay = null;
    if (words.length && this.run.place.size) {
      if (!this.run.hay) this.status.textContent = 'reading the texts …';
      hay = await this.run.haystacks();
      if (turn !== this.turn) return;
    }
    const test = this.tests[this.shown.value], slice = this.slice.value, error = this.error.value;
    const matches = (c) => {
      if (!test(c) || (slice && !c.tags.includes(slice)) || (error && c.error !== error)) return false;
      if (!words.length) return true;
      const near = (c.id + ' ' + c.tags.join(' ') + ' ' + c.group).toLowerCase(), far = (hay && hay.get(c.at)) || '';
      return words.every((word) => near.includes(word) || far.includes(word));
    };
    const value = this.valueOf(), sign = this.sort.down ? -1 : 1;
    this.order = this.run.cases.filter(matches).sort((a, b) => {
      const x = value(a), y = value(b);
      if (x == null || y == null) return x == null && y == null ? a.at - b.at : x == null ? 1 : -1;
      return x === y ? a.at - b.at : sign * (x < y ? -1 : 1);
    }).slice(0, mostRows);
    this.active = 0;
    this.grid.scrollTop = 0;
    this.rows.style.height = this.order.length * rowHeight + 'px';
    this.grid.setAttribute('aria-rowcount', this.order.length + 1);
    const all = this.run.cases.length.toLocaleString('en'), found = this.order.length.toLocaleString('en');
    const unread = words.length && this.run.place.size < this.run.cases.length ? ' (the page holds the texts of ' + this.run.place.size.toLocaleString('en') + ')' : '';
    this.status.textContent = (this.order.length === this.run.cases.length ? all + ' cases' : found + ' of ' + all + ' cases') + unread;
    for (const column of this.columns) {
      const sorted = this.sort.by === column.key || (column.key === 'id' && this.sort.by === 'at');
      column.header.setAttribute('aria-sort', sorted ? (this.sort.down ? 'descending' : 'ascending') : 'none');
    }
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.grid.scrollTop / rowHeight) - 6);
    const last = Math.min(this.order.length, first + Math.ceil(this.grid.clientHeight / rowHeight) + 12);
    const places = [];
    for (let place = first; place < last; ++place) places.push(place);
    if (this.order.length && (this.active < first || this.active >= last)) places.push(this.active);
    this.rows.replaceChildren(...places.map((place) => this.rowOf(place)));
    if (this.order.length) this.grid.setAttribute('aria-activedescendant', 'row-' + this.active);
    else this.grid.removeAttribute('aria-activedescendant');
  }

  rowOf(place) {
    const each = this.order[place];
    const row = make('div', {class: 'row', role: 'row', id: 'row-' + place, 'data-place': place, 'aria-rowindex': place + 2, 'aria-selected': place === this.active ? 'true' : 'false'});
    row.style.top = place * rowHeight + 'px';
    row.style.gridTemplateColumns = this.widths;
    for (const column of this.columns) {
      const tone = column.tone ? column.tone(each) : '';
      const cell = make('div', {class: ['cell', column.kind || '', column.number ? 'n' : '', tone].join(' '), role: 'gridcell'}, column.text(each));
      if (column.kind === 'id') cell.title = [each.id, ...each.tags].join('\n');
      row.append(cell);
    }
    return row;
  }

  move(place) {
    this.active = Math.max(0, Math.min(this.order.length - 1, place));
    const top = this.active * rowHeight, room = this.grid.clientHeight - 34;
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    if (top + rowHeight > this.grid.scrollTop + room) this.grid.scrollTop = top + rowHeight - room;
    this.draw();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.grid.clientHeight / rowHeight) - 2);
    const steps = {ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity};
    if (event.key in steps) this.move(this.active + steps[event.key]);
    else if (event.key === 'Enter' || (event.key === ' ' && event.target === this.grid)) this.openActive();
    else return;
    event.preventDefault();
  }

  openActive() {
    if (this.order[this.active]) this.open(this.order[this.active]);
  }

  // The case beside the open one, in the order that is shown.
  step(by) {
    if (this.active + by < 0 || this.active + by >= this.order.length) return;
    this.move(this.active + by);
    this.openActive();
  }

  // Opens a case by its id, whatever is filtered.
  openId(id) {
    const each = this.run.cases.find((found) => found.id === id);
    if (!each) return;
    const place = this.order.indexOf(each);
    if (place >= 0) this.move(place);
    this.open(each);
  }
}
