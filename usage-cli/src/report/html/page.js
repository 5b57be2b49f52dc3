"use strict";
(() => {
  // A click on a column's head sorts its table: first the largest, or the first in the alphabet, then the other way.
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = head.querySelector("button");
      if (!button) return;
      const key = (row) => row.cells[column].dataset.v;
      const isNumber = head.dataset.kind === "number";
      button.addEventListener("click", () => {
        const before = head.getAttribute("aria-sort");
        const first = isNumber ? "descending" : "ascending";
        const order = before === first ? (isNumber ? "ascending" : "descending") : first;
        const sign = order === "ascending" ? 1 : -1;
        const rows = [...body.rows].sort((a, b) => {
          const [x, y] = [key(a), key(b)];
          // What is absent stays at the end.
          if (x === "" || y === "") return (x === "") - (y === "");
          return sign * (isNumber ? Number(x) - Number(y) : x.localeCompare(y));
        });
        body.append(...rows);
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", order);
      });
    });
  }

  // Titles of chart parts show at once, beside the pointer.
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  document.body.append(tip);
  for (const part of document.querySelectorAll(".hit")) {
    const title = part.querySelector("title");
    const text = title.textContent;
    title.remove();
    part.setAttribute("aria-label", text);
    part.addEventListener("pointerenter", () => { tip.textContent = text; tip.hidden = false; });
    part.addEventListener("pointerleave", () => { tip.hidden = true; });
    part.addEventListener("pointermove", (event) => {
      const { innerWidth, innerHeight } = window;
      const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
      const top = event.clientY + 18 + tip.offsetHeight > innerHeight
        ? event.clientY - tip.offsetHeight - 12 : event.clientY + 18;
      tip.style.left = `${Math.max(left, 8)}px`;
      tip.style.top = `${Math.max(top, 8)}px`;
    });
  }

  const root = document.documentElement;
  const button = document.querySelector("button.theme");
  button.hidden = false;
  button.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark"
      : window.matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
})();
