// The table of organizations, whose rows hold the numbers that they are sorted by.

function startOrganizations() {
  for (const table of document.querySelectorAll(".organizations > table")) {
    const heads = [...table.tHead.rows[0].cells].filter((head) => head.dataset.sort && !head.classList.contains("share"));
    for (const head of heads) {
      const button = element("button", { type: "button" }, head.textContent);
      head.replaceChildren(button);
      button.addEventListener("click", () => sortOrganizations(table.tBodies[0], head, heads));
    }
  }
}

/** Sorts the rows by the column of `head`, the other way if they are sorted by it. What is not known stays at the end. */
function sortOrganizations(body, head, heads) {
  const key = head.dataset.sort;
  const before = head.getAttribute("aria-sort");
  const isDescending = before ? before === "ascending" : key !== "name";
  const sign = isDescending ? -1 : 1;
  const compare = ({ dataset: { [key]: a } }, { dataset: { [key]: b } }) => {
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    return sign * (key === "name" ? byName.compare(a, b) : Number(a) - Number(b));
  };
  body.append(...[...body.rows].sort(compare));
  for (const other of heads) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
}
