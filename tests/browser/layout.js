// Runs in a page: what of it cannot be seen, or makes it scroll sideways, as a list of words.
() => {
  const found = [];
  const width = document.documentElement.clientWidth;
  const named = (element) => `${element.localName}.${element.className} ${element.textContent.trim().slice(0, 60)}`;
  const sideways = document.documentElement.scrollWidth - width;
  if (sideways > 0) {
    found.push(`scrolls sideways by ${sideways}`);
    for (const element of document.querySelectorAll("body *")) {
      const box = element.getBoundingClientRect();
      const beyond = Math.max(box.right - width, -box.left) >= sideways - 1;
      if (beyond && getComputedStyle(element).position !== "static") found.push(`beyond: ${named(element)}`);
    }
  }
  const scrollsOrEnds = (element) => {
    for (let each = element; each && each !== document.body; each = each.parentElement) {
      const style = getComputedStyle(each);
      if (/auto|scroll/.test(style.overflowX) || style.textOverflow === "ellipsis") return true;
    }
    return false;
  };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!own || element.closest(".hidden, .skip, [hidden], [aria-hidden=true], noscript, script, style")) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    if ((box.left < -1 || box.right > width + 1) && !scrollsOrEnds(element)) found.push(`outside: ${named(element)}`);
    const shortened = style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
    const cut = /hidden|clip/.test(style.overflowY) && element.scrollHeight > element.clientHeight + 2;
    if (cut && !shortened) found.push(`cut off: ${named(element)}`);
  }
  return found;
}
