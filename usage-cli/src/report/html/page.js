"use strict";

const data = JSON.parse(document.getElementById("data").textContent);

/** Creates an element with attributes and children, which are elements or texts: never markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function svgElement(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Numbers

function count(number) {
  return number === null ? "–" : number.toLocaleString("en-US");
}

function percent(part) {
  const value = part * 100;
  if (value >= 99.95) return `${value.toFixed(0)} %`;
  if (value >= 9.995) return `${value.toFixed(1)} %`;
  return value > 0 && value < 0.005 ? "< 0.01 %" : `${value.toFixed(2)} %`;
}

function short(number) {
  if (number < 1e3) return String(number);
  const [size, unit] = number < 1e6 ? [number / 1e3, "k"] : number < 1e9 ? [number / 1e6, "M"] : [number / 1e9, "G"];
  return size.toFixed(size < 10 && Math.round(size * 10) % 10 ? 1 : 0) + unit;
}

/** Round numbers from 0 up to at least `largest`. */
function ticks(largest) {
  const rough = Math.max(Math.ceil(largest / 4), 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  return Array.from({ length: Math.ceil(Math.max(largest, 1) / step) + 1 }, (_, index) => index * step);
}

// Rows

/** The rows of a whole list. */
function rowsOfList(id) {
  const list = data.lists[id];
  return list.names.map((name, place) => ({
    list: id, place, name, id: list.ids?.[place] ?? null, requests: list.requests[place], errors: list.errors[place],
    limited: list.limited[place], series: list.series?.[place] ?? null,
  }));
}

/** The cells of one row of a cross table: [column, requests, errors, limited] each. */
function* cellsOf(cells) {
  for (let at = 0, column = 0; at < cells.length; at += 4) {
    column += cells[at];
    yield [column, cells[at + 1], cells[at + 2], cells[at + 3]];
  }
}

/** What a row has of other lists: a list each, the rows in it, and what is left out. */
function detailsOf(row) {
  return data.cross.flatMap((cross) => {
    if (cross.rows === row.list) {
      const others = cross.others?.[row.place] ?? null;
      return [{ list: cross.columns, rows: [...cellsOf(cross.cells[row.place])].map((cell) => rowOfCell(cross.columns, cell)), others }];
    }
    if (cross.columns !== row.list) return [];
    const rows = cross.cells.flatMap((cells, place) => {
      for (const [column, ...numbers] of cellsOf(cells)) {
        if (column === row.place) return [rowOfCell(cross.rows, [place, ...numbers])];
      }
      return [];
    });
    return [{ list: cross.rows, rows, others: null }];
  }).filter((detail) => detail.rows.length > 0);
}

function rowOfCell(id, [place, requests, errors, limited]) {
  const list = data.lists[id];
  return { list: id, place, name: list.names[place], id: list.ids?.[place] ?? null, requests, errors, limited, series: null };
}

// Cells

/** A text that may break behind each slash. */
function breakable(text) {
  return text.split(/(?<=\/)/).flatMap((piece, index) => (index ? [element("wbr"), piece] : [piece]));
}

function mark(part, all, [notice, warning]) {
  const rate = part / all;
  if (!(rate >= notice)) return null;
  const [word, shape] = rate >= warning ? ["warning", "▲"] : ["notice", "●"];
  return element("span", { class: `mark ${word}`, role: "img", "aria-label": word }, shape);
}

function partCell(row, number, marked) {
  if (!number) return element("td", {}, number === null ? "–" : "0");
  return element("td", {}, element("span", { class: "count" }, count(number)), " ",
    element("span", { class: "rate" }, marked, percent(number / row.requests)));
}

function shareCell(requests, all) {
  const share = all ? (requests ?? 0) / all : 0;
  const bar = svgElement("svg", { class: "bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    svgElement("rect", { width: (share * 100).toFixed(1), height: 8 }));
  return element("td", { class: "share" }, bar, requests === null || !all ? "–" : percent(share));
}

function trendCell(series) {
  const cell = element("td", { class: "trend" });
  if (!series) return cell;
  const largest = Math.max(...series, 1);
  const step = 132 / series.length;
  const path = series.map((requests, index) => requests === null ? ""
    : `M${(step * (index + 0.5)).toFixed(1)} 20v-${Math.max(requests / largest * 19, 0.7).toFixed(1)}`).join("");
  cell.append(svgElement("svg", { class: "spark", viewBox: "0 0 132 20", "aria-hidden": "true" },
    svgElement("path", { d: path, "stroke-width": Math.min(step * 0.72, 10).toFixed(2) })));
  return cell;
}

function numberCells(row, all) {
  const others = row.errors === null || row.limited === null ? null : row.errors - row.limited;
  return [
    element("td", {}, count(row.requests)),
    shareCell(row.requests, all),
    partCell(row, row.errors, mark(others, row.requests, data.marks.errors)),
    partCell(row, row.limited, mark(row.limited, row.requests, data.marks.limited)),
  ];
}

// Tables

/** A table whose rows can be sorted, searched and opened. `all` is what shares are of. */
class Table {
  constructor({ table, rows, all, hasTrend, opens, left = null }) {
    Object.assign(this, { table, rows, all, hasTrend, opens, left });
    this.sorted = { column: "requests", descending: true };
    this.query = "";
    this.showsAll = false;
    this.open = new Map();
    this.addSorting();
    this.addTools();
    this.draw();
  }

  addSorting() {
    for (const head of this.table.tHead.rows[0].cells) {
      const column = head.dataset.sort;
      if (!column || head.classList.contains("share")) continue;
      const button = element("button", { type: "button" }, head.textContent);
      head.replaceChildren(button);
      button.addEventListener("click", () => this.sortBy(column));
    }
  }

  sortBy(column) {
    const isSame = this.sorted.column === column;
    this.sorted = { column, descending: isSame ? !this.sorted.descending : column !== "name" };
    for (const head of this.table.tHead.rows[0].cells) {
      const isSorted = head.dataset.sort === column && !head.classList.contains("share");
      if (isSorted) head.setAttribute("aria-sort", this.sorted.descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    this.draw();
  }

  addTools() {
    this.status = element("span", { class: "status", role: "status" });
    this.more = element("button", { type: "button", class: "more" });
    this.more.addEventListener("click", () => {
      this.showsAll = !this.showsAll;
      this.draw();
    });
    this.foot = element("div", { class: "foot" }, this.more, this.status);
    this.table.after(this.foot);
  }

  search(query) {
    this.query = query.trim().toLowerCase();
    this.draw();
  }

  /** The rows that are searched for, in order. What is not known stays at the end. */
  found() {
    const { column, descending } = this.sorted;
    const has = (text) => text !== null && text.toLowerCase().includes(this.query);
    const rows = this.rows.filter((row) => !this.query || has(row.name) || has(row.id));
    const sign = descending ? -1 : 1;
    return rows.sort((a, b) => {
      const [x, y] = [a[column], b[column]];
      if (x === null || y === null) return (x === null) - (y === null);
      return sign * (column === "name" ? x.localeCompare(y, "en") : x - y) || a.place - b.place;
    });
  }

  draw() {
    const found = this.found();
    const shown = this.showsAll ? found : found.slice(0, data.top);
    this.table.tBodies[0].replaceChildren(...shown.flatMap((row) => this.rowsOf(row)));
    this.drawFoot(found, shown.length);
  }

  drawFoot(found, shown) {
    const hidden = found.length - shown;
    this.more.hidden = found.length <= data.top;
    this.more.textContent = this.showsAll ? `Show ${data.top} only` : `Show all ${count(found.length)}`;
    const said = [];
    if (this.query) said.push(`${count(found.length)} of ${count(this.rows.length)} found`);
    if (hidden) {
      const rest = found.slice(shown).reduce((sum, row) => sum + (row.requests ?? 0), 0);
      said.push(`${count(hidden)} others with ${count(rest)} requests${this.all ? ` (${percent(rest / this.all)})` : ""}`);
    }
    if (this.left) said.push(`${count(this.left[0])} more are not in this page${this.left[1] === null ? "" : `: ${count(this.left[1])} requests`}`);
    this.status.textContent = said.join("; ");
    this.foot.hidden = this.more.hidden && !said.length;
  }

  rowsOf(row) {
    const name = this.opens ? this.opener(row) : element("span", {}, ...breakable(row.name));
    const head = element("th", { scope: "row" }, name);
    const cells = numberCells(row, this.all);
    if (this.hasTrend) cells.push(trendCell(row.series));
    const made = element("tr", this.opens ? { id: `${row.list}-${row.place}` } : {}, head, ...cells);
    const panel = this.open.get(row.place);
    return panel ? [made, panel] : [made];
  }

  opener(row) {
    const isOpen = this.open.has(row.place);
    const button = element("button", { type: "button", class: "open", "aria-expanded": String(isOpen) }, ...breakable(row.name));
    button.addEventListener("click", () => this.toggle(row, button));
    return button;
  }

  toggle(row, button) {
    const panel = this.open.get(row.place);
    button.setAttribute("aria-expanded", String(!panel));
    if (panel) {
      panel.remove();
      this.open.delete(row.place);
    } else {
      const made = element("tr", { class: "inner" }, element("td", { colspan: this.columns() }, panelOf(row)));
      this.open.set(row.place, made);
      button.closest("tr").after(made);
    }
  }

  /** How many columns are shown: narrow screens have fewer. */
  columns() {
    return [...this.table.tHead.rows[0].cells].filter((head) => head.offsetParent !== null).length;
  }

  /** Shows the row at `place`, open. */
  reveal(place) {
    const row = this.rows.find((other) => other.place === place);
    if (!row) return;
    const id = `${row.list}-${place}`;
    if (!document.getElementById(id)) {
      this.query = "";
      this.showsAll = true;
      this.draw();
    }
    const button = document.getElementById(id).querySelector("button.open");
    if (!this.open.has(place)) this.toggle(row, button);
    button.scrollIntoView({ block: "center" });
    button.focus({ preventScroll: true });
  }
}

/** What a row opens into: its id, and what it has of other lists. */
function panelOf(row) {
  const parts = detailsOf(row).map((detail) => {
    const list = data.lists[detail.list];
    const heading = element("h3", {}, `${list.plural} of ${row.name}`, element("span", { class: "dim" }, ` ${count(detail.rows.length)}`));
    const table = element("table", {}, headOf(list), element("tbody"));
    const part = element("div", {}, heading, table);
    new Table({ table, rows: detail.rows, all: row.requests, hasTrend: false, opens: false, left: detail.others });
    return part;
  });
  return element("div", { class: "panel" }, copyable(row.id ?? row.name), ...parts);
}

function headOf(list) {
  const columns = [[list.singular, "name"], ["Requests", "requests"], ["Share", "requests"], ["Errors", "errors"], ["429", "limited"]];
  const heads = columns.map(([name, sort]) => element("th", {
    scope: "col", "data-sort": sort, ...(name === "Share" && { class: "share" }), ...(name === "Requests" && { "aria-sort": "descending" }),
  }, name[0].toUpperCase() + name.slice(1)));
  return element("thead", {}, element("tr", {}, ...heads));
}

/** A text with a button that copies it. */
function copyable(text) {
  const code = element("code", {}, text);
  const button = element("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      // Without permission the text is selected, so that it can be copied by hand.
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
  });
  return element("p", { class: "id" }, code, " ", button);
}

const tables = new Map();

function startTables() {
  for (const section of document.querySelectorAll("section.list")) {
    const id = section.dataset.list;
    const list = data.lists[id];
    const rows = rowsOfList(id);
    const left = list.count > rows.length ? [list.count - rows.length, null] : null;
    const table = section.querySelector("table");
    const hasTrend = section.querySelector("th.trend") !== null;
    const made = new Table({ table, rows, all: data.requests, hasTrend, opens: id !== "day", left });
    section.querySelector("h2 .dim").textContent = count(list.count);
    if (rows.length > data.top) {
      const field = element("input", { type: "search", placeholder: "Search", "aria-label": `Search ${list.plural}` });
      field.addEventListener("input", () => made.search(field.value));
      section.querySelector(".title").append(field);
    }
    tables.set(id, made);
  }
}

/** Opens the row that the address names. */
function followAddress() {
  const [, list, place] = /^#([a-z]+)-(\d+)$/.exec(location.hash) ?? [];
  tables.get(list)?.reveal(Number(place));
}

// Chart

/** Draws the bars of the classes that are switched on, with an axis of their own. */
function drawBars(figure) {
  const { top, floor, classes } = data.chart;
  const pressed = [...figure.querySelectorAll(".class[aria-pressed=true]")].map((button) => button.dataset.class);
  const visible = Object.keys(classes).length === 1 ? Object.keys(classes) : pressed;
  const bars = [...figure.querySelectorAll(".hit")];
  const sums = bars.map((_, index) => visible.reduce((sum, name) => sum + classes[name][index], 0));
  const isWhole = pressed.length === figure.querySelectorAll(".class").length;
  const axis = isWhole ? figure.wholeAxis : ticks(Math.max(...sums));
  const heightOf = (requests) => requests / axis.at(-1) * (floor - top);
  const [step, width] = [100 / bars.length, Math.min(78 / bars.length, 5)];
  bars.forEach((bar, index) => {
    bar.querySelectorAll("rect:not(.over)").forEach((rect) => rect.remove());
    let y = floor;
    for (const name of visible) {
      const height = heightOf(classes[name][index]);
      y -= height;
      if (height > 0) {
        bar.append(svgElement("rect", {
          class: name, x: `${(step * index + (step - width) / 2).toFixed(3)}%`, y: y.toFixed(2), width: `${width.toFixed(3)}%`, height: height.toFixed(2),
        }));
      }
    }
  });
  const yOf = (tick) => (floor - heightOf(tick)).toFixed(1);
  figure.querySelector(".scale").replaceChildren(...axis.map((tick) => svgElement("text", { x: 40, y: Number(yOf(tick)) + 4 }, short(tick))));
  figure.querySelector(".lines").replaceChildren(...axis.map((tick) =>
    svgElement("line", { class: tick ? "grid" : "axis", x1: 0, x2: "100%", y1: yOf(tick), y2: yOf(tick) })));
  // The earlier period and the pace are of all requests.
  figure.querySelector(".compared").classList.toggle("off", !isWhole);
}

/** Switches classes: a click shows one alone, or all again; with Shift or Ctrl it adds or removes one. */
function startClasses(figure) {
  const buttons = [...figure.querySelectorAll(".class")];
  const isOn = (button) => button.getAttribute("aria-pressed") === "true";
  const turn = (button, on) => button.setAttribute("aria-pressed", String(on));
  for (const button of buttons) {
    button.disabled = false;
    button.title = "Show these alone; with Shift, add or remove them";
    button.addEventListener("click", (event) => {
      if (event.shiftKey || event.ctrlKey || event.metaKey) turn(button, !isOn(button));
      else if (isOn(button) && buttons.filter(isOn).length === 1) buttons.forEach((other) => turn(other, true));
      else buttons.forEach((other) => turn(other, other === button));
      if (!buttons.some(isOn)) buttons.forEach((other) => turn(other, true));
      drawBars(figure);
    });
  }
}

/** Shows what a bar is beside the pointer, and at the arrow keys. */
function startTips(figure) {
  const tip = element("div", { id: "tip", role: "status" });
  tip.hidden = true;
  document.body.append(tip);
  const bars = [...figure.querySelectorAll(".hit")];
  const texts = bars.map((bar) => {
    const title = bar.querySelector("title");
    title.remove();
    return title.textContent;
  });
  let current = -1;
  const show = (index, x, y) => {
    bars[current]?.classList.remove("current");
    current = index;
    bars[index].classList.add("current");
    tip.textContent = texts[index];
    tip.hidden = false;
    const top = y + 18 + tip.offsetHeight > innerHeight ? y - tip.offsetHeight - 12 : y + 18;
    tip.style.left = `${Math.max(Math.min(x + 14, innerWidth - tip.offsetWidth - 8), 8)}px`;
    tip.style.top = `${Math.max(top, 8)}px`;
  };
  const hide = () => {
    bars[current]?.classList.remove("current");
    tip.hidden = true;
  };
  bars.forEach((bar, index) => {
    bar.addEventListener("pointermove", (event) => show(index, event.clientX, event.clientY));
    bar.addEventListener("pointerleave", hide);
  });
  const svg = figure.querySelector("svg.bars");
  svg.setAttribute("tabindex", "0");
  svg.setAttribute("role", "application");
  svg.setAttribute("aria-roledescription", "chart; arrow keys read the bars");
  svg.addEventListener("blur", hide);
  svg.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: current + 1, ArrowLeft: Math.max(current, 1) - 1, Home: 0, End: bars.length - 1 };
    if (event.key === "Escape") hide();
    if (!(event.key in steps)) return;
    event.preventDefault();
    const index = Math.min(steps[event.key], bars.length - 1);
    const box = bars[index].getBoundingClientRect();
    show(index, box.right, box.top);
  });
}

function startChart() {
  const figure = document.getElementById("chart");
  if (!figure) return;
  const unit = { k: 1e3, M: 1e6, G: 1e9 };
  figure.wholeAxis = [...figure.querySelectorAll(".scale text")].map(({ textContent: text }) => parseFloat(text) * (unit[text.at(-1)] ?? 1));
  startTips(figure);
  startClasses(figure);
}

function startTheme() {
  const root = document.documentElement;
  const button = document.querySelector("button.theme");
  button.hidden = false;
  button.addEventListener("click", () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
  });
}

startTheme();
startTables();
startChart();
addEventListener("hashchange", followAddress);
followAddress();
