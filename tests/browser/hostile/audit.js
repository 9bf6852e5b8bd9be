// Runs in a mail's frame: what is in it that no cleaned document has; how many elements its head has; its text.
() => {
  const found = [];
  const note = (element) => found.push(element.outerHTML.slice(0, 200));
  const tags = [
    "script,iframe,frame,frameset,object,embed,applet,portal,fencedframe,form,input,button,select,textarea,svg,math",
    "link,meta,base,video,audio,source,track,picture,template,dialog,details,slot,canvas,map,area,title,marquee",
    "isindex,keygen,bgsound,noscript,param,image",
  ];
  const attributes = new RegExp(
    "^on|^(srcset|action|formaction|ping|download|popover|poster|data|autofocus|contenteditable|is|slot|usemap" +
      "|srcdoc|attributionsrc|xlink:href|tabindex|accesskey|command|itemprop)$",
  );
  const picture = /^data:(image\/(png|gif|jpe?g|webp|bmp|avif);base64,.*|,)$/is;
  for (const element of document.body.querySelectorAll(tags.join())) note(element);
  for (const element of document.querySelectorAll("body, body *")) {
    if (element.shadowRoot || element.localName.includes("-")) note(element);
    for (const { name, value } of element.attributes) {
      if (
        attributes.test(name) ||
        (/^(src|background)$/.test(name) && !picture.test(value)) ||
        (name === "href" && !/^(https?:|mailto:)/i.test(value)) ||
        (name === "style" && /url[(]|expression|position:\s*(fixed|sticky)|@import/i.test(value))
      ) {
        found.push(`${name}=${value}`.slice(0, 200));
      }
    }
    if (element.href && !(element.target === "_blank" && /noopener/.test(element.rel) && /noreferrer/.test(element.rel))) {
      note(element);
    }
    if (["fixed", "sticky"].includes(getComputedStyle(element).position)) note(element);
  }
  for (const sheet of document.styleSheets) {
    if (sheet.href) {
      found.push(`a sheet from ${sheet.href}`);
      continue;
    }
    for (const rule of sheet.cssRules) {
      if (/url[(]|image-set|@import|@font-face|@namespace/i.test(rule.cssText)) found.push(rule.cssText.slice(0, 200));
    }
  }
  let cookie = "";
  try {
    cookie = document.cookie;
  } catch {
    // An opaque origin has none.
  }
  if (cookie) found.push(`cookie ${cookie}`);
  if (window.origin !== "null") found.push(`origin ${window.origin}`);
  if (window.opener) found.push("an opener");
  return [found, document.head.children.length, document.body.innerText];
}
