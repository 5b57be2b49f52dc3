// The rows of the lists, and what each has of other lists.

const data = JSON.parse(document.getElementById("data").textContent);

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
