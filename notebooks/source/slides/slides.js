// Lays a lesson out on slides: when formulas and pictures stand, every topic (a heading and its
// blocks) is divided into pages on which each block fits. Then reveal.js takes over.
window.MathJax = {
  tex: { inlineMath: [["$", "$"]], processEscapes: true },
  options: { enableMenu: false, ignoreHtmlClass: "source|output" },
};

const WIDTH = 1184, HEIGHT = 720 - 36 - 28; // a slide without its padding, as in slides.css
const SMALLEST = 18;
const height = (first, last) => last.getBoundingClientRect().bottom - first.getBoundingClientRect().top;

// A list may be divided between its items, and a table or code that is too tall between its rows.
const items = (list) => {
  const first = list.start ?? 1;
  return [...list.children].map((item, place) => {
    const alone = list.cloneNode(false);
    alone.className = "item";
    if (list.tagName === "OL") alone.start = first + place;
    alone.append(item);
    return alone;
  });
};

const chunks = (block, room) => {
  const rows = [...block.querySelectorAll("tbody tr")];
  const most = Math.max(1, Math.floor((rows.length * room) / height(block, block)) - 1);
  const parts = [];
  for (let start = 0; start < rows.length; start += most) {
    const part = block.cloneNode(true);
    [...part.querySelectorAll("tbody tr")].forEach((row, i) => (i < start || i >= start + most) && row.remove());
    parts.push(part);
  }
  return parts;
};

// Smaller until it fits, in width and in height, but never too small to be read.
const fit = (block, room) => {
  const inner = block.querySelector("table, pre") ?? block;
  const wide = (element) => element.scrollWidth > element.clientWidth + 1 || element.offsetWidth > WIDTH;
  const fits = () => !wide(inner) && !wide(block) && height(block, block) <= room;
  for (let size = parseFloat(getComputedStyle(inner).fontSize); !fits() && size > SMALLEST; size -= 0.5) {
    inner.style.fontSize = `${size - 0.5}px`;
  }
  if (!fits()) block.classList.add("wrapped");
};

const fitFormula = (formula) => {
  const wide = formula.querySelector("svg").getBoundingClientRect().width;
  if (wide > WIDTH) formula.style.fontSize = `${(WIDTH / wide) * 99}%`;
};

const prepared = (block, room) => {
  block.querySelectorAll("mjx-container[display=true]").forEach(fitFormula);
  if (block.matches("ul, ol") && block.children.length > 1) {
    const parts = items(block);
    block.replaceWith(...parts);
    return parts;
  }
  if (block.matches("figure")) block.querySelector("img").style.maxHeight = `${room}px`;
  else if (block.matches("table, pre, .table, .source, .highlight")) {
    fit(block, room);
    if (block.querySelector("tbody") && height(block, block) > room) {
      const parts = chunks(block, room);
      block.replaceWith(...parts);
      return parts;
    }
  }
  return [block];
};

// What it costs to turn the page between two blocks that belong together.
const turning = (before, after) => {
  if (before.matches("h3")) return 9;
  if (after.matches("h3")) return -0.5;
  if (after.matches(".output") && before.matches(".source, .output")) return 0.4;
  if (before.matches("figure") && after.matches("p")) return 0.6; // the words that explain it
  if (before.textContent.trim().endsWith(":") && before.matches("p, .item")) return 0.8;
  return after.matches(".item") ? 0.3 : 0;
};

// How much smaller a figure must be for its page to hold all of these blocks; a twelfth at
// most, so that its smallest letters stay as tall as they must be.
const squeeze = (blocks, room) => {
  const figure = blocks.find((block) => block.matches("figure"));
  const missing = height(blocks[0], blocks.at(-1)) - room;
  if (missing <= 0) return 0;
  return figure && missing < height(figure, figure) / 12 ? missing : Infinity;
};

// The cheapest division into pages: few of them, evenly filled, turned where it does not hurt.
const divide = (blocks, roomOf) => {
  const best = [{ cost: 0, from: null }];
  for (let end = 1; end <= blocks.length; end++) {
    best[end] = { cost: Infinity, from: end - 1 };
    for (let start = end - 1; start >= 0; start--) {
      const page = blocks.slice(start, end), room = roomOf(start);
      const left = 1 - height(page[0], page.at(-1)) / room;
      const missing = page.length > 1 ? squeeze(page, room) : 0;
      const turn = start ? turning(blocks[start - 1], blocks[start]) : 0;
      const cost = best[start].cost + 1 + 0.5 * left ** 2 + turn + missing / 400;
      if (cost < best[end].cost) best[end] = { cost, from: start };
    }
  }
  const pages = [];
  for (let end = blocks.length; end > 0; end = best[end].from) {
    const page = blocks.slice(best[end].from, end);
    const picture = page.length > 1 && page.find((block) => block.matches("figure"))?.querySelector("img");
    if (picture) picture.style.maxHeight = `${picture.height - squeeze(page, roomOf(best[end].from))}px`;
    pages.unshift(page);
  }
  return pages;
};

const layOut = (topic) => {
  const heading = topic.querySelector("h1, h2");
  const tall = (element) => height(element, element) + parseFloat(getComputedStyle(element).marginBottom);
  const first = HEIGHT - tall(heading);
  const again = heading.cloneNode(true);
  again.className = "again";
  heading.after(again);
  const later = HEIGHT - tall(again);
  again.remove();
  const pages = [...topic.children].flatMap((stage, number) => {
    const blocks = [...stage.children].filter((block) => block !== heading && block.tagName !== "STYLE")
      .flatMap((block) => prepared(block, number ? later : Math.min(first, later)));
    const divided = divide(blocks, (start) => (start || number ? later : first));
    return divided.length || number ? divided : [[]];
  });
  topic.replaceChildren(...pages.map((blocks, place) => {
    const page = document.createElement("section");
    page.className = "page";
    page.append(place ? again.cloneNode(true) : heading, ...blocks);
    return page;
  }));
};

addEventListener("DOMContentLoaded", async () => {
  await MathJax.startup.promise;
  await Promise.all([...document.images].map((image) => image.decode()));
  document.querySelectorAll(".slides > section").forEach(layOut);
  document.documentElement.classList.add("ready");
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0, minScale: 0.1, maxScale: 4, center: false, hash: true,
    transition: "none", controls: false, navigationMode: "linear", // a presenter's one key shows all
  });
});
