// One case: what was sent, both outputs with their differences, references, scores and reasons.

class CaseView {
  constructor(run, step) {
    this.run = run;
    const button = (text, title, act) => {
      const element = make('button', {type: 'button', title}, text);
      element.addEventListener('click', act);
      return element;
    };
    this.title = make('h2', {id: 'case-title', tabindex: -1});
    this.marks = make('input', {type: 'checkbox', checked: true, id: 'marks'});
    this.marks.addEventListener('change', () => this.fill());
    this.number = make('select', {'aria-label': 'Sample'});
    this.number.addEventListener('change', () => this.fill());
    this.inside = make('div', {class: 'inside'});
    const toggle = make('label', {class: 'screen', for: 'marks'}, this.marks, ' mark differences');
    this.dialog = make('dialog', {id: 'case', 'aria-labelledby': 'case-title'},
      make('div', {class: 'bar-top'}, this.title, this.number, run.compared ? toggle : '',
        button('Previous', 'p or left arrow', () => step(-1)), button('Next', 'n or right arrow', () => step(1)),
        button('Close', 'Escape', () => this.dialog.close())), this.inside);
    this.dialog.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === 'SELECT') return;
      const by = {n: 1, ArrowRight: 1, p: -1, ArrowLeft: -1}[event.key];
      if (!by) return;
      event.preventDefault();
      step(by);
    });
    this.dialog.addEventListener('click', (event) => { if (event.target === this.dialog) this.dialog.close(); });
    this.dialog.addEventListener('close', () => { history.replaceState(null, '', location.pathname + location.search); });
    document.body.append(this.dialog);
  }

  async open(each) {
    this.each = each;
    this.title.textContent = each.id;
    this.texts = undefined;
    this.fill();
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.scrollTop = 0;
    this.title.focus();
    history.replaceState(null, '', '#case=' + encodeURIComponent(each.id));
    const texts = await this.run.texts(each);
    if (this.each !== each) return;
    this.texts = texts;
    const count = texts ? Math.max((texts.s || []).length, (texts.b || []).length) : 0;
    this.number.replaceChildren(...Array.from({length: count}, (none, i) => make('option', {value: i}, 'sample ' + (i + 1))));
    this.number.hidden = count < 2;
    this.fill();
  }

  fill() {
    const parts = [this.facts(), ...this.scores()];
    if (this.texts === undefined) parts.push(make('p', {class: 'soft'}, 'reading …'));
    else if (this.texts === null) parts.push(make('p', {class: 'soft'}, 'The texts of this case did not fit into the page; `llmops view` shows them all, and the CSV report holds them.'));
    else parts.push(...this.words(this.texts));
    this.inside.replaceChildren(...parts);
  }

  facts() {
    const each = this.each, line = make('p', {});
    for (const tag of each.tags) line.append(make('span', {class: 'tag'}, tag));
    const said = {failed: 'failed: ' + each.error, worse: 'got worse', better: 'got better', mixed: 'better in some scores, worse in others',
      changed: 'another output, the same scores', same: 'the same output', new: 'not in the baseline'}[each.word];
    if (said) line.append(make('span', {class: each.failed ? 'fail' : each.word}, said));
    if (each.group) line.append(' · group ' + each.group);
    if (each.samples !== 1) line.append(' · ' + each.samples + ' samples, ' + each.failed + ' failed');
    return line;
  }

  sample(side) {
    return (this.texts && this.texts[side] && this.texts[side][+this.number.value || 0]) || null;
  }

  // Every measure of this case; a judge's reasons and other notes beside it.
  scores() {
    const run = this.run, each = this.each, now = this.sample('s'), before = this.sample('b');
    const body = make('tbody', {});
    run.measures.forEach((measure, i) => {
      if (measure.builtin) return;
      const gain = run.gain(each, i), tone = gain > 0 ? 'better' : gain < 0 ? 'worse' : '';
      const row = make('tr', {}, make('th', {scope: 'row'}, measure.name));
      if (run.compared) row.append(make('td', {class: 'n'}, show(each.before[i], measure)));
      row.append(make('td', {class: 'n'}, each.now[i] == null ? 'unscored' : show(each.now[i], measure)));
      if (run.compared) {
        const both = each.before[i] != null && each.now[i] != null;
        row.append(make('td', {class: 'n ' + tone}, both ? show(each.now[i] - each.before[i], measure, true) + (tone ? ' ' + tone : '') : ''));
      }
      row.append(make('td', {}, ...[[before, 'baseline: '], [now, '']].flatMap(([view, who]) => {
        const note = view && view.notes && view.notes[measure.name];
        return note === undefined || note === null ? [] : [make('div', {dir: 'auto'}, who, noteText(note))];
      })));
      body.append(row);
    });
    const head = make('tr', {});
    for (const [title, wanted] of [['score', true], ['baseline', run.compared], ['candidate', true], ['difference', run.compared], ['reason', true]])
      if (wanted) head.append(make('th', {scope: 'col', class: /score|reason/.test(title) ? null : 'n'}, title));
    return body.children.length ? [make('div', {class: 'scroll'}, make('table', {}, make('thead', {}, head), body))] : [];
  }

  words(texts) {
    const parts = [], heading = (text) => parts.push(make('h3', {}, text));
    const now = this.sample('s'), before = this.sample('b');
    heading('Output');
    const sides = make('div', {class: 'two'});
    const diff = this.marks.checked && now && before && !now.e && !before.e ? wordDiff(before.t, now.t) : null;
    if (this.run.compared && before) sides.append(this.side('baseline', before, diff, 'ins'));
    if (now) sides.append(this.side(this.run.compared ? 'candidate' : '', now, diff, 'del'));
    parts.push(sides);
    if (texts.r) {
      heading(texts.r.length > 1 ? 'References' : 'Reference');
      for (const text of texts.r) parts.push(block(text));
    }
    if (texts.m) {
      heading('Prompt as sent');
      parts.push(...messages(texts.m));
      if (texts.bm) parts.push(make('details', {}, make('summary', {}, 'what the baseline was sent'), ...messages(texts.bm)));
    }
    if (texts.v && Object.keys(texts.v).length) {
      heading('Variables');
      for (const [name, text] of Object.entries(texts.v)) parts.push(make('div', {class: 'soft'}, name), block(text));
    }
    if (texts.c) {
      heading('Context');
      for (const text of texts.c) parts.push(block(text));
    }
    parts.push(...this.calls(before, now));
    return parts;
  }

  side(who, sample, diff, without) {
    const part = make('div', {}, make('div', {class: 'soft'}, who));
    if (sample.e) {
      part.append(make('p', {class: 'fail'}, 'no answer: ' + sample.e), block(sample.em));
      return part;
    }
    const text = make('pre', {dir: 'auto', tabindex: 0, 'aria-label': (who || 'output') + ' text'});
    if (diff) for (const span of diff) { if (span.kind !== without) text.append(span.kind === 'same' ? span.text : make(span.kind, {}, span.text)); }
    else text.append(sample.t);
    if (!sample.t) text.append('(empty)');
    part.append(text);
    if (sample.n) part.append(cut(sample));
    if (sample.think) part.append(make('details', {}, make('summary', {}, 'reasoning'), block(sample.think)));
    if (sample.tools) part.append(make('div', {class: 'soft'}, 'tool calls'), block(sample.tools));
    return part;
  }

  // Tokens, times and how the call went.
  calls(before, now) {
    const lines = [['input tokens', 'input'], ['of them cached', 'cachedTokens'], ['output tokens', 'output'], ['of them reasoning', 'reasoning'],
      ['first token, ms', 'ttft'], ['per token, ms', 'tpot'], ['whole answer, ms', 'latency'], ['cost, $', 'cost'], ['attempts', 'attempts'],
      ['finish', 'finish'], ['model', 'model'], ['from the cache', 'cached']];
    const body = make('tbody', {});
    for (const [title, key] of lines) {
      if (!(now && now[key] !== undefined) && !(before && before[key] !== undefined)) continue;
      const cell = (view) => make('td', {class: 'n'}, !view || view[key] === undefined ? '' : view[key] === true ? 'yes' : typeof view[key] === 'number' ? String(+view[key].toPrecision(6)) : view[key]);
      body.append(make('tr', {}, make('th', {scope: 'row'}, title), ...(before ? [cell(before)] : []), cell(now)));
    }
    if (!body.children.length) return [];
    const head = make('tr', {}, make('th', {scope: 'col'}, 'call'), ...(before ? [make('th', {scope: 'col', class: 'n'}, 'baseline')] : []), make('th', {scope: 'col', class: 'n'}, 'candidate'));
    return [make('h3', {}, 'Tokens and times'), make('div', {class: 'scroll'}, make('table', {}, make('thead', {}, head), body))];
  }
}

function noteText(note) {
  return typeof note === 'string' ? note : note.t + ' …';
}

function cut(text) {
  return make('div', {class: 'soft'}, 'the first part of ' + text.n.toLocaleString('en') + ' bytes');
}

function block(text) {
  const words = typeof text === 'string' ? text : text.t;
  const part = make('div', {}, make('pre', {dir: 'auto', tabindex: 0, 'aria-label': 'text'}, words || '(empty)'));
  if (typeof text !== 'string' && text.n) part.append(cut(text));
  return part;
}

function messages(list) {
  return list.flatMap((message) => [make('div', {class: 'soft'}, message.role), block(message.text)]);
}
