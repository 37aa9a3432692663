// Fault rules from a form, and as text. A field is `[name, label, what it has at first, kind]`; a kind that is a list has options.

const SECONDS = "number";

export const WHENS = [
  ["always", "every time", []],
  ["next", "the next few", [["next", "How many", "1", "number"]]],
  ["every", "every n-th", [["every", "n", "3", "number"]]],
  ["probability", "by chance", [["probability", "Probability, 0 to 1", "0.2", "number"]]],
  ["between", "within a time", [["from", "From, RFC 3339", "", "text"], ["until", "Until, RFC 3339", "", "text"]]],
];

export const EFFECTS = [
  [
    "status",
    "respond with a status",
    [["status", "Status", "503", "number"], ["retry_after", "Retry-After, seconds", "", "number"], ["body", "Body, JSON or text", "", "json"]],
    "The request is not carried out. Without a body the response has the shape of the mock's other errors.",
  ],
  ["delay", "late, by so much", [["delay", "Seconds", "1.5", SECONDS]], ""],
  ["uniform", "late, between two times", [["low", "From, seconds", "0.1", SECONDS], ["high", "To, seconds", "0.9", SECONDS]], ""],
  ["lognormal", "late, as in production", [["median", "Median, seconds", "0.2", SECONDS], ["sigma", "Sigma", "0.5", "number"]], "Most responses near the median, and a few far beyond it."],
  ["timeout", "never respond", [], "The connection stays open, and nothing comes."],
  ["drop", "close the connection", [["drop", "Close it", "before", [["before", "before the request is carried out"], ["after", "after it was carried out"]]]], "After: the write was done, and the client does not know."],
  ["truncate", "cut the body off", [["truncate", "Part that is sent, 0 to 1", "0.5", "number"]], ""],
  ["malformed", "send what is not HTTP", [], ""],
  ["content_type", "another Content-Type", [["content_type", "Content-Type", "text/html", "text"]], ""],
  ["drip", "send it slowly", [["drip", "Over so many seconds", "5", SECONDS]], ""],
  ["rate_limit", "limit the rate", [["requests", "Requests", "100", "number"], ["per_seconds", "Per so many seconds", "60", SECONDS]], "A bucket for each key; beyond it 429 with Retry-After."],
];

const usual = (list, kind) => Object.fromEntries((list.find(([name]) => name === kind)?.[2] ?? []).map(([name, , value]) => [name, value]));

/** The rule that a form describes, or a sentence that says what is missing. */
export function ruleOf(form) {
  const given = { ...usual(WHENS, form.when), ...usual(EFFECTS, form.effect), ...form };
  const number = (name) => Number(given[name]);
  for (const [name, label, , kind] of [...fieldsOf(WHENS, form.when), ...fieldsOf(EFFECTS, form.effect)]) {
    const isOptional = ["retry_after", "body", "from", "until"].includes(name);
    if (!isOptional && String(given[name]).trim() === "") return `${label} is missing.`;
    if (kind === "number" && String(given[name]).trim() !== "" && Number.isNaN(number(name))) return `${label} is no number.`;
  }
  if (form.when === "between" && !given.from && !given.until) return "From or until is missing.";
  const match = form.operation === "*" ? {} : { operation: form.operation };
  const [kind, ...name] = form.who.split(" ");
  if (kind) match[kind] = name.join(" ");
  if (form.query.trim()) match.query = Object.fromEntries(new URLSearchParams(form.query.trim()));
  if (form.holds.trim()) {
    const holds = jsonOrText(form.holds);
    if (typeof holds !== "object" || holds === null || Array.isArray(holds)) return 'Body has no JSON object, such as {"priority": "high"}.';
    match.body = holds;
  }
  const whens = {
    next: () => ({ next: number("next") }),
    every: () => ({ every: number("every") }),
    probability: () => ({ probability: number("probability") }),
    between: () => ({ ...(given.from && { from: given.from }), ...(given.until && { until: given.until }) }),
  };
  const effects = {
    status: () => ({ status: number("status"), ...(given.retry_after !== "" && { retry_after: number("retry_after") }), ...(given.body.trim() && { body: jsonOrText(given.body) }) }),
    delay: () => ({ delay: number("delay") }),
    uniform: () => ({ delay: { uniform: [number("low"), number("high")] } }),
    lognormal: () => ({ delay: { lognormal: { median: number("median"), sigma: number("sigma") } } }),
    timeout: () => ({ timeout: true }),
    drop: () => ({ drop: given.drop }),
    truncate: () => ({ truncate: number("truncate") }),
    malformed: () => ({ malformed: true }),
    content_type: () => ({ content_type: given.content_type }),
    drip: () => ({ drip: { seconds: number("drip") } }),
    rate_limit: () => ({ rate_limit: { requests: number("requests"), per_seconds: number("per_seconds") } }),
  };
  const late = form.late && !["delay", "uniform", "lognormal"].includes(form.effect) ? { delay: Number(form.late) } : {};
  return {
    ...(Object.keys(match).length && { match }),
    ...(form.when !== "always" && { when: whens[form.when]() }),
    then: { ...effects[form.effect](), ...late },
  };
}

function fieldsOf(list, kind) {
  return list.find(([name]) => name === kind)?.[2] ?? [];
}

function jsonOrText(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const ENDINGS = { one: "st", two: "nd", few: "rd", other: "th" };
const ordinals = new Intl.PluralRules("en", { type: "ordinal" });
const ordinal = (number) => `${number}${ENDINGS[ordinals.select(number)]}`;

/** When a rule is due, as a sentence's part. */
export function whenText(when) {
  if (!when || !Object.keys(when).length) return "every time";
  if (when.next !== undefined) return when.next === 1 ? "the next one" : `the next ${when.next}`;
  if (when.every !== undefined) return when.every === 1 ? "every time" : `each ${ordinal(when.every)} one`;
  if (when.probability !== undefined) return `${+(when.probability * 100).toFixed(2)} % by chance`;
  return [when.from && `from ${when.from}`, when.until && `until ${when.until}`].filter(Boolean).join(" ");
}

/** What a rule does, as a sentence's part. */
export function effectText(then) {
  const said = [];
  if (then.status !== undefined) said.push(`status ${then.status}${then.retry_after !== undefined ? `, Retry-After ${then.retry_after}` : ""}${then.body !== undefined ? ", a body of its own" : ""}`);
  if (then.timeout) said.push("never responds");
  if (then.drop) said.push(`closes the connection ${then.drop} it is carried out`);
  if (then.truncate !== undefined) said.push(`body cut at ${+(then.truncate * 100).toFixed(1)} %`);
  if (then.malformed) said.push("sends what is not HTTP");
  if (then.content_type) said.push(`Content-Type ${then.content_type}`);
  if (then.drip) said.push(`sent over ${then.drip.seconds} s`);
  if (then.rate_limit) said.push(`at most ${then.rate_limit.requests} in ${then.rate_limit.per_seconds} s for each key`);
  if (then.delay !== undefined) said.push(delayText(then.delay));
  return said.join("; ");
}

function delayText(delay) {
  if (typeof delay === "number") return `${delay} s late`;
  if (delay.uniform) return `${delay.uniform[0]} to ${delay.uniform[1]} s late`;
  return `about ${delay.lognormal?.median} s late, some far later`;
}
