"use strict";
// Without this script the page shows every clause and no filter.
const form = document.querySelector("form.filter");
const rows = [...document.querySelectorAll(".clauses tbody tr")];
const output = form.querySelector("output");

function filter() {
  const { words, level, evidence, verdict } = form.elements;
  const search = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let number = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !(
      search.every((word) => text.includes(word)) &&
      (!level.value || row.dataset.level === level.value) &&
      (!evidence.value || row.dataset.evidence === evidence.value) &&
      (!verdict.value || row.dataset.verdicts.split("|").includes(verdict.value))
    );
    number += !row.hidden;
  }
  output.value = `${number} of ${rows.length} clauses`;
}

// A link to a clause shows the clause, even if the filter hides it.
function reveal() {
  const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (row && row.hidden) {
    form.reset();
    filter();
    row.scrollIntoView();
  }
}

form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(filter));
addEventListener("hashchange", reveal);
form.hidden = false;
filter();
