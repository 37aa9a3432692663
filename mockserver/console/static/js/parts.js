// What several views are made of.

import { classes, html, useEffect, useRef, useState } from "./lib.js";
import { indented, jsonParts, statusClass } from "./format.js";

/** A status in its colour. */
export function Status({ status }) {
  return html`<span class=${`status ${statusClass(status)}`}>${status || "—"}</span>`;
}

/** Something that is not there, and what to do about it. */
export function Empty({ title, children }) {
  return html`<div class="empty"><p class="empty-title">${title}</p>${children && html`<div>${children}</div>`}</div>`;
}

/** What stands in the place of a section whose route this mock does not have. */
export function NotHere({ what }) {
  return html`<${Empty} title=${`${what}: not available in this mock`} />`;
}

/** A sentence that says what went wrong, read out as soon as it is there. */
export function Problem({ text }) {
  return html`<div role="alert" class="problem-place">${text && html`<p class="problem">${text}</p>`}</div>`;
}

/** A button that copies a text and says so. */
export function Copy({ text, label = "Copy" }) {
  const [done, setDone] = useState("");
  const timer = useRef(0);
  const copy = async () => {
    clearTimeout(timer.current);
    setDone((await copied(typeof text === "function" ? text() : text)) ? "Copied" : "Not allowed");
    timer.current = setTimeout(() => setDone(""), 1500);
  };
  return html`<button type="button" class="button small" onClick=${copy}><span aria-live="polite">${done || label}</span></button>`;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Beyond loopback without TLS there is no clipboard but this one.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** A button that acts on the second press, for what cannot be taken back. */
export function Sure({ label, sure = "Press again", onSure, kind = "" }) {
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    const timer = asked ? setTimeout(() => setAsked(false), 4000) : 0;
    return () => clearTimeout(timer);
  }, [asked]);
  const press = () => {
    setAsked(!asked);
    if (asked) onSure();
  };
  return html`<button type="button" class=${classes("button", kind, asked && "danger")} onClick=${press} onBlur=${() => setAsked(false)}>
    ${asked ? sure : label}
  </button>`;
}

/** A body: formatted if it is JSON, with the lines of `marked` members marked, or as it was sent. */
export function Body({ text, type = "", marked = "", label }) {
  const [rawly, setRawly] = useState(false);
  if (text === null || text === undefined || text === "") return html`<p class="muted nothing">No body.</p>`;
  const formatted = indented(text);
  const lines = (rawly || formatted === null ? text : formatted).split("\n");
  const isJson = !rawly && formatted !== null;
  return html`<div class="body">
    <div class="body-tools">
      <span class="muted">${type || (formatted === null ? "text" : "JSON")}, ${text.length.toLocaleString("en")} characters</span>
      ${formatted !== null &&
      html`<label class="check"><input type="checkbox" checked=${rawly} onChange=${() => setRawly(!rawly)} /> Raw</label>`}
      <${Copy} text=${text} />
    </div>
    <pre class="code" tabindex="0" role="region" aria-label=${label}>${lines.map(
      (line, index) =>
        html`<span key=${index} class=${classes("line", isJson && isMarked(line, marked) && "marked")}>${isJson ? coloured(line) : line}${"\n"}</span>`,
    )}</pre>
  </div>`;
}

function isMarked(line, member) {
  return member !== "" && line.startsWith(`  ${JSON.stringify(member)}:`);
}

/** A line of JSON in colours. */
export function coloured(line) {
  return jsonParts(line).map(([kind, part]) => (kind === "mark" ? part : html`<span class=${`j-${kind}`}>${part}</span>`));
}

/** A labelled field; `children` is its control. The label holds it, so that no id is needed. */
export function Field({ label, hint, children, wide, double }) {
  return html`<label class=${classes("field", wide && "wide", double && "double")}>
    <span class="field-label">${label}${hint && html`<span class="muted"> ${hint}</span>`}</span>
    ${children}
  </label>`;
}

/** A choice of a few, all in sight. `options` are values, or pairs of value and text. */
export function Segments({ label, options, value, onChange }) {
  const name = useRef(`segments-${Math.random().toString(36).slice(2)}`).current;
  return html`<fieldset class="segments">
    <legend class="hidden">${label}</legend>
    ${options.map((option) => {
      const [id, text] = Array.isArray(option) ? option : [option, option];
      return html`<label key=${id} class=${classes("segment", id === value && "chosen")}>
        <input type="radio" name=${name} checked=${id === value} onChange=${() => onChange(id)} /><span>${text}</span>
      </label>`;
    })}
  </fieldset>`;
}

/** A choice of one of a list. `options` are values, or pairs of value and text. */
export function Select({ options, value, onChange, ...more }) {
  return html`<select value=${value} onChange=${(event) => onChange(event.target.value)} ...${more}>
    ${options.map((option) => {
      const [id, text] = Array.isArray(option) ? option : [option, option];
      return html`<option key=${id} value=${id} selected=${id === value}>${text}</option>`;
    })}
  </select>`;
}

/** A text of the contract: paragraphs, lists, `code` and *emphasis*, and nothing else. */
export function Prose({ text = "" }) {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph, at) =>
      /^- /.test(paragraph)
        ? html`<ul key=${at}>${paragraph.split(/(?:^|\n)- /).slice(1).map((item, place) => html`<li key=${place}>${inline(item)}</li>`)}</ul>`
        : html`<p key=${at}>${inline(paragraph)}</p>`,
    );
}

function inline(text) {
  return text
    .replace(/\s+/g, " ")
    .split(/(`[^`]+`|\*\*[^*]+\*\*|\*[^*]+\*)/)
    .map((part) => {
      if (/^`.+`$/.test(part)) return html`<code>${part.slice(1, -1)}</code>`;
      if (/^\*\*.+\*\*$/.test(part)) return html`<strong>${part.slice(2, -2)}</strong>`;
      return /^\*.+\*$/.test(part) ? html`<em>${part.slice(1, -1)}</em>` : part;
    });
}
