// MathJax reads this when it starts. The widget manager still calls the Hub of MathJax 2, with what
// it has just shown: a quiz holds formulas.
const Queue = ([, , shown]) => {
  MathJax.startup.promise = MathJax.startup.promise.then(() => MathJax.typesetPromise([shown]));
};
window.MathJax = {
  tex: { inlineMath: [["$", "$"]], processEscapes: true },
  options: { enableMenu: false, ignoreHtmlClass: "live|quiz|output" },
  startup: {
    ready() {
      MathJax.startup.defaultReady();
      MathJax.startup.promise.then(() => reach(document.querySelectorAll(WIDE)));
      MathJax.Hub = { Queue };
    },
  },
};

const root = document.documentElement;

document.querySelector(".theme").addEventListener("click", () => {
  const now = root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
  try { localStorage.theme = root.dataset.theme; } catch { /* a private window: this page only */ }
});

// Sections have the same names in both languages: the other page opens where this one stands.
document.querySelector(".language").addEventListener("click", (event) => {
  const places = document.querySelectorAll("main :is(section, h2, h3)[id]");
  const passed = [...places].filter((e) => e.getBoundingClientRect().top < 90);
  const link = event.currentTarget;
  link.href = link.href.split("#")[0] + (scrollY > 90 && passed.length ? "#" + passed.at(-1).id : "");
});

// The contents mark the section that is read: the last one whose heading has passed a line below the
// bar. At the end of the page headings no longer come up that far; there the line moves down to the lower edge.
const links = [...document.querySelectorAll(".contents.wide a")];
const mark = () => {
  const below = root.scrollHeight - innerHeight - scrollY;
  const line = Math.max(120, innerHeight - below);
  const passed = links.filter((a) => document.getElementById(a.hash.slice(1)).getBoundingClientRect().top < line);
  for (const link of links) link.ariaCurrent = link === passed.at(-1) ? "true" : null;
};
addEventListener("scroll", mark, { passive: true });
new ResizeObserver(mark).observe(document.body); // sliders come, answers unfold
mark();

// Widgets leave their handles without a name and report the position, not the value. The list beside a
// slider has both.
const name = (handle, list, label) => {
  const say = () => handle.setAttribute("aria-valuetext", list.options[Math.round(handle.ariaValueNow)].text);
  handle.setAttribute("aria-label", label.textContent);
  new MutationObserver(say).observe(handle, { attributeFilter: ["aria-valuenow"] });
  say();
};
// What scrolls sideways can be scrolled by keyboard, and shows where it goes on; what does not is not
// a tab stop.
const WIDE = "main :is(.source, .prose .highlight, pre.output, .scroll, .frame, .still, mjx-container[display])";
const more = (box) => {
  const left = box.scrollLeft > 1;
  const right = box.scrollLeft + box.clientWidth < box.scrollWidth - 1;
  box.dataset.more = left && right ? "both" : left ? "left" : right ? "right" : "";
};
const boxes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    more(target);
    if (target.dataset.more) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
document.addEventListener("scroll", ({ target }) => { if (target.dataset?.more) more(target); }, { capture: true, passive: true });
const reach = (elements) => { for (const box of elements) boxes.observe(box); };

// The still picture goes once every line of its slider is there and the first picture can be seen.
const exchange = (figure) => {
  const lines = Number(figure.querySelector(".still").style.getPropertyValue("--sliders"));
  const live = figure.querySelector(".widget-subarea");
  const picture = live && [...live.querySelectorAll("img")].find((image) => image.offsetParent);
  if (!picture || live.querySelectorAll(".noUi-handle").length < lines) return;
  picture.decode().then(() => figure.classList.add("ready"));
};

const named = new WeakSet();
for (const figure of document.querySelectorAll(".live")) {
  new MutationObserver(() => {
    exchange(figure);
    reach(figure.querySelectorAll(".widget-vbox > :last-child"));
    for (const line of figure.querySelectorAll(".widget-hbox")) {
      const parts = [".noUi-handle", "select", ".widget-label"].map((s) => line.querySelector(s));
      if (!named.has(line) && parts.every(Boolean) && parts[1].options.length) { named.add(line); name(...parts); }
    }
  }).observe(figure, { childList: true, subtree: true });
}

// On a phone a picture is shown whole, and enlarged on request.
for (const button of document.querySelectorAll(".enlarge")) {
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", button.closest("figure").classList.toggle("large"));
  });
}

// What lies folded has had no size: its sliders take their still picture's place when it opens.
for (const details of document.querySelectorAll(".predict details")) {
  details.addEventListener("toggle", () => {
    for (const figure of details.querySelectorAll(".live:not(.ready)")) requestAnimationFrame(() => exchange(figure));
  });
}

// A prediction is kept in this browser, and stands in the overview at the lesson's end.
const rows = [...document.querySelectorAll(".tc-predictions tbody tr")];
const chosen = (radio) => {
  radio.checked = true;
  const row = rows.find((row) => row.cells[0].textContent === radio.dataset.about);
  if (row) row.cells[1].textContent = radio.parentElement.querySelector("span").textContent;
};
for (const radio of document.querySelectorAll(".predict input")) {
  const place = `${location.pathname}#${radio.name}`;
  try { if (localStorage[place] === radio.value) chosen(radio); } catch { /* a private window */ }
  radio.addEventListener("change", () => {
    chosen(radio);
    try { localStorage[place] = radio.value; } catch { /* not kept, then */ }
  });
}
