// Requests to the mock. The page uses what everybody can: the control API, and the documented API as its reference tries it.

import { store } from "./lib.js";

const OPENED_AT = location.pathname.match(/^(.*?)\/__accord__\/(?:in\/([^/]+)\/__accord__\/)?/) ?? [null, "", undefined];

/** The address of the mock, without a final slash. */
export const ROOT = location.origin + OPENED_AT[1];

/** The namespace that the page shows. */
export const namespace = store(OPENED_AT[2] ?? sessionStorage.getItem("accord.namespace") ?? "default");

/** Why the mock cannot be asked: null, `{kind: "token"}` or `{kind: "unreachable", detail}`. */
export const trouble = store(null);

/** A response that refuses what the page asked for: its status and its sentence. */
export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export function showNamespace(name) {
  sessionStorage.setItem("accord.namespace", name);
  namespace.set(name);
}

export function setToken(token) {
  sessionStorage.setItem("accord.token", token);
  trouble.set(null);
}

/** Send a control request, and return the JSON of its response, null if there is none. Throws Refused. */
export async function control(method, path, body, inside = namespace.get()) {
  const response = await raw(method, path, body, inside);
  if (response.status === 204) return null;
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/** As `control`, but null if the mock has no such route. */
export async function controlIfThere(method, path, body, inside) {
  try {
    return await control(method, path, body, inside);
  } catch (error) {
    if (error instanceof Refused && (error.status === 404 || error.status === 405)) return null;
    throw error;
  }
}

/** Send a control request, and return its response, which is a success. Throws Refused. */
export async function raw(method, path, body, inside = namespace.get()) {
  const headers = {};
  const token = sessionStorage.getItem("accord.token");
  if (token) headers.Authorization = `Bearer ${token}`;
  if (inside !== "default") headers["X-Accord-Namespace"] = inside;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(`${ROOT}/__accord__${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
      cache: "no-store",
    });
  } catch {
    trouble.set({ kind: "unreachable" });
    throw new Refused(0, "The mock cannot be reached.");
  }
  if (response.status === 401) trouble.set({ kind: "token" });
  else if (trouble.get()) trouble.set(null);
  if (!response.ok) throw new Refused(response.status, detailOf(await response.text(), response.status));
  return response;
}

/** Have the browser save what is at a path of the control API. Throws Refused. */
export async function download(path, name) {
  const blob = await (await raw("GET", path)).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Send a request to the documented API; a response of whatever status, with its text, or an error to show. */
export async function documented(method, path, headers, body) {
  const inside = namespace.get() === "default" ? {} : { "X-Accord-Namespace": namespace.get() };
  const began = performance.now();
  const response = await fetch(ROOT + path, { method, headers: { ...headers, ...inside }, body, cache: "no-store" });
  const text = await response.text();
  return {
    status: response.status,
    milliseconds: performance.now() - began,
    headers: Object.fromEntries(response.headers),
    body: text,
  };
}

/** Return what a response says is wrong, from whichever shape its body has. */
export function detailOf(text, status) {
  try {
    const body = JSON.parse(text);
    if (typeof body?.detail === "string") return body.detail;
    if (body && typeof body === "object") {
      const [name, value] = Object.entries(body)[0] ?? [];
      if (name) return `${name}: ${Array.isArray(value) ? value.join(" ") : String(value?.message ?? value)}`;
    }
  } catch {
    // Not JSON: its beginning is what there is to show.
  }
  return text.slice(0, 200) || `Status ${status}, without a reason.`;
}
