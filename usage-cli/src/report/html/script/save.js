// Rows as a file.

/** A cell of CSV. A text that a spreadsheet would run as a formula begins with an apostrophe. */
function csvCell(value) {
  const text = value === null ? "" : typeof value === "number" ? String(value) : value.replace(/^(?=[=+\-@\t\r])/, "'");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvOf(list, rows) {
  const head = [data.lists[list].singular, "id", "requests", "errors", "429"];
  const lines = rows.map((row) => [row.name, row.id, row.requests, row.errors, row.limited]);
  return [head, ...lines].map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("");
}

function saveCsv(list, rows) {
  const url = URL.createObjectURL(new Blob([csvOf(list, rows)], { type: "text/csv;charset=utf-8" }));
  element("a", { href: url, download: `${list}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
