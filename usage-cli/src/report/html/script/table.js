const byName = new Intl.Collator("en", { numeric: true });

/** A table of rows of `list` that can be sorted, searched, opened and saved. Shares are of `all`. */
class Table {
  constructor({ table, list, rows, all, hasTrend, opens, left = null }) {
    Object.assign(this, { table, list, rows, all, hasTrend, opens, left });
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

  /** A button that saves the rows that are searched for, in their order. */
  saver() {
    const button = element("button", { type: "button", class: "save", title: "Save these rows in this order" }, "CSV");
    button.addEventListener("click", () => saveCsv(this.list, this.found()));
    return button;
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
      return sign * (column === "name" ? byName.compare(x, y) : x - y) || a.place - b.place;
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
      said.push(`${count(hidden)} ${hidden === 1 ? "other" : "others"} with ${count(rest)} requests${this.all ? ` (${percent(rest / this.all)})` : ""}`);
    }
    if (this.left) said.push(`${count(this.left.count)} more are not in this page${this.left.requests === null ? "" : `: ${count(this.left.requests)} requests`}`);
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
