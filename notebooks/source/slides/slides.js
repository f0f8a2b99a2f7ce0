// Formulas are in place before reveal.js takes over; a running slider shows the frame of its values.
window.MathJax = {
  tex: { inlineMath: [["$", "$"]], processEscapes: true },
  options: { enableMenu: false },
};

for (const slide of document.querySelectorAll(".slider:has(.frames)")) {
  const inputs = [...slide.querySelectorAll("input")], frames = slide.querySelectorAll(".frames img");
  const show = () => {
    const place = inputs.reduce((place, input) => place * (Number(input.max) + 1) + Number(input.value), 0);
    frames.forEach((frame, number) => { frame.hidden = number !== place; });
    for (const input of inputs) {
      const value = input.list.options[input.value].label;
      input.ariaValueText = input.labels[0].nextElementSibling.nextElementSibling.value = value;
    }
  };
  slide.addEventListener("input", show);
  // The slider has the arrow keys while it has the keyboard; a presenter's remote still turns pages.
  slide.addEventListener("keydown", (event) => {
    if (/^(Arrow|Home|End|Tab)/.test(event.key)) return;
    event.preventDefault();
    document.activeElement.blur();
  });
  show();
}

addEventListener("DOMContentLoaded", async () => {
  await MathJax.startup.promise;
  // The speaker's window has no style that would hide what is there for screen readers.
  document.querySelectorAll(".notes mjx-assistive-mml").forEach((hidden) => hidden.remove());
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0, minScale: 0.1, maxScale: 4, center: false, hash: true,
    transition: "none", controls: false, plugins: [RevealNotes],
  });
  Reveal.on("slidechanged", () => document.activeElement.blur());
});
