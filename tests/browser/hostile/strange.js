// Runs in our own pages: what is in them that they never have, and the text that could turn its surroundings around.
() => {
  const found = [];
  const note = (element) => found.push(element.outerHTML.slice(0, 200));
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      const leads = /^(href|src|action|formaction|data|poster|srcdoc|style|srcset)$/.test(name);
      if (name.startsWith("on") || (leads && /^\s*(javascript|vbscript|data:text)/i.test(value))) {
        found.push(`${name}=${value}`);
      }
    }
    if (element.localName === "img" && new URL(element.src, location).origin !== location.origin) note(element);
    if (/^(base|object|embed|frame|math|applet)$/.test(element.localName)) note(element);
    if (element.localName === "script" && !element.src && element.type !== "application/json") note(element);
  }
  if (document.cookie) found.push(`cookie ${document.cookie}`);
  if (window.opener) found.push("an opener");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let loose = "";
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    const isolated = /isolate|plaintext/.test(getComputedStyle(parent).unicodeBidi);
    // A change of direction ends with its block: where the whole block is the mail's, nothing of ours turns.
    if (!isolated && !parent.closest("bdi, [dir=auto], dd, pre")) loose += walker.currentNode.data;
  }
  return [found, loose];
}
