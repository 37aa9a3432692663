// A resource of the control API that a section shows: read again and again, and after each change.

import { Refused, control, controlIfThere } from "../api.js";
import { useRef, usePolling, useState } from "../lib.js";

/**
 * Follow what is at a path. `value` is undefined until it was read, and null where the mock has no such route; `act` sends a change,
 * returns its response or undefined if it was refused, and reads again; `problem` says what was wrong with the last one.
 */
export function useResource(path, milliseconds = 2000) {
  const [value, setValue] = useState(undefined);
  const [problem, setProblem] = useState("");
  const text = useRef("");
  const read = async () => {
    try {
      const found = await controlIfThere("GET", path);
      // The same value again is no reason to render.
      const now = JSON.stringify(found);
      if (now !== text.current) {
        text.current = now;
        setValue(found);
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (text.current === "") setProblem(error.message);
    }
  };
  usePolling(read, milliseconds, [path]);
  const act = async (method, at, body) => {
    try {
      const done = await control(method, at, body);
      setProblem("");
      await read();
      return done ?? true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setProblem(error.message);
      return undefined;
    }
  };
  return { value, problem, setProblem, act };
}

/** The list in a value of the control API, whether it is one or has it in `results`. */
export function listOf(value) {
  return Array.isArray(value) ? value : (value?.results ?? []);
}
