"use strict";

const $ = (id) => document.getElementById(id);
const LONGEST_PAUSE = 30; // seconds
const shown = { list: [], chosen: null, messages: [] };
// Replies that did not arrive yet. They outlive the page, and are sent when it is opened again.
let outbox = JSON.parse(localStorage.getItem("outbox") ?? "[]");

class Failure extends Error {
  /** `status` is 0 if nothing responded; `pause` is what Retry-After asks for, in seconds. */
  constructor(status, text, pause = null) {
    super(text);
    this.status = status;
    this.pause = pause;
  }
  /** Whether it may be different later. */
  get passes() { return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500; }
  /** Whether the call was perhaps carried out. */
  get unsure() { return this.status === 0 || (this.status >= 500 && this.status !== 503); }
}

async function call(path, body) {
  const init = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let response;
  try {
    response = await fetch(`/api/conversations${path}`, init);
  } catch {
    throw new Failure(0, navigator.onLine ? "The inbox cannot be reached." : "You are offline.");
  }
  const value = await response.json().catch(() => null);
  if (response.ok && value !== null) return value;
  const asked = Number(response.headers.get("Retry-After"));
  const text = typeof value?.detail === "string" ? value.detail : `The response was ${response.status}.`;
  throw new Failure(response.ok ? 502 : response.status, text, asked > 0 ? asked : null);
}

// --- what is shown ---------------------------------------------------------------------------------------------------

function element(name, text, properties = {}) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(text);
  return made;
}

function ago(time) {
  const seconds = (new Date(time) - Date.now()) / 1000;
  const [unit, length] = [["day", 86400], ["hour", 3600], ["minute", 60]].find(([, long]) => Math.abs(seconds) >= long) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / length), unit);
}

function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
}

function drawList() {
  $("list").replaceChildren(...shown.list.map((one) => {
    const button = element("button", element("strong", one.subject), { type: "button", onclick: () => open(one.id) });
    button.append(element("small", `${one.status} · ${one.priority} · ${ago(one.created_at)}`));
    if (one.id === shown.chosen?.id) button.setAttribute("aria-current", "true");
    return element("li", button);
  }));
  $("empty").hidden = shown.list.length > 0;
}

function drawThread() {
  const one = shown.chosen;
  $("thread").hidden = !one;
  if (!one) return;
  $("subject").textContent = one.subject;
  $("state").textContent = one.status;
  $("requester").textContent = one.requester?.email || "anonymous";
  $("resolve").disabled = one.status === "closed";
  const arrived = shown.messages.map((message) => {
    const item = element("li", element("p", message.body), { className: message.sender_email === one.requester?.email ? "theirs" : "ours" });
    item.append(element("small", `${message.sender_email} · ${ago(message.created_at)}`));
    return item;
  });
  const waiting = outbox.filter((reply) => reply.conversation === one.id).map((reply) => {
    const item = element("li", element("p", reply.body), { className: `ours ${reply.reason ? "failed" : "waiting"}` });
    item.append(element("small", reply.reason ? `Not sent: ${reply.reason} ` : reply.note));
    if (reply.reason) {
      item.append(element("button", "Send again", { type: "button", onclick: () => deliver(reply) }));
      item.append(element("button", "Discard", { type: "button", onclick: () => discard(reply) }));
    }
    return item;
  });
  $("messages").replaceChildren(...arrived, ...waiting);
}

// --- reading ---------------------------------------------------------------------------------------------------------

let reading = 0;
let again = 0;

async function load() {
  const turn = ++reading;
  clearTimeout(again);
  try {
    const status = $("status").value;
    const page = await call(status ? `?status=${encodeURIComponent(status)}` : "");
    if (turn !== reading) return; // Something newer was asked for meanwhile.
    shown.list = page.results;
    notice("");
  } catch (failure) {
    if (turn !== reading) return;
    notice(failure.passes ? `${failure.message} Trying again.` : failure.message);
    if (failure.passes && navigator.onLine) again = setTimeout(load, (failure.pause ?? 5) * 1000);
  }
  drawList();
}

async function open(id) {
  try {
    const [conversation, page] = await Promise.all([call(`/${id}`), call(`/${id}/messages`)]);
    Object.assign(shown, { chosen: conversation, messages: page.results });
    notice("");
  } catch (failure) {
    notice(failure.message);
  }
  drawList();
  drawThread();
}

// --- writing ---------------------------------------------------------------------------------------------------------

function keep() {
  localStorage.setItem("outbox", JSON.stringify(outbox));
  drawThread();
}

function discard(reply) {
  outbox = outbox.filter((one) => one !== reply);
  keep();
}

/** Send a reply. The API has no key against doubles, so where an earlier attempt perhaps arrived, look first. */
async function deliver(reply) {
  if (reply.busy || !outbox.includes(reply)) return;
  Object.assign(reply, { busy: true, reason: "", note: "Sending…" });
  keep();
  const path = `/${reply.conversation}/messages`;
  try {
    const isThere = reply.unsure && (await call(path)).results.some((one) => one.body === reply.body && !reply.known.includes(one.id));
    if (!isThere) await call(path, { body: reply.body });
    const page = await call(path).catch(() => null);
    outbox = outbox.filter((one) => one !== reply);
    if (page && shown.chosen?.id === reply.conversation) shown.messages = page.results;
  } catch (failure) {
    reply.busy = false;
    reply.unsure ||= failure.unsure;
    if (!failure.passes) reply.reason = failure.message;
    else if (!navigator.onLine) reply.note = "Waiting until you are online.";
    else {
      const pause = failure.pause ?? Math.min(LONGEST_PAUSE, 2 ** reply.attempts++);
      reply.note = `${failure.message} Trying again in ${pause} s.`;
      setTimeout(() => deliver(reply), pause * 1000);
    }
  }
  keep();
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const known = shown.messages.map((one) => one.id);
  const reply = { conversation: shown.chosen.id, body: $("reply").value, known, attempts: 0, unsure: false, reason: "", note: "" };
  outbox.push(reply);
  $("reply").value = "";
  deliver(reply);
});

$("resolve").addEventListener("click", async () => {
  const before = shown.chosen;
  shown.chosen = { ...before, status: "closed" }; // At once, and back if it is refused.
  drawThread();
  try {
    const after = await call(`/${before.id}/resolve`, {});
    if (shown.chosen.id === before.id) shown.chosen = after;
    await load();
  } catch (failure) {
    if (shown.chosen.id === before.id) shown.chosen = before;
    notice(`Not resolved: ${failure.message}`);
  }
  drawThread();
});

function start() {
  for (const reply of outbox) if (!reply.reason) deliver(reply);
  load();
}

// Of the page that was left, nothing is on its way any more; what was may have arrived.
for (const reply of outbox) Object.assign(reply, { busy: false, unsure: reply.unsure || reply.busy });
$("status").addEventListener("change", load);
$("refresh").addEventListener("click", () => (shown.chosen ? Promise.all([load(), open(shown.chosen.id)]) : load()));
addEventListener("online", start);
addEventListener("offline", () => notice("You are offline. Replies are sent once you are back."));
start();
