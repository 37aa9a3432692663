// The frame of the page: header, views, and what is shown while the mock cannot be asked.

import { control, namespace, setToken, showNamespace, trouble } from "./api.js";
import { contract, loadContract } from "./contract.js";
import { follow, journal } from "./journal.js";
import { loadKeys } from "./keys.js";
import { classes, html, render, useEffect, useState, usePolling, useStore } from "./lib.js";
import { Field } from "./parts.js";
import { linkTo, route } from "./route.js";
import { Coverage } from "./views/coverage.js";
import { Inbox } from "./views/inbox.js";
import { Reference } from "./views/reference.js";
import { Requests } from "./views/requests.js";
import { Steer } from "./views/steer.js";

const VIEWS = [
  ["requests", "Requests", Requests],
  ["inbox", "Inbox", Inbox],
  ["steer", "Steer", Steer],
  ["coverage", "Coverage", Coverage],
  ["reference", "Reference", Reference],
];

function App() {
  const { view, parts } = useStore(route);
  const problem = useStore(trouble);
  const known = useStore(contract);
  const inside = useStore(namespace);
  const [, label, View] = VIEWS.find(([name]) => name === view) ?? VIEWS[0];
  useEffect(() => {
    document.title = `${label} · Accord mock`;
  }, [label]);
  useEffect(() => {
    // Why not is told by what else cannot be read: the banner, or the form for the token.
    loadKeys().catch(() => {});
  }, [inside, problem?.kind]);
  return html`<a class="skip" href="#main" onClick=${skip}>Skip to content</a>
    <header class="top">
      <a class="brand" href=${linkTo("requests")}><img src="console/icon.svg" alt="" width="16" height="16" />Accord mock</a>
      <nav aria-label="Views">
        ${VIEWS.map(([name, text]) => html`<a key=${name} href=${linkTo(name)} aria-current=${name === view ? "page" : null}>${text}</a>`)}
      </nav>
      <div class="top-right"><${NamespacePicker} /><${Pulse} /></div>
    </header>
    ${problem?.kind === "unreachable" &&
    html`<p class="banner" role="status">The mock cannot be reached. What is shown is from before; the page goes on as soon as it is back.</p>`}
    <main id="main" tabindex="-1" data-view=${[view, ...parts].join("/")}>
      <h1 class="hidden">${label}</h1>
      ${problem?.kind === "token" ? html`<${TokenForm} />` : known && html`<${View} key=${inside} contract=${known} />`}
    </main>`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

function NamespacePicker() {
  const inside = useStore(namespace);
  const [names, setNames] = useState([]);
  usePolling(async () => {
    try {
      const { results } = await control("GET", "/namespaces");
      const found = results.map(({ name }) => name);
      if (found.join() !== names.join()) setNames(found);
    } catch {
      // The pulse and the banner tell.
    }
  }, 3000);
  const all = [...new Set(["default", ...names, inside])];
  return html`<label class="namespace"
    ><span class="muted">Namespace</span>
    <select onChange=${(event) => showNamespace(event.target.value)}>
      ${all.map((name) => html`<option key=${name} value=${name} selected=${name === inside}>${name}</option>`)}
    </select></label
  >`;
}

function Pulse() {
  const { paused, error } = useStore(journal);
  const [kind, text] = error ? ["off", "Offline"] : paused ? ["held", "Paused"] : ["live", "Live"];
  return html`<span class=${classes("pulse", kind)}><span class="dot"></span><span>${text}</span></span>`;
}

function TokenForm() {
  const send = (event) => {
    event.preventDefault();
    setToken(new FormData(event.target).get("token").trim());
  };
  return html`<form class="token" onSubmit=${send}>
    <p>This mock was started with a token. The page keeps it until its tab is closed.</p>
    <${Field} label="Token" hint="--control-token"><input name="token" type="password" autocomplete="off" required /><//>
    <button class="button primary">Go on</button>
  </form>`;
}

function Failed({ text }) {
  return html`<p class="problem">The console cannot start: ${text}</p>`;
}

const place = document.getElementById("app");
loadContract().then(
  () => {
    follow();
    render(html`<${App} />`, place);
  },
  (error) => render(html`<${Failed} text=${error.message} />`, place),
);
