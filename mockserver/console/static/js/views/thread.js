// One conversation: its thread, what an agent does, and what each key may see of it.

import { classes, html, useEffect, useLayoutEffect, useRef, useState, useStore } from "../lib.js";
import { dateTime } from "../format.js";
import { keys } from "../keys.js";
import { Copy, Empty, Field, Problem, Select } from "../parts.js";
import { useResource } from "../steer/resource.js";
import { nameOf } from "./inbox.js";

export function Thread({ id, statuses, contract, onChange, onClose }) {
  const path = `/conversations/${encodeURIComponent(id)}`;
  const { value, problem, act } = useResource(path, 1000);
  const change = async (method, at, body) => {
    const done = await act(method, at, body);
    onChange();
    return done;
  };
  return html`<section class="detail" aria-label="Conversation">
    <div class="bar detail-bar">
      <h2 class="detail-title">${value?.subject ?? "Conversation"}</h2>
      <button type="button" class="button" aria-label="Close the conversation" onClick=${onClose}>Close</button>
    </div>
    ${value === null && html`<${Empty} title="This conversation is not there" />`}
    ${value &&
    html`<div class="detail-body">
      <${Problem} text=${problem} />
      <${Facts} conversation=${value} />
      <${Changes} conversation=${value} statuses=${statuses} priorities=${prioritiesOf(contract)} onChange=${(body) => change("PATCH", path, body)} />
      <${Messages} conversation=${value} />
      <${Reply} onSend=${(body) => change("POST", `${path}/messages`, body)} />
      <${Sight} conversation=${value} />
    </div>`}
  </section>`;
}

function Facts({ conversation }) {
  const { requester } = conversation;
  return html`<dl class="facts">
      <div><dt>Number</dt><dd class="mono">#${conversation.number}</dd></div>
      <div><dt>Requester</dt><dd>${nameOf(requester)}${requester?.email && nameOf(requester) !== requester.email && html` <span class="muted">${requester.email}</span>`}</dd></div>
      <div><dt>Organisation</dt><dd>${conversation.organisation}</dd></div>
      <div><dt>Channel</dt><dd>${conversation.channel}</dd></div>
      <div><dt>Created</dt><dd class="mono">${dateTime(conversation.created_at)}</dd></div>
      <div><dt>Updated</dt><dd class="mono">${dateTime(conversation.updated_at)}</dd></div>
      <div><dt>Id</dt><dd class="with-button"><span class="mono">${conversation.id}</span> <${Copy} text=${conversation.id} /></dd></div>
    </dl>
    ${Object.keys(conversation.metadata ?? {}).length > 0 && html`<details><summary>Metadata</summary><pre class="code metadata" tabindex="0" role="region" aria-label="Metadata">${JSON.stringify(conversation.metadata, null, 2)}</pre></details>`}`;
}

function prioritiesOf(contract) {
  for (const schema of Object.values(contract.document.components?.schemas ?? {})) {
    const found = schema.properties?.priority?.enum;
    if (found) return found;
  }
  return ["low", "normal", "high", "urgent"];
}

function Changes({ conversation, statuses, priorities, onChange }) {
  const [assignee, setAssignee] = useState(conversation.assignee ?? "");
  useEffect(() => setAssignee(conversation.assignee ?? ""), [conversation.assignee]);
  const assign = (event) => {
    event.preventDefault();
    onChange({ assignee: assignee.trim() || null });
  };
  return html`<div class="form changes">
    <${Field} label="Status"><${Select} options=${statuses} value=${conversation.status} onChange=${(status) => onChange({ status })} /><//>
    <${Field} label="Priority"><${Select} options=${priorities} value=${conversation.priority} onChange=${(priority) => onChange({ priority })} /><//>
    <form class="with-button" onSubmit=${assign}>
      <${Field} label="Assignee"><input value=${assignee} placeholder="agent@example.com" onInput=${(event) => setAssignee(event.target.value)} /><//>
      <button class="button bottom">Assign</button>
    </form>
  </div>`;
}

function Messages({ conversation }) {
  const end = useRef(null);
  const before = useRef(0);
  const { messages, requester } = conversation;
  useLayoutEffect(() => {
    // A new message comes into sight where the one before it was in sight.
    if (before.current && messages.length > before.current) end.current?.scrollIntoView({ block: "nearest" });
    before.current = messages.length;
  }, [messages.length]);
  if (!messages.length) return html`<p class="none">Nothing was said yet.</p>`;
  return html`<ol class="messages" aria-label="Messages">
    ${conversation.message_count > messages.length && html`<li class="muted">The latest ${messages.length} of ${conversation.message_count} messages.</li>`}
    ${messages.map(
      (one) => html`<li key=${one.id} class=${classes("message", one.sender_email === requester?.email ? "theirs" : "ours")}>
        <p class="message-head">
          <span class="strong">${one.sender_email ?? "Anonymous"}</span>
          ${one.message_type !== "reply" && html`<span class="tag">${one.message_type}</span>`}
          <time class="muted mono" datetime=${one.created_at}>${dateTime(one.created_at)}</time>
        </p>
        <p class="message-text">${one.body}</p>
      </li>`,
    )}
    <li ref=${end} class="hidden" aria-hidden="true"></li>
  </ol>`;
}

function Reply({ onSend }) {
  const [text, setText] = useState("");
  const [sender, setSender] = useState("agent@example.com");
  const [type, setType] = useState("reply");
  const send = async (event) => {
    event.preventDefault();
    const body = { body: text, sender_email: sender, ...(type !== "reply" && { message_type: type }) };
    if (await onSend(body)) setText("");
  };
  return html`<form class="reply" onSubmit=${send}>
    <${Field} label="Reply" wide>
      <textarea rows="3" required value=${text} onInput=${(event) => setText(event.target.value)} onKeyDown=${(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form.requestSubmit()}></textarea>
    <//>
    <div class="actions">
      <label class="check">as <input type="email" required aria-label="Sender" value=${sender} onInput=${(event) => setSender(event.target.value)} /></label>
      <label class="check">type <input aria-label="Message type" required value=${type} onInput=${(event) => setType(event.target.value)} /></label>
      <button class="button primary">Send</button>
    </div>
  </form>`;
}

function Sight({ conversation }) {
  const ring = useStore(keys);
  const rows = ring.map((key) => [key, sightOf(key, conversation)]);
  return html`<details class="sight">
    <summary>What each key may see of it</summary>
    <div class="table-place" tabindex="0" role="region" aria-label="What each key may see of it">
      <table>
        <thead><tr><th>Key</th><th>Tier</th><th>Sees</th></tr></thead>
        <tbody>${rows.map(([key, sight]) => html`<tr key=${key.name}><td>${key.name}</td><td>${key.tier}</td><td>${sight}</td></tr>`)}</tbody>
      </table>
    </div>
  </details>`;
}

function sightOf(key, conversation) {
  if (key.revoked) return "Nothing: it is revoked (401).";
  if (key.organisation && key.organisation !== conversation.organisation) return `Nothing: it is of ${key.organisation} (404).`;
  const from = [...(key.origins ?? []), ...(key.bundle_ids ?? [])].join(", ");
  const may = key.tier === "server" ? "Reads, writes, resolves." : "Reads and writes; may not resolve it (403).";
  return from ? `${may} From ${from} only.` : may;
}
