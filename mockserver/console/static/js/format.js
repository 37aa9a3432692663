// Values as text for people.

const UNITS = [
  [1, "s"],
  [60, "min"],
  [3600, "h"],
  [86400, "d"],
];

const two = (number) => String(number).padStart(2, "0");

/** The local time of day with milliseconds, of a time in milliseconds since 1970. */
export function clockTime(milliseconds) {
  const date = new Date(milliseconds);
  const fraction = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${fraction}`;
}

/** The local date and time to the second, of an RFC 3339 text; empty for what is none. */
export function dateTime(text) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return "";
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** How long ago a time was, short: `12 s`, `5 min`, `3 d`. */
export function ago(text, now = Date.now()) {
  const seconds = Math.max(0, (now - new Date(text).getTime()) / 1000);
  const [size, unit] = UNITS.findLast(([size]) => seconds >= size) ?? UNITS[0];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** Milliseconds with three digits that count: `0.34 ms`, `12.1 ms`, `1.52 s`. */
export function duration(milliseconds) {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toPrecision(3)} s`;
  return `${milliseconds >= 100 ? Math.round(milliseconds) : milliseconds.toFixed(milliseconds >= 10 ? 1 : 2)} ms`;
}

/** The class of a status for colours: `ok`, `client`, `server`, or `none` for a response that was never sent. */
export function statusClass(status) {
  return status >= 500 ? "server" : status >= 400 ? "client" : status >= 100 ? "ok" : "none";
}

/** A number with its noun: `1 request`, `2 requests`. */
export function counted(number, noun, plural = `${noun}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? noun : plural}`;
}

/** JSON text on lines of their own, every number and escape as it was written; null if it is no JSON. */
export function indented(text) {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  let out = "";
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[^\s"{}[\],:]+|[{}[\],:]/g) ?? [];
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    if (token === "{" || token === "[") {
      const empty = next === "}" || next === "]";
      depth += 1;
      out += empty ? token : token + line();
    } else if (token === "}" || token === "]") {
      depth -= 1;
      const before = tokens[index - 1];
      out += before === "{" || before === "[" ? token : line() + token;
    } else if (token === ",") out += token + line();
    else if (token === ":") out += ": ";
    else out += token;
  });
  return out;
}

/** A line of indented JSON as parts with a kind each: `name`, `text`, `number`, `word`, `mark`. */
export function jsonParts(line) {
  const parts = [];
  const pattern = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)|([{}[\],:]+|\s+|.)/g;
  for (const [, text, colon, number, word, rest] of line.matchAll(pattern)) {
    if (text !== undefined && colon) parts.push(["name", text], ["mark", colon]);
    else if (text !== undefined) parts.push(["text", text]);
    else if (number !== undefined) parts.push(["number", number]);
    else if (word !== undefined) parts.push(["word", word]);
    else parts.push(["mark", rest]);
  }
  return parts;
}

/** Two lists of lines side by side: rows of `[left, right, same]`, with null where a side has nothing. */
export function sideBySide(left, right) {
  const most = 1500;
  const [a, b] = [left.slice(0, most), right.slice(0, most)];
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        a[i] === b[j] ? lengths[(i + 1) * width + j + 1] + 1 : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
  const rows = [];
  let [i, j, removed, added] = [0, 0, [], []];
  const flush = () => {
    for (let k = 0; k < Math.max(removed.length, added.length); k++) rows.push([removed[k] ?? null, added[k] ?? null, false]);
    [removed, added] = [[], []];
  };
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      flush();
      rows.push([a[i++], b[j++], true]);
    } else if (j >= b.length || (i < a.length && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) removed.push(a[i++]);
    else added.push(b[j++]);
  }
  flush();
  return rows;
}
