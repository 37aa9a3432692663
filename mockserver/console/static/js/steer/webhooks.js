// Webhooks: who is told of what, every attempt to tell them, and an event at will.

import { html, useState } from "../lib.js";
import { counted, dateTime, duration } from "../format.js";
import { Body, Empty, Field, NotHere, Problem, Select, Status, Sure } from "../parts.js";
import { listOf, useResource } from "./resource.js";

export function Webhooks({ contract }) {
  const { value, problem, act } = useResource("/webhooks");
  const deliveries = useResource("/webhooks/deliveries", 1000);
  if (value === undefined) return html`<${Problem} text=${problem} />`;
  if (value === null) return html`<${NotHere} what="Webhooks" />`;
  const events = Object.keys(contract.document.webhooks ?? {});
  const hooks = listOf(value);
  return html`<section class="section">
    <div class="section-head"><h2>Webhooks</h2></div>
    <${Problem} text=${problem || deliveries.problem} />
    ${hooks.length
      ? html`<ul class="items">
          ${hooks.map(
            (hook) => html`<li key=${hook.id}>
              <span class="items-name"><span class="mono">${hook.url}</span> <span class="muted">${(hook.events ?? []).length === events.length || !hook.events?.length ? "all events" : hook.events.join(", ")}</span></span>
              <${Sure} label="Remove" kind="small" onSure=${() => act("DELETE", `/webhooks/${encodeURIComponent(hook.id)}`)} />
            </li>`,
          )}
        </ul>`
      : html`<p class="none">Nobody is told of events yet.</p>`}
    <${Subscribe} events=${events} onAdd=${(hook) => act("POST", "/webhooks", hook)} />
    <${Trigger} events=${events} onTrigger=${(event) => deliveries.act("POST", "/webhooks/trigger", event)} />
    <h2>Deliveries</h2>
    ${listOf(deliveries.value).length
      ? html`<ul class="deliveries">
          ${listOf(deliveries.value).map((one) => html`<${Delivery} key=${one.id} delivery=${one} onAgain=${() => deliveries.act("POST", `/webhooks/deliveries/${encodeURIComponent(one.id)}/redeliver`)} />`)}
        </ul>`
      : html`<${Empty} title="No deliveries yet"><p>Create a conversation, or trigger an event.</p><//>`}
  </section>`;
}

const ODDITIES = [
  ["duplicate", "each event twice"],
  ["out_of_order", "out of order"],
];

const fresh = (events) => ({ url: "", secret: "", events, late: "", duplicate: false, out_of_order: false });

function Subscribe({ events, onAdd }) {
  const [form, setForm] = useState(() => fresh(events));
  const toggle = (event) => setForm({ ...form, events: form.events.includes(event) ? form.events.filter((one) => one !== event) : [...form.events, event] });
  const add = async (event) => {
    event.preventDefault();
    const odd = Object.fromEntries(ODDITIES.filter(([name]) => form[name]).map(([name]) => [name, true]));
    const hook = { url: form.url, secret: form.secret, events: form.events, ...odd, ...(form.late && { late: Number(form.late) }) };
    if (await onAdd(hook)) setForm(fresh(events));
  };
  return html`<form class="panel" onSubmit=${add}>
    <h3>Add a subscription</h3>
    <div class="form">
      <${Field} label="URL" double><input type="url" required placeholder="http://127.0.0.1:8080/hook" value=${form.url} onInput=${(event) => setForm({ ...form, url: event.target.value })} /><//>
      <${Field} label="Secret" hint="signs the payload"><input required autocomplete="off" value=${form.secret} onInput=${(event) => setForm({ ...form, secret: event.target.value })} /><//>
      <${Field} label="Late by" hint="seconds"><input type="number" min="0" step="any" value=${form.late} onInput=${(event) => setForm({ ...form, late: event.target.value })} /><//>
    </div>
    <fieldset class="checks">
      <legend class="field-label">As networks do it</legend>
      ${ODDITIES.map(([name, text]) => html`<label key=${name} class="check"><input type="checkbox" checked=${form[name]} onChange=${() => setForm({ ...form, [name]: !form[name] })} /> ${text}</label>`)}
    </fieldset>
    <fieldset class="checks">
      <legend class="field-label">Events</legend>
      ${events.map((event) => html`<label key=${event} class="check"><input type="checkbox" checked=${form.events.includes(event)} onChange=${() => toggle(event)} /> ${event}</label>`)}
    </fieldset>
    <div class="actions"><button class="button primary" disabled=${!form.events.length}>Add</button></div>
  </form>`;
}

function Trigger({ events, onTrigger }) {
  const [event, setEvent] = useState(events[0]);
  const [conversation, setConversation] = useState("");
  const fire = (submit) => {
    submit.preventDefault();
    onTrigger({ event, conversation: conversation.trim() });
  };
  return html`<form class="panel" onSubmit=${fire}>
    <h3>Trigger an event</h3>
    <div class="form">
      <${Field} label="Event"><${Select} options=${events} value=${event} onChange=${setEvent} /><//>
      <${Field} label="Conversation" hint="its id; the inbox shows it" double><input class="mono" required value=${conversation} onInput=${(input) => setConversation(input.target.value)} /><//>
    </div>
    <div class="actions"><button class="button">Trigger</button></div>
  </form>`;
}

const STATES = { waiting: "waiting", delivered: "delivered", given_up: "given up" };

function Delivery({ delivery, onAgain }) {
  const { attempts } = delivery;
  const last = attempts.at(-1);
  return html`<li class="delivery">
    <details>
      <summary>
        <${Status} status=${last?.response?.status ?? 0} /> <strong>${delivery.event}</strong>
        <span class="mono muted delivery-url">${last?.request.url}</span>
        <span class="muted">${STATES[delivery.state] ?? delivery.state}, ${counted(attempts.length, "attempt")}${delivery.next_at && `, next ${dateTime(delivery.next_at)}`}</span>
      </summary>
      <ol class="attempts">
        ${attempts.map(
          (one, at) => html`<li key=${at}>
            <p>
              <span class="mono">${dateTime(one.at)}</span> <${Status} status=${one.response?.status ?? 0} /> <span class="mono muted">${duration(one.milliseconds)}</span>
              <span>${one.reason}</span>
            </p>
            ${one.response?.body && html`<${Body} text=${one.response.body} label="Response body" />`}
          </li>`,
        )}
      </ol>
      <${Body} text=${delivery.body} label="Payload" />
    </details>
    <button type="button" class="button small" onClick=${onAgain}>Redeliver</button>
  </li>`;
}
