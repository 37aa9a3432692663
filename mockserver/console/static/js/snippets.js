// A request as text to paste elsewhere: curl, fetch, Python. Keys are whole where they are public, and a variable where not.

import { ROOT } from "./api.js";
import { keys, sentKey } from "./keys.js";

const LEFT_OUT = new Set([
  "host", "content-length", "connection", "accept-encoding", "user-agent", "accept-language", "referer", "origin", "priority",
  "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "cache-control",
  "pragma", "dnt", "te", "upgrade-insecure-requests",
]);

/** The headers of an exchange that matter, with its key whole or as `$ACCORD_…_KEY`. */
function headersOf(request, namespace) {
  const sent = sentKey(request.headers);
  const key = keys.get().find((one) => one.shown === sent);
  const inPlace = key?.whole ?? `$ACCORD_${(key?.tier ?? "server").toUpperCase()}_KEY`;
  const found = Object.entries(request.headers)
    .filter(([name]) => !LEFT_OUT.has(name.toLowerCase()))
    .map(([name, value]) => [name, sent ? value.replace(sent, inPlace) : value]);
  const named = found.some(([name]) => name.toLowerCase() === "x-accord-namespace");
  return namespace === "default" || named ? found : [...found, ["X-Accord-Namespace", namespace]];
}

const urlOf = (request) => ROOT + encodeURI(request.path) + (request.query ? `?${request.query}` : "");
const shellQuoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const variable = /\$(ACCORD_\w+_KEY)/;

export function curl({ request, namespace }) {
  const parts = [request.method === "GET" ? "curl" : `curl -X ${request.method}`];
  for (const [name, value] of headersOf(request, namespace)) {
    const text = `${name}: ${value}`;
    // Double quotes where the shell is to put in a key, and nothing else can be in there that it would read.
    parts.push(`-H ${variable.test(text) ? `"${text.replace(/["`\\]/g, "\\$&")}"` : shellQuoted(text)}`);
  }
  if (request.body) parts.push(`--data-raw ${shellQuoted(request.body)}`);
  return [...parts, shellQuoted(urlOf(request))].join(" \\\n  ");
}

export function fetchCall({ request, namespace }) {
  const headers = Object.fromEntries(headersOf(request, namespace));
  const init = { method: request.method, headers, ...(request.body ? { body: request.body } : {}) };
  return `const response = await fetch(${JSON.stringify(urlOf(request))}, ${JSON.stringify(init, null, 2)});\nconsole.log(response.status, await response.text());`;
}

export function python({ request, namespace }) {
  const lines = headersOf(request, namespace).map(([name, value]) => {
    const found = value.match(variable);
    if (!found) return `        ${pythonText(name)}: ${pythonText(value)},`;
    return `        ${pythonText(name)}: ${pythonText(value.replace(variable, "")) === '""' ? "" : `${pythonText(value.replace(variable, ""))} + `}os.environ["${found[1]}"],`;
  });
  const body = request.body ? `    data=${pythonText(request.body)}.encode(),\n` : "";
  const needs = lines.some((line) => line.includes("os.environ")) ? "import os\n\n" : "";
  return `${needs}import requests\n\nresponse = requests.request(\n    "${request.method}",\n    ${pythonText(urlOf(request))},\n    headers={\n${lines.join("\n")}\n    },\n${body}    timeout=10,\n)\nprint(response.status_code, response.text)`;
}

/** A text as Python writes it, which takes the escapes of JSON but for those beyond the first plane, which JSON.stringify leaves. */
function pythonText(text) {
  return JSON.stringify(text);
}
