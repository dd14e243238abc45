// Makes the tables inside .facelm-sortable sortable: the head of each column becomes a button.
// Works from a file; without it the tables stay as they are.
for (const table of document.querySelectorAll(".facelm-sortable table")) {
  const heads = [...table.querySelectorAll("thead th")], body = table.tBodies[0];
  const rows = [...body.rows], status = document.createElement("p");
  status.className = "facelm-status";
  status.setAttribute("role", "status");
  table.closest(".facelm-sortable").append(status);

  // a number where the cell begins with one; a dash, that is, not measured, comes last whatever the direction
  const value = (row, column) => {
    const text = row.cells[column].textContent.trim();
    const number = /^[-+]?\d[\d,]*(\.\d+)?/.exec(text);
    return text === "-" || text === "" ? null : number ? parseFloat(number[0].replace(/,/g, "")) : text.toLowerCase();
  };
  const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b
    : String(a).localeCompare(String(b), "en", {numeric: true});

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("scope", "col");
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sorted = rows.map((row, at) => ({row, at, value: value(row, column)})).sort((a, b) =>
        a.value === null || b.value === null ? (a.value === null) - (b.value === null) || a.at - b.at
          : (down ? -1 : 1) * compare(a.value, b.value) || a.at - b.at);
      body.append(...sorted.map(one => one.row));
      status.textContent = `Sorted by ${button.textContent}, ${down ? "largest first" : "smallest first"}.`;
    });
  });
}
