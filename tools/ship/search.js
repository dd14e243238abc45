// Finds the sections of the book in which every word stands; the index is in the page, so it works from a file.
const fold = text => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()
  .replace(/([iy])z(?=[eia])/g, "$1s").replace(/colour/g, "color");
const index = JSON.parse(document.getElementById("index").textContent).map(
  ([page, title, target, text]) => ({page, title, target, text, in: fold(text), titled: fold(title), paged: fold(page)}));
const field = document.querySelector("main input"), list = document.querySelector("main ol");
const status = document.querySelector("main [role=status]");
const LONGEST = 40; // results

const starts = word => new RegExp((/^\w/.test(word) ? "(?<![\\p{L}\\p{N}])" : "") +
  word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "gu");

function score(section, words) {
  let sum = 0;
  for (const word of words) {
    const count = text => (text.match(starts(word)) || []).length;
    const found = 12 * count(section.titled) + 4 * count(section.paged) + Math.min(count(section.in), 5);
    if (!found) return 0;
    sum += found + (section.titled === word ? 30 : 0);
  }
  return sum + (section.titled === words.join(" ") ? 30 : 0);
}

function excerpt(section, words) {
  const at = Math.max(0, Math.min(...words.map(word => section.in.search(starts(word))).filter(k => k >= 0), 1e9));
  const from = at === 1e9 ? 0 : Math.max(0, section.text.lastIndexOf(" ", Math.max(0, at - 60)) + 1);
  const text = section.text.slice(from, from + 200), paragraph = document.createElement("p");
  const spans = words.flatMap(word => [...fold(text).matchAll(starts(word))].map(m => [m.index, m.index + m[0].length]));
  let end = 0;
  paragraph.append(from ? "… " : "");
  for (const [a, b] of spans.sort((x, y) => x[0] - y[0])) {
    if (a < end) continue;
    const mark = document.createElement("mark");
    mark.append(text.slice(a, b));
    paragraph.append(text.slice(end, a), mark);
    end = b;
  }
  paragraph.append(text.slice(end), from + 200 < section.text.length ? " …" : "");
  return paragraph;
}

function show() {
  const words = fold(field.value).split(/\s+/).filter(Boolean);
  const found = words.length ? index.map(section => [score(section, words), section]).filter(([s]) => s)
    .sort((a, b) => b[0] - a[0]) : [];
  list.replaceChildren(...found.slice(0, LONGEST).map(([, section]) => {
    const item = document.createElement("li"), link = document.createElement("a");
    link.href = section.target;
    link.append(section.title);
    const page = document.createElement("small");
    page.append(section.page);
    item.append(link, " ", page, excerpt(section, words));
    return item;
  }));
  status.textContent = !words.length ? "" : !found.length ? "Nothing found."
    : `${found.length} section${found.length > 1 ? "s" : ""}` +
      (found.length > LONGEST ? `, the best ${LONGEST} of them:` : ":");
}

field.value = new URLSearchParams(location.search).get("q") || "";
field.addEventListener("input", () => {
  history.replaceState(null, "", "?" + new URLSearchParams({q: field.value}));
  show();
});
document.querySelector("main form").addEventListener("submit", event => event.preventDefault());
show();
