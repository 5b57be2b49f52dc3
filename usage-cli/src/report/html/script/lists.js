// The lists of the page, and what their rows open into.

/** What a row opens into: its id, and what it has of other lists. */
function panelOf(row) {
  const parts = detailsOf(row).map((detail) => {
    const list = data.lists[detail.list];
    const heading = element("h3", {}, `${list.plural} of ${row.name}`, element("span", { class: "dim" }, ` ${count(detail.rows.length)}`));
    const table = element("table", {}, headOf(list), element("tbody"));
    const part = element("div", {}, heading, table);
    const made = new Table({ table, list: detail.list, rows: detail.rows, all: row.requests, hasTrend: false, opens: false, left: detail.others && { count: detail.others[0], requests: detail.others[1] } });
    heading.append(made.saver());
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
    const left = list.count > rows.length ? { count: list.count - rows.length, requests: null } : null;
    const table = section.querySelector("table");
    const hasTrend = section.querySelector("th.trend") !== null;
    const made = new Table({ table, list: id, rows, all: data.requests, hasTrend, opens: id !== "day", left });
    section.querySelector("h2 .dim").textContent = count(list.count);
    const tools = element("div", { class: "tools" });
    if (rows.length > data.top) {
      const field = element("input", { type: "search", placeholder: "Search", "aria-label": `Search ${list.plural}` });
      field.addEventListener("input", () => made.search(field.value));
      tools.append(field);
    }
    tools.append(made.saver());
    section.querySelector(".title").append(tools);
    tables.set(id, made);
  }
}

/** Opens the row that the address names. */
function followAddress() {
  const [, list, place] = /^#([a-z]+)-(\d+)$/.exec(location.hash) ?? [];
  tables.get(list)?.reveal(Number(place));
}
