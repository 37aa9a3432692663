// The contract that the mock follows, and the catalogue of requirements and choices: facts that do not change while the page is open.

import { ROOT } from "./api.js";
import { store } from "./lib.js";

/** `{operations, requirements, choices, document}`, or null until it was read. */
export const contract = store(null);

const METHODS = ["get", "post", "put", "patch", "delete"];

export async function loadContract() {
  const [document, catalogue] = await Promise.all(
    [`${ROOT}/openapi.json`, `${ROOT}/__accord__/console/catalogue.json`].map(async (url) => (await fetch(url)).json()),
  );
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => {
      const parameters = [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map((one) => resolve(document, one));
      return { ...item[method], id: item[method].operationId, method: method.toUpperCase(), path, parameters };
    }),
  );
  contract.set({ document, operations, requirements: catalogue.requirements, choices: catalogue.choices });
}

/** A node with what its `$ref` leads to. */
export function resolve(document, node) {
  let found = node ?? {};
  for (let hops = 0; found.$ref && hops < 20; hops++) {
    const { $ref, ...own } = found;
    const target = $ref.slice(2).split("/").reduce((at, step) => at?.[step.replaceAll("~1", "/").replaceAll("~0", "~")], document);
    found = { ...target, ...own };
  }
  return found;
}

/** A schema with all parts of its `allOf` merged. */
export function merged(document, schema) {
  const own = resolve(document, schema);
  return (own.allOf ?? []).reduce((all, part) => {
    const more = merged(document, part);
    return {
      ...all,
      ...more,
      properties: { ...all.properties, ...more.properties },
      required: [...(all.required ?? []), ...(more.required ?? [])],
    };
  }, own);
}

/** The documented operation whose path a path is, or null. */
export function operationAt(operations, method, path) {
  return operations.find((one) => {
    const pattern = one.path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\w+\}/g, "[^/]+");
    return one.method === method && new RegExp(`^${pattern}$`).test(path);
  });
}

/** Tiers whose keys may send an operation. */
export function tiersOf(operation) {
  return [...new Set((operation.security ?? []).flatMap((scheme) => Object.values(scheme).flat()))];
}

/** An example of the body of an operation, as text; empty if it takes none. */
export function exampleBody(document, operation) {
  const media = resolve(document, operation.requestBody ?? {}).content?.["application/json"];
  if (!media) return "";
  const first = resolve(document, Object.values(media.examples ?? {})[0] ?? {});
  return JSON.stringify(first.value ?? media.example ?? {}, null, 2);
}
