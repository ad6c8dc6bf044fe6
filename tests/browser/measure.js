// Runs inside a copy of a report, before anything else in it. Collects what goes wrong, measures the
// page once it has loaded, and sends the findings to the page around it.
(() => {
  const problems = [];
  addEventListener('error', (event) => problems.push('script error: ' + event.message));
  addEventListener('unhandledrejection', (event) => problems.push('unhandled: ' + event.reason));
  addEventListener('securitypolicyviolation', (event) =>
    problems.push('blocked by the policy: ' + event.blockedURI));
  for (const level of ['error', 'warn'])
    console[level] = (...words) => problems.push('console: ' + words.join(' '));

  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const over = (front, back) => front.rgb.map((v, i) => v * front.a + back[i] * (1 - front.a));
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => {
      const c = v / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (element) => {
    if (!element) return [255, 255, 255];
    return over(parse(getComputedStyle(element).backgroundColor), background(element.parentElement));
  };
  // Contrast as WCAG 2 defines it: at least 4.5, for large text 3.
  const check_contrast = () => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
      if (['SCRIPT', 'STYLE'].includes(element.tagName)) continue;
      const style = getComputedStyle(element);
      const back = background(element);
      const [a, b] = [luminance(over(parse(style.color), back)), luminance(back)];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const size = parseFloat(style.fontSize);
      if (size < 11) problems.push(`text of ${size} px: ${texts.currentNode.data}`);
      if (contrast < (size >= 24 ? 3 : 4.5))
        problems.push(`contrast ${contrast.toFixed(2)}: ${element.className} ${texts.currentNode.data}`);
    }
  };
  const check_pictures = () => {
    let pictures = 0;
    for (const picture of document.querySelectorAll('img, svg')) {
      // The key of a chart is for narrow windows; labels at the ends of lines replace it elsewhere.
      if (picture.closest('.key') && !picture.checkVisibility()) continue;
      const box = picture.getBoundingClientRect();
      if (!(box.width > 0 && box.height > 0)) problems.push('no size: ' + picture.outerHTML.slice(0, 90));
      if (picture.tagName === 'IMG' && !(picture.complete && picture.naturalWidth > 0))
        problems.push('not decoded: ' + picture.alt);
      if (picture.tagName === 'IMG' && !picture.alt) problems.push('an image without a description');
      pictures++;
    }
    return pictures;
  };
  const check_hover = () => {
    for (const plot of document.querySelectorAll('.plot')) {
      const box = plot.getBoundingClientRect();
      for (const place of [0.01, 0.5, 0.99]) {
        plot.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + place * box.width }));
        const tip = plot.querySelector('.tip');
        if (!tip || !/\d/.test(tip.textContent)) problems.push('no values under the pointer');
        check_width('with values shown');
      }
      plot.dispatchEvent(new PointerEvent('pointerleave'));
      if (plot.querySelector('.tip')) problems.push('the values stay when the pointer is gone');
      plot.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }));
      if (!plot.querySelector('.tip')) problems.push('no values for the arrow keys');
      plot.dispatchEvent(new Event('blur'));
    }
  };
  const check_filter = () => {
    const box = document.querySelector('#only-wrong');
    if (!box) return;
    const shown = () => [...document.querySelectorAll('.sample')].filter((s) => s.checkVisibility());
    const wrong = shown().filter((sample) => sample.classList.contains('wrong')).length;
    box.click();
    if (shown().length !== wrong || wrong === 0) problems.push('the filter shows ' + shown().length);
    box.click();
  };
  const check_width = (when) => {
    const wide = document.documentElement.scrollWidth;
    if (wide > innerWidth) problems.push(`${wide} px wide in a window of ${innerWidth} ${when}`);
  };
  addEventListener('load', () => {
    for (const part of document.querySelectorAll('details')) part.open = true;
    let pictures = 0;
    try {
      check_width('');
      pictures = check_pictures();
      check_contrast();
      check_hover();
      check_filter();
    } catch (error) {
      problems.push('the check itself failed: ' + error.stack);
    }
    if (window.broken) problems.push('text of the report ran as a script');
    for (const entry of performance.getEntriesByType('resource'))
      if (!entry.name.startsWith('data:')) problems.push('requested ' + entry.name);
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
    if (new Set(ids).size !== ids.length) problems.push('an id is used twice');
    parent.postMessage({
      name: window.name, width: innerWidth, pictures, problems,
      dark: matchMedia('(prefers-color-scheme: dark)').matches,
      sections: document.querySelectorAll('main > section, .pair > section').length,
    }, '*');
  });
})();
