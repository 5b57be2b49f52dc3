// The cells of a row.

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
