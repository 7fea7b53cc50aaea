"use strict";
(() => {
  // Tables: a click on a head sorts by its column, another turns the order round.
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    const order = cell.dataset.order;
    return order === undefined ? cell.textContent : order === "" ? NaN : Number(order);
  };
  const compare = (a, b) => {
    if (typeof a === "string") return a.localeCompare(b, undefined, { numeric: true });
    if (Number.isNaN(a) || Number.isNaN(b)) return 0;
    return a < b ? -1 : a > b ? 1 : 0;
  };
  const sort = (table, head) => {
    const column = head.cellIndex;
    const isNumber = head.classList.contains("number");
    const now = head.getAttribute("aria-sort");
    const descending = now ? now === "ascending" : isNumber;
    const rows = [...table.tBodies[0].rows].map((row) => ({ row, value: valueOf(row, column) }));
    const known = rows.filter(({ value }) => !Number.isNaN(value));
    const unknown = rows.filter(({ value }) => Number.isNaN(value));
    known.sort((a, b) => (descending ? compare(b.value, a.value) : compare(a.value, b.value)));
    table.tBodies[0].append(...[...known, ...unknown].map(({ row }) => row));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    for (const head of table.tHead.rows[0].cells) head.querySelector("button").addEventListener("click", () => sort(table, head));
  }

  // Pictures: what is under the pointer is read off.
  const MAX_READ = 12;
  const shown = (value) => {
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(2).replace("-", "−");
    return Number(value.toPrecision(4)).toLocaleString("en", { maximumFractionDigits: 8 }).replace("-", "−");
  };
  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const drawn = (svg, name, attributes) => {
    const made = document.createElementNS(svg.namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    svg.append(made);
    return made;
  };
  const row = (name, value, ink) => {
    const line = element("div");
    line.append(element("span", name, ink === undefined ? "" : `key ink-${ink}`), element("b", value));
    return line;
  };
  const valueAt = (side, place) => shown(side.log ? 10 ** place : place);
  const nearest = (points, x) => points.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best));

  for (const svg of document.querySelectorAll("svg.plot[data-hover]")) {
    let data, marker, box;
    const clear = () => {
      marker?.remove();
      box?.remove();
      marker = box = undefined;
    };
    const readLines = (x, y) => {
      const rows = data.rows.filter((line) => line.at.length > 0);
      if (rows.length === 0) return;
      const at = nearest(rows.flatMap((line) => line.at), x)[0];
      const [left, top, right, bottom] = data.area;
      const across = left + ((at - data.x.low) / (data.x.high - data.x.low)) * (right - left);
      marker = drawn(svg, "line", { class: "pointer", x1: across, x2: across, y1: top, y2: bottom });
      const lines = rows.map((line) => ({ line, point: nearest(line.at, at) })).filter(({ point }) => Math.abs(point[0] - at) <= 0.02 * (data.x.high - data.x.low));
      // Of many lines those next to the pointer.
      const distance = ({ point }) => Math.abs(point[1] - y);
      const least = lines.map(distance).sort((a, b) => a - b)[MAX_READ - 1] ?? Infinity;
      const read = lines.filter((line) => distance(line) <= least).slice(0, MAX_READ);
      return [row(data.x.label, valueAt(data.x, at)), ...read.map(({ line, point }) => row(line.name, valueAt(data.y, point[1]), line.ink))];
    };
    const readCell = (x, y) => {
      const { across, values } = data.cells;
      const [column, line] = [Math.round(x), Math.round(y)];
      const value = values[line * across + column];
      if (column < 0 || column >= across || value === undefined || value === null) return;
      const [left, top, right, bottom] = data.area;
      const [width, height] = [(right - left) / across, (bottom - top) / (values.length / across)];
      marker = drawn(svg, "rect", { class: "cell-mark", x: left + column * width, y: bottom - (line + 1) * height, width, height });
      return [row(`${data.x.label}, ${data.y.label}`, `${column}, ${line}`), row("value", shown(value))];
    };
    svg.addEventListener("pointermove", (event) => {
      data ??= JSON.parse(svg.dataset.hover);
      clear();
      const frame = svg.getBoundingClientRect();
      const scale = svg.viewBox.baseVal.width / frame.width;
      const [px, py] = [(event.clientX - frame.left) * scale, (event.clientY - frame.top) * scale];
      const [left, top, right, bottom] = data.area;
      if (px < left || px > right || py < top || py > bottom) return;
      const x = data.x.low + ((px - left) / (right - left)) * (data.x.high - data.x.low);
      const y = data.y.high - ((py - top) / (bottom - top)) * (data.y.high - data.y.low);
      const lines = data.cells ? readCell(x, y) : readLines(x, y);
      if (!lines) return;
      box = element("div", undefined, "readout");
      box.append(...lines);
      const panel = svg.parentElement.getBoundingClientRect();
      svg.parentElement.append(box);
      const toLeft = event.clientX - panel.left > 0.55 * panel.width;
      box.style.left = `${toLeft ? event.clientX - panel.left - box.offsetWidth - 14 : event.clientX - panel.left + 14}px`;
      box.style.top = `${event.clientY - panel.top + 14}px`;
    });
    svg.addEventListener("pointerleave", clear);
  }

  // Texts to take along.
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.addEventListener("click", () => {
      const text = button.nextElementSibling;
      const done = () => (button.textContent = "copied");
      const select = () => getSelection().selectAllChildren(text);
      navigator.clipboard ? navigator.clipboard.writeText(text.textContent).then(done, select) : select();
    });
  }
})();
