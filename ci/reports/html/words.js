// The least number of words that turn one text into another (Myers 1986), within bounds.

const mostEdits = 1200;

function wordsOf(text) {
  return text.match(/\n|[^\S\n]+|[\p{L}\p{N}\p{M}_]+|[^\s\p{L}\p{N}\p{M}_]/gu) || [];
}

// [{kind: 'same' | 'del' | 'ins', text}], in order.
function wordDiff(before, after) {
  const a = wordsOf(before), b = wordsOf(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) ++head;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) ++tail;
  const out = [];
  const add = (kind, words) => {
    if (!words.length) return;
    const text = words.join('');
    if (out.length && out[out.length - 1].kind === kind) out[out.length - 1].text += text;
    else out.push({kind, text});
  };
  add('same', a.slice(0, head));
  for (const [kind, words] of middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail))) add(kind, words);
  add('same', a.slice(a.length - tail));
  return out;
}

function middle(a, b) {
  const everything = [['del', a], ['ins', b]];
  if (!a.length || !b.length) return everything;
  const most = Math.min(a.length + b.length, mostEdits), trail = [];
  const ends = new Int32Array(2 * most + 3);
  const at = (k) => k + most + 1;
  for (let d = 0; d <= most; ++d) {
    trail.push(ends.slice(at(-d) - 1, at(d) + 2));
    for (let k = -d; k <= d; k += 2) {
      let x = k === -d || (k !== d && ends[at(k - 1)] < ends[at(k + 1)]) ? ends[at(k + 1)] : ends[at(k - 1)] + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) ++x;
      ends[at(k)] = x;
      if (x >= a.length && x - k >= b.length) return back(a, b, trail, d, k);
    }
  }
  return everything;
}

function back(a, b, trail, d, k) {
  const out = [];
  let x = a.length;
  for (; d >= 0; --d) {
    const ends = trail[d], end = (key) => ends[key + d + 1];
    const down = k === -d || (k !== d && end(k - 1) < end(k + 1));
    const from = d === 0 ? 0 : down ? end(k + 1) : end(k - 1) + 1;
    for (; x > from; --x) out.push(['same', [a[x - 1]]]);
    if (d === 0) break;
    if (down) out.push(['ins', [b[x - k - 1]]]);
    else out.push(['del', [a[--x]]]);
    k += down ? 1 : -1;
  }
  return out.reverse();
}
