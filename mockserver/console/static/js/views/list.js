// The list of requests: as many rows as fit, whatever the number of requests, and still in its place when new ones come.

import { classes, html, useEffect, useLayoutEffect, useMedia, useRef, useState } from "../lib.js";
import { clockTime, duration } from "../format.js";
import { Status } from "../parts.js";
import { keyName } from "./filters.js";

const BEYOND = 6;

export function List({ lines, chosen, onOpen, filter }) {
  const narrow = useMedia("(max-width: 699px)");
  const height = narrow ? 46 : 26;
  const place = useRef(null);
  const first = useRef(null);
  const [view, setView] = useState({ top: 0, rows: 40 });
  const [active, setActive] = useState(chosen);

  useEffect(() => {
    const element = place.current;
    const measure = () => setView({ top: element.scrollTop, rows: Math.ceil(element.clientHeight / height) });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    measure();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, [height]);

  // Whoever has scrolled down reads: what comes above must not move that.
  useLayoutEffect(() => {
    const element = place.current;
    const before = first.current;
    if (before && before.filter === filter && element.scrollTop > 0) {
      const moved = lines.indexOf(before.line);
      if (moved > 0) element.scrollTop += moved * height;
    }
    first.current = lines.length ? { line: lines[0], filter } : null;
  }, [lines, height, filter]);
  // Before anything else is pressed, which may scroll.
  useLayoutEffect(() => {
    place.current.scrollTop = 0;
  }, [filter]);
  useEffect(() => setActive(chosen || active), [chosen]);

  const begin = Math.max(0, Math.floor(view.top / height) - BEYOND);
  const shown = lines.slice(begin, begin + view.rows + 2 * BEYOND);
  const at = lines.findIndex((line) => line.id === active);
  const move = (to) => {
    const next = Math.max(0, Math.min(lines.length - 1, to));
    const element = place.current;
    setActive(lines[next].id);
    if (next * height < element.scrollTop) element.scrollTop = next * height;
    else if ((next + 1) * height > element.scrollTop + element.clientHeight) element.scrollTop = (next + 1) * height - element.clientHeight;
    if (chosen) onOpen(lines[next]);
  };
  const press = (event) => {
    const page = Math.max(1, view.rows - 2);
    const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -lines.length, End: lines.length };
    if (event.key in steps) move(at + steps[event.key]);
    else if (event.key === "Enter" && at >= 0) onOpen(lines[at]);
    else return;
    event.preventDefault();
  };
  return html`<div class="columns" aria-hidden="true">
      <span>Time</span><span>Method</span><span>Operation</span><span>Status</span><span class="number">Took</span><span>Key</span><span>Decided by</span>
    </div>
    <div
      class="rows grow"
      ref=${place}
      tabindex="0"
      role="listbox"
      aria-label="Requests, newest first"
      aria-activedescendant=${at >= begin && at < begin + shown.length ? `row-${lines[at].id}` : null}
      onKeyDown=${press}
    >
      <div class="rows-space" style=${{ height: `${lines.length * height}px` }} role="presentation">
        <div class="rows-window" style=${{ transform: `translateY(${begin * height}px)` }} role="presentation">
          ${shown.map(
            (line, index) =>
              html`<${narrow ? NarrowRow : Row}
                key=${line.id}
                line=${line}
                position=${begin + index + 1}
                total=${lines.length}
                chosen=${line.id === chosen}
                active=${line.id === active}
                onOpen=${onOpen}
              />`,
          )}
        </div>
      </div>
    </div>`;
}

function row(content) {
  return ({ line, position, total, chosen, active, onOpen }) =>
    html`<div
      id=${`row-${line.id}`}
      class=${classes("row", chosen && "chosen", active && "active")}
      role="option"
      aria-selected=${chosen}
      aria-posinset=${position}
      aria-setsize=${total}
      onClick=${() => onOpen(line)}
    >
      ${content(line)}
    </div>`;
}

const Row = row(
  (line) => html`<span class="mono muted">${clockTime(line.at)}</span>
    <span class="mono">${line.method}</span>
    <span class="row-what"><span class="row-operation">${line.operation || "—"}</span> <span class="mono muted">${line.path}</span></span>
    <span><${Status} status=${line.status} /></span>
    <span class="mono number muted">${duration(line.milliseconds)}</span>
    <span class="row-key"><${Key} line=${line} /></span>
    <span class="mono row-decided">${decision(line)}</span>`,
);

const NarrowRow = row(
  (line) => html`<span class="row-line"
      ><${Status} status=${line.status} /><span class="mono">${line.method}</span><span class="row-operation">${line.operation || line.path}</span
      ><span class="mono muted row-time">${clockTime(line.at).slice(0, 8)}</span></span
    >
    <span class="row-line small muted"><span class="row-what">${line.reason || line.path}</span><span class="row-time">${keyName(line)}</span></span>`,
);

function Key({ line }) {
  return html`${keyName(line)}${line.tier && line.tier !== line.key && html` <span class="muted">${line.tier}</span>`}`;
}

function decision(line) {
  return line.fault && line.fault !== line.decided ? `${line.decided} fault ${line.fault}`.trim() : line.kind === "fault" ? `fault ${line.decided}` : line.decided;
}
