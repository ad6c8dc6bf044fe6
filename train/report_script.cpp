#include "train/report_sections.h"

namespace heddle::report {

// Only what a page without scripts cannot do: values under the pointer (or the arrow keys) on
// charts, a button that copies the command, and folded parts opened for printing. Text reaches the
// page by textContent alone.
std::string_view page_script() {
  return R"js(
(() => {
  const text = (value, unit) => {
    if (unit === 'fraction') return (100 * value).toFixed(1) + '\u202f%';
    if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(2);
    return Number(value.toPrecision(4)).toLocaleString('en');
  };
  const nearest = (values, wanted) => {
    let best = 0;
    for (let i = 1; i < values.length; i++)
      if (Math.abs(values[i] - wanted) < Math.abs(values[best] - wanted)) best = i;
    return best;
  };
  const add = (parent, tag, name, content) => {
    const made = parent.appendChild(document.createElement(tag));
    if (name) made.className = name;
    if (content !== undefined) made.textContent = content;
    return made;
  };
  for (const plot of document.querySelectorAll('.plot')) {
    const { low, high, unit, across } = plot.dataset;
    const lines = [...plot.querySelectorAll('path[data-x]')].map((path) => ({
      name: path.dataset.name,
      colour: getComputedStyle(path).stroke,
      x: path.dataset.x.split(' ').filter(Boolean).map(Number),
      y: path.dataset.y.split(' ').filter(Boolean).map(Number),
    })).filter((line) => line.x.length > 0);
    if (!lines.length) continue;
    let hair, tip, at;
    const hide = () => { hair?.remove(); tip?.remove(); hair = tip = undefined; };
    const show = (x) => {
      hide();
      const guide = lines.reduce((a, b) => (b.x.length > a.x.length ? b : a));
      at = guide.x[nearest(guide.x, x)];
      const place = (at - low) / (high - low);
      hair = add(plot, 'div', 'hair');
      hair.style.left = 100 * place + '%';
      tip = add(plot, 'div', 'tip');
      add(tip, 'div', '', across + ' ' + text(at, 'number'));
      for (const line of lines) {
        const row = add(tip, 'div', '', line.name);
        row.style.setProperty('--c', line.colour);
        add(row, 'b', '', text(line.y[nearest(line.x, at)], unit));
      }
      const room = plot.clientWidth - tip.offsetWidth;
      const left = place * plot.clientWidth;
      tip.style.left = Math.max(0, Math.min(room, left > room - 12 ? left - tip.offsetWidth - 12 : left + 12)) + 'px';
    };
    plot.addEventListener('pointermove', (event) => {
      const box = plot.getBoundingClientRect();
      show(Number(low) + (high - low) * (event.clientX - box.left) / box.width);
    });
    plot.addEventListener('pointerleave', hide);
    plot.addEventListener('blur', hide);
    plot.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      show((at ?? (step > 0 ? Number(low) : Number(high))) + step * (high - low) / 40);
    });
  }
  const command = document.querySelector('.command');
  if (command && navigator.clipboard) {
    const button = document.createElement('button');
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(command.querySelector('code').textContent);
      button.textContent = 'Copied';
    });
    command.prepend(button);
  }
  addEventListener('beforeprint', () => {
    for (const part of document.querySelectorAll('details:not(.numbers)')) part.open = true;
  });
})();
)js";
}

}  // namespace heddle::report
