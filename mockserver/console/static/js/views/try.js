// A form that sends an operation, prefilled with a key and an example that work.

import { html, useEffect, useState, useStore } from "../lib.js";
import { controlIfThere, documented } from "../api.js";
import { exampleBody, tiersOf } from "../contract.js";
import { duration } from "../format.js";
import { keys } from "../keys.js";
import { Body, Field, Problem, Select, Status } from "../parts.js";
import { linkTo } from "../route.js";

export function Try({ operation, contract }) {
  const ring = useStore(keys);
  const public_ = ring.filter((key) => key.whole);
  const usual = public_.find((key) => !key.revoked && tiersOf(operation).includes(key.tier))?.name ?? "";
  const [key, setKey] = useState(null);
  const [own, setOwn] = useState("");
  const [values, setValues] = useState({});
  const [body, setBody] = useState(() => exampleBody(contract.document, operation));
  const [response, setResponse] = useState(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const chosen = key ?? (usual || "own");
  useEffect(() => {
    // An id that is there: one that can still be resolved, if that is what the operation does.
    const inPath = operation.parameters.find((one) => one.in === "path");
    if (!inPath) return;
    controlIfThere("GET", "/conversations?status=open&limit=1")
      .then((found) => found?.results[0] && setValues((before) => ({ [inPath.name]: found.results[0].id, ...before })))
      .catch(() => {});
  }, [operation.id]);

  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name] ?? ""));
    const query = new URLSearchParams(operation.parameters.filter((one) => one.in === "query" && values[one.name]).map((one) => [one.name, values[one.name]]));
    const whole = chosen === "own" ? own.trim() : public_.find((one) => one.name === chosen)?.whole;
    const headers = { ...(whole && { "X-API-Key": whole }), ...(fault.trim() && { "X-Accord-Fault": fault.trim() }), ...(operation.requestBody && { "Content-Type": "application/json" }) };
    try {
      setResponse(await documented(operation.method, `${path}${`${query}` ? `?${query}` : ""}`, headers, operation.requestBody ? body : undefined));
    } catch (error) {
      setResponse(null);
      setProblem(error instanceof TypeError ? "There was no response: the connection was closed, or what came was not HTTP." : error.message);
    }
    setBusy(false);
  };
  const options = [...public_.map((one) => [one.name, `${one.name}${one.revoked ? " (revoked)" : ""}`]), ["none", "no key"], ["own", "another key"]];
  const id = Object.entries(response?.headers ?? {}).find(([name]) => name.toLowerCase() === "x-accord-request-id")?.[1];
  return html`<form class="panel" onSubmit=${send}>
    <h3>Try it</h3>
    <div class="form">
      <${Field} label="Key"><${Select} options=${options} value=${chosen} onChange=${setKey} /><//>
      ${chosen === "own" && html`<${Field} label="Another key"><input class="mono" autocomplete="off" value=${own} onInput=${(event) => setOwn(event.target.value)} /><//>`}
      ${operation.parameters.map(
        (one) => html`<${Field} key=${one.name} label=${one.name} hint=${one.in === "path" ? "in the path" : ""}>
          <input class="mono" required=${one.in === "path"} placeholder=${one.schema?.default ?? ""} value=${values[one.name] ?? ""} onInput=${(event) => setValues({ ...values, [one.name]: event.target.value })} />
        <//>`,
      )}
      <${Field} label="Fault" hint="for this request"><input class="mono" placeholder="status=503; delay=2" value=${fault} onInput=${(event) => setFault(event.target.value)} /><//>
      ${operation.requestBody &&
      html`<${Field} label="Body" wide>
        <textarea class="mono" rows=${Math.min(14, body.split("\n").length + 1)} spellcheck=${false} value=${body} onInput=${(event) => setBody(event.target.value)}></textarea>
      <//>`}
    </div>
    <div class="actions"><button class="button primary" disabled=${busy}>Send</button></div>
    <${Problem} text=${problem} />
    ${response &&
    html`<div class="tried" role="status">
      <p class="actions"><${Status} status=${response.status} /> <span class="mono muted">${duration(response.milliseconds)}</span>${id && html` <a href=${linkTo("requests", id)}>Open the exchange</a>`}</p>
      <${Body} text=${response.body} type=${(response.headers["content-type"] ?? "").split(";")[0]} label="Response body" />
    </div>`}
  </form>`;
}
