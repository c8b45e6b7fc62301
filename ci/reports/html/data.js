// Unpacks what the page carries: deflated JSON in base64.

async function unpack(id) {
  const holder = document.getElementById(id);
  if (!holder) return null;
  const coded = atob(holder.textContent);
  const bytes = new Uint8Array(coded.length);
  for (let i = 0; i < coded.length; ++i) bytes[i] = coded.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return JSON.parse(await new Response(stream).text());
}

// The index: every case with its scores, no texts.
class Run {
  static async open() {
    const run = new Run();
    const index = await unpack('index');
    run.measures = index.measures;
    run.compared = index.baseline;
    run.cases = index.rows.map(([id, samples, failed, error, tags, group, state, now, before], at) => (
      {at, id, samples, failed, error, tags, group, state, now, before: before || []}));
    run.scores = run.measures.map((measure, i) => i).filter((i) => !run.measures[i].builtin);
    for (const each of run.cases) run.judge(each);
    run.place = new Map();  // case -> chunk
    ((await unpack('chunks')) || []).forEach((chunk, number) => {
      for (const at of chunk) run.place.set(at, number);
    });
    run.chunks = new Map();
    run.served = document.documentElement.hasAttribute('data-served');
    return run;
  }

  // How much better a score became, by its direction; undefined where nothing can be said.
  gain(each, i) {
    const before = each.before[i], now = each.now[i], better = this.measures[i].better;
    if (before == null || now == null || better === 'neither') return undefined;
    return better === 'lower' ? before - now : now - before;
  }

  // One word for what became of a case, and how urgent it is to look at it.
  judge(each) {
    let lost = 0, won = 0;
    for (const i of this.scores) {
      const gain = this.gain(each, i);
      if (gain < 0) lost -= gain / Math.max(Math.abs(each.before[i]), Math.abs(each.now[i]), 1e-12);
      if (gain > 0) won += gain / Math.max(Math.abs(each.before[i]), Math.abs(each.now[i]), 1e-12);
    }
    each.unscored = this.scores.some((i) => each.now[i] == null);
    if (each.failed > 0) each.word = 'failed';
    else if (lost > 0) each.word = won > 0 ? 'mixed' : 'worse';
    else if (won > 0) each.word = 'better';
    else each.word = !this.compared ? '' : ['new', 'same', 'changed'][each.state];
    each.urgency = each.failed > 0 ? 1e6 : lost > 0 ? 1e3 + lost - won : won > 0 ? won : each.state === 2 ? 1e-3 : 0;
    if (!this.compared && this.scores.length && !each.failed) {
      const lead = this.scores[0], value = each.now[lead];
      if (value != null) each.urgency = this.measures[lead].better === 'lower' ? value : -value;
    }
  }

  async chunk(number) {
    if (!this.chunks.has(number)) this.chunks.set(number, unpack('texts-' + number));
    return this.chunks.get(number);
  }

  // The texts of a case; null where the page does not carry them.
  async texts(each) {
    if (this.served) {
      const answer = await fetch('case/' + each.at, {cache: 'no-store'}).catch(() => null);
      if (answer && answer.ok) return answer.json();
    }
    const number = this.place.get(each.at);
    return number === undefined ? null : (await this.chunk(number))[each.at];
  }

  // For the search: the texts of all cases that the page carries, in small letters.
  async haystacks() {
    if (this.hay) return this.hay;
    const hay = new Map();
    for (const number of new Set(this.place.values())) {
      const chunk = await this.chunk(number);
      for (const at in chunk) hay.set(+at, JSON.stringify(chunk[at]).toLowerCase());
    }
    return (this.hay = hay);
  }
}

// A value as people read it.
function show(value, measure, signed) {
  if (value == null) return '';
  let text;
  const size = Math.abs(value);
  if (measure.unit === 'usd') text = size === 0 ? '0' : Number(size.toPrecision(3)).toString();
  else if (measure.unit === 'ms') text = size >= 100 ? Math.round(size).toLocaleString('en') : size.toFixed(1);
  else if (measure.unit === 'tokens') text = Number(size.toFixed(1)).toLocaleString('en');
  else text = size >= 1000 ? Math.round(size).toLocaleString('en') : Number.isInteger(size) ? size.toString() : size.toFixed(3);
  const zero = !/[1-9]/.test(text);
  return (value < 0 && !zero ? '−' : signed && !zero ? '+' : '') + text;
}

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {}))
    if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? '' : value);
  element.append(...children);
  return element;
}
