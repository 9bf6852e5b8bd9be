// What the pages do beyond HTML: copy, count down, tell times in the visitor's zone, and show mail as it arrives.
// Every page works without it. All words come from the page, translated there.

const language = document.documentElement.lang;
const announcer = document.getElementById("announcer");

function announce(text) {
  announcer.textContent = "";
  // A live region is read when it changes: emptied and filled in one go it would not have.
  setTimeout(() => { announcer.textContent = text; }, 50);
}

// --- settings, kept in this browser --------------------------------------------------------------------------------

function isOn(name) {
  return document.querySelector(`[data-setting="${name}"]`)?.checked ?? false;
}

function remember(input) {
  try {
    localStorage.setItem(input.dataset.setting, input.checked ? "on" : "off");
  } catch {
    // Storage is blocked: it holds until the page is left.
  }
}

function recall(input) {
  try {
    input.checked = (localStorage.getItem(input.dataset.setting) ?? (input.defaultChecked ? "on" : "off")) === "on";
  } catch {
    input.checked = input.defaultChecked;
  }
}

for (const input of document.querySelectorAll("[data-setting]")) {
  recall(input);
  input.addEventListener("change", () => remember(input));
}

// --- copying -------------------------------------------------------------------------------------------------------

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Plain http on another host has no clipboard API.
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("not copied");
}

async function copy(button) {
  const name = button.dataset.name ?? (button.dataset.name = button.textContent);
  try {
    await write(button.dataset.copy);
  } catch {
    return;
  }
  if (!currentRow()) button.focus({ preventScroll: true });
  button.textContent = button.dataset.copied;
  announce(button.dataset.copied);
  clearTimeout(button.resetTimer);
  button.resetTimer = setTimeout(() => { button.textContent = name; }, 2000);
}

function prepare(root) {
  for (const button of root.querySelectorAll("button[data-copy], button[data-opens], button[data-pick]")) button.hidden = false;
  for (const time of root.querySelectorAll("time")) tell(time);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy]");
  if (button) copy(button);
});

// --- times ---------------------------------------------------------------------------------------------------------

const absolute = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(language, { timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });

function tell(time) {
  const then = new Date(time.dateTime);
  time.title = time.dataset.absolute = absolute.format(then);
  if ("local" in time.dataset) time.textContent = (time.dataset.local === "exact" ? exact : absolute).format(then);
  if (!("ago" in time.dataset)) return;
  const minutes = Math.floor((Date.now() - then) / 60000);
  if (minutes < 1) return; // what the server wrote: just now
  time.textContent = minutes < 60 ? relative.format(-minutes, "minute") : relative.format(-Math.floor(minutes / 60), "hour");
}

function countDown(element) {
  const seconds = Math.floor((new Date(element.dataset.ends) - Date.now()) / 1000);
  if (seconds < 0) {
    element.textContent = element.dataset.over;
    return;
  }
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  element.textContent = hours ? `${hours}:${rest}` : rest;
  const ring = document.querySelector("[data-ring]");
  ring?.setAttribute("stroke-dasharray", `${Math.min(100, (seconds / ring.dataset.ring) * 100)} 100`);
}

function tick() {
  for (const element of document.querySelectorAll("[data-ends]")) countDown(element);
}

// --- keys: what carries data-key is done by that key, as long as nobody is writing ------------------------------------

const sheet = document.getElementById("help");

function openSheet() {
  const list = sheet.querySelector("[data-keys]");
  for (const old of list.querySelectorAll("[data-found]")) old.remove();
  for (const element of new Map([...document.querySelectorAll("main [data-key]")].map((each) => [each.dataset.key, each])).values()) {
    const entry = document.createElement("div");
    entry.dataset.found = "";
    const [key, name] = ["dt", "dd"].map((tag) => entry.appendChild(document.createElement(tag)));
    key.appendChild(document.createElement("kbd")).textContent = element.dataset.key;
    name.textContent = element.dataset.keyName ?? element.dataset.name ?? element.textContent.trim();
    list.lastElementChild.before(entry);
  }
  sheet.showModal();
}

function press(key) {
  const found = [...document.querySelectorAll(`main [data-key="${CSS.escape(key)}"]`)].find((each) => each.checkVisibility?.() ?? true);
  if (found?.matches("input")) found.select();
  else found?.click();
  return found;
}

// The list has keys of its own: they are about the message that has the focus.
const listKeys = {
  j: () => step(1),
  k: () => step(-1),
  x: () => currentRow()?.querySelector(".pick input").click(),
  "#": () => {
    const form = document.getElementById("selection");
    if (form.querySelector(".pick input:checked")) form.requestSubmit(form.querySelector(".bulk [type=submit]"));
    else currentRow()?.querySelector(".bin").click();
  },
};
listKeys.Delete = listKeys["#"];

function currentRow() {
  return document.activeElement?.closest(".row");
}

function step(by) {
  const rows = [...document.querySelectorAll(".row")];
  const at = rows.indexOf(currentRow());
  rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + by))]?.querySelector(".subject a").focus();
}

document.addEventListener("keydown", (event) => {
  const writing = event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog");
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || writing || !isOn("keys")) return;
  const own = document.querySelector(".messages") && Object.hasOwn(listKeys, event.key) ? listKeys[event.key] : null;
  if (event.key === "?") openSheet();
  else if (own) own();
  else if (!press(event.key)) return;
  event.preventDefault();
});

for (const button of document.querySelectorAll("[data-opens]")) button.addEventListener("click", openSheet);

// --- alerts: a sound, a notification, the tab's title and icon -------------------------------------------------------

let audio = null;

function wakeAudio() {
  audio ??= new AudioContext();
  return audio.resume();
}

// Browsers let a page sound only once the visitor has done something in it.
function chime() {
  if (audio?.state !== "running") return;
  [[660, 0], [880, 0.14]].forEach(([frequency, wait]) => {
    const [tone, volume, start] = [audio.createOscillator(), audio.createGain(), audio.currentTime + wait];
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.12, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.5);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.5);
  });
}

class Alerts {
  constructor({ page, worker }) {
    this.page = page;
    this.worker = worker;
    this.icon = document.querySelector("link[rel=icon]");
    this.quietIcon = this.icon.getAttribute("href");
    this.notify = document.querySelector("[data-setting=notify]");
    this.possible = "Notification" in window && "serviceWorker" in navigator;
    if (!this.possible || Notification.permission !== "granted") this.notify.checked = false;
    this.notify.addEventListener("change", () => this.ask());
    document.querySelector("[data-setting=sound]").addEventListener("change", (event) => {
      if (event.target.checked) wakeAudio().then(chime);
    });
    for (const act of ["pointerdown", "keydown"]) {
      document.addEventListener(act, () => { if (isOn("sound")) wakeAudio(); }, { once: true });
    }
  }

  async ask() {
    const note = document.querySelector("[data-settings-note]");
    note.textContent = "";
    if (!this.notify.checked) return;
    if (this.possible && (await Notification.requestPermission()) === "granted" && await this.register()) return;
    this.notify.checked = false;
    remember(this.notify);
    note.textContent = this.notify.dataset.refused;
  }

  // Android shows notifications of service workers only.
  async register() {
    try {
      await navigator.serviceWorker.register(this.worker, { scope: "/m/" });
      return await navigator.serviceWorker.ready;
    } catch {
      return null; // not allowed here, as in some private windows
    }
  }

  async tell(text) {
    if (isOn("sound")) chime();
    if (!this.notify.checked || !document.hidden) return;
    const worker = await this.register();
    const body = isOn("content") ? text : undefined;
    await worker?.showNotification(this.notify.dataset.title, { body, tag: this.page, renotify: true, data: { page: this.page } });
  }

  badge(unread) {
    this.icon.setAttribute("href", unread ? this.icon.dataset.news : this.quietIcon);
  }
}

// --- new mail ------------------------------------------------------------------------------------------------------

const POLL = 15000;
const RETRY = 60000;
const SILENCE = 65000; // the server says something every 25 seconds
const OTHERS = 60000; // how often what is unread at the other addresses is asked for

class LiveInbox {
  constructor(inbox) {
    this.inbox = inbox;
    this.messages = inbox.querySelector("#messages");
    this.state = inbox.querySelector("[data-state]");
    this.news = inbox.querySelector(".news");
    this.alerts = new Alerts(inbox.dataset);
    this.title = document.title;
    this.pending = null;
    this.again = false;
    this.over = false;
    this.missed = 0;
    this.badge();
    this.connect();
    this.news.addEventListener("click", () => this.showNews());
    new IntersectionObserver(([head]) => { if (head.isIntersecting) this.forgetNews(); }).observe(inbox.querySelector(".inbox-head"));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.wake(); });
    window.addEventListener("pageshow", (event) => { if (event.persisted) this.wake(); });
    window.addEventListener("offline", () => { if (!this.over) this.show("away"); });
    window.addEventListener("online", () => this.reconnect());
    window.addEventListener("pagehide", () => this.source.close());
    setInterval(() => { if (this.isSilent()) this.wake(); }, 5000);
    setInterval(() => { if (!document.hidden && document.querySelector(".switcher li + li")) this.refresh(); }, OTHERS);
  }

  get newest() {
    return Number(this.messages.querySelector("[data-newest]")?.dataset.newest ?? 0);
  }

  connect() {
    this.source?.close();
    this.heard = Date.now();
    this.source = new EventSource(`${this.inbox.dataset.events}?after=${this.newest}`);
    this.source.onopen = () => { this.hear(); clearInterval(this.polling); this.polling = null; this.show("live"); };
    this.source.onmessage = () => { this.hear(); this.refresh(); };
    this.source.addEventListener("alive", () => this.hear());
    this.source.addEventListener("ends", (event) => this.move(JSON.parse(event.data).at));
    this.source.addEventListener("ended", () => this.end());
    this.source.addEventListener("frozen", () => location.reload()); // the page says so then
    this.source.onerror = () => this.failed();
  }

  move(end) {
    this.hear();
    for (const element of document.querySelectorAll("[data-ends]")) element.dataset.ends = end;
    tick();
  }

  hear() {
    this.heard = Date.now();
  }

  // A stream may look open long after what lies between has dropped it.
  isSilent() {
    return !this.over && this.source.readyState === EventSource.OPEN && Date.now() - this.heard > SILENCE;
  }

  // The browser reconnects by itself, with the id of the last event; where it gave up, the list is asked for.
  failed() {
    if (this.over) return;
    if (this.source.readyState !== EventSource.CLOSED) {
      clearTimeout(this.away);
      this.away = setTimeout(() => { if (this.source.readyState !== EventSource.OPEN) this.show("away"); }, 8000);
      return;
    }
    this.show("poll");
    this.polling ??= setInterval(() => this.refresh(), POLL);
    clearTimeout(this.retrying);
    this.retrying = setTimeout(() => { if (!this.over) this.connect(); }, RETRY);
    this.refresh();
  }

  wake() {
    if (this.source.readyState === EventSource.CLOSED || this.isSilent()) this.reconnect();
    else this.refresh();
  }

  reconnect() {
    if (this.over) return;
    this.connect();
    this.refresh();
  }

  // One request at a time; what is told meanwhile is asked for afterwards.
  async refresh() {
    if (this.over) return;
    if (this.pending) { this.again = true; return this.pending; }
    this.pending = this.load();
    await this.pending;
    this.pending = null;
    if (this.again) { this.again = false; await this.refresh(); }
  }

  async load() {
    const asked = this.inbox.dataset.list;
    try {
      const response = await fetch(asked, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (response.status === 404) return this.end();
      if (response.status === 403) return location.reload();
      if (!response.ok) return;
      const html = await response.text();
      if (asked === this.inbox.dataset.list) this.swap(html);
    } catch {
      // Offline: the next event, poll or wake-up asks again.
    }
  }

  swap(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    prepare(fresh);
    const [newest, focused, rows] = [this.newest, currentRow(), this.rows()];
    const scrolled = this.messages.getBoundingClientRect().top < 0;
    const places = scrolled ? rows.map((row) => [row, row.getBoundingClientRect()]).filter(([, box]) => box.bottom > 0) : [];
    for (const part of document.querySelectorAll("[data-part]")) {
      this.replace(part, fresh.querySelector(`[data-part="${part.dataset.part}"]`));
    }
    tick(); // the end may have moved
    // Done here, as not every browser keeps its place by itself.
    const kept = places.find(([row]) => row.isConnected);
    if (kept) scrollBy({ top: kept[0].getBoundingClientRect().top - kept[1].top, behavior: "instant" });
    if (focused && !focused.isConnected) this.focusNear(rows.indexOf(focused));
    const news = this.rows().filter((row) => Number(row.dataset.sequence) > newest);
    this.greet(news, scrolled);
    countSelected();
  }

  rows() {
    return [...this.messages.querySelectorAll(".row")];
  }

  focusNear(place) {
    const rows = this.rows();
    const row = rows[Math.min(place, rows.length - 1)];
    (row?.querySelector(".subject a") ?? document.getElementById("inbox-title")).focus();
  }

  replace(part, wanted) {
    const [shownRows, wantedRows] = [part, wanted].map((each) => each.querySelector("ol.messages"));
    if (shownRows && wantedRows) this.merge(shownRows, wantedRows);
    else if (part.innerHTML !== wanted.innerHTML) part.replaceChildren(...wanted.childNodes);
  }

  // Rows that stay are not moved, so that focus, selection and reading position stay too. Both lists have one order.
  merge(shown, wanted) {
    const staying = new Set([...wanted.children].map((row) => row.dataset.id));
    for (const row of [...shown.children]) if (!staying.has(row.dataset.id)) row.remove();
    Object.assign(shown.dataset, wanted.dataset);
    let place = shown.firstElementChild;
    for (const row of [...wanted.children]) {
      if (place?.dataset.id === row.dataset.id) {
        this.keep(place, row);
        place = place.nextElementSibling;
      } else {
        shown.insertBefore(row, place);
      }
    }
  }

  keep(old, fresh) {
    if (old.classList.contains("unread") === fresh.classList.contains("unread")) return;
    old.className = fresh.className;
    if (!fresh.querySelector(".dot")) old.querySelector(".dot")?.remove();
  }

  greet(rows, scrolled) {
    this.badge();
    if (!rows.length) return;
    for (const row of rows) row.classList.add("arrived");
    const text = rows.length === 1 ? rows[0].dataset.announce : this.count(rows.length);
    announce(text);
    this.alerts.tell(text);
    if (!scrolled) return;
    this.missed += rows.length;
    this.news.textContent = this.count(this.missed);
    this.news.hidden = false;
  }

  count(number) {
    const { one, many } = this.news.dataset;
    return number === 1 ? one : many.replace("%n", number);
  }

  showNews() {
    this.forgetNews();
    this.inbox.scrollIntoView();
    this.rows()[0]?.querySelector(".subject a").focus({ preventScroll: true });
  }

  forgetNews() {
    this.missed = 0;
    this.news.hidden = true;
  }

  badge() {
    const unread = Number(this.messages.querySelector("[data-unread]")?.dataset.unread ?? 0);
    document.title = unread ? `(${unread}) ${this.title}` : this.title;
    this.alerts.badge(unread);
  }

  show(state) {
    clearTimeout(this.away);
    this.state.dataset.now = state;
    this.state.textContent = this.state.dataset[state];
  }

  end() {
    this.over = true;
    this.source.close();
    clearInterval(this.polling);
    this.forgetNews();
    const notice = document.getElementById("ended").content.cloneNode(true);
    announce(notice.querySelector("h3").textContent);
    this.messages.replaceChildren(notice);
    this.state.textContent = "";
    delete this.state.dataset.now;
    document.title = this.title;
    this.alerts.badge(0);
    for (const gone of document.querySelectorAll(".manage, .search, .address-card :is(form, button)")) gone.remove();
    document.querySelector(".address-card").classList.add("over");
    for (const element of document.querySelectorAll("[data-ends]")) {
      element.textContent = element.dataset.over;
      element.removeAttribute("data-ends");
    }
  }
}

// --- selecting, deleting and searching in the list, without leaving it ---------------------------------------------

const selection = document.getElementById("selection");

function countSelected() {
  const count = selection.querySelectorAll(".pick input:checked").length;
  const label = selection.querySelector("[data-count]");
  label.textContent = `${count} ${label.dataset.count}`;
}

async function deleteSelected(event, live) {
  event.preventDefault();
  const form = new URLSearchParams(new FormData(selection));
  if (event.submitter?.name) form.set(event.submitter.name, event.submitter.value);
  if (!form.has("id") && !form.has("only")) return announce(selection.dataset.none);
  const place = live.rows().findIndex((row) => row.querySelector(".pick input").checked);
  // A redirect to the inbox is what says that it is done.
  const response = await fetch(selection.action, { method: "POST", body: form, redirect: "manual" }).catch(() => null);
  if (response?.type !== "opaqueredirect") return location.reload();
  await live.refresh();
  if (event.submitter?.closest(".bulk")) live.focusNear(Math.max(0, place)); // the pressed button is gone
  announce(selection.dataset.done);
}

async function search(form, live) {
  const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  const query = String(asked) && `?${asked}`;
  const { list, page } = live.inbox.dataset;
  form.querySelector(".clear").hidden = !query;
  live.inbox.dataset.list = list.split("?")[0] + query;
  history.replaceState(null, "", page + query);
  await live.refresh();
  announce(form.dataset.found.replace("%n", live.rows().length));
}

function listenToList(live) {
  let typing = 0;
  selection.addEventListener("change", countSelected);
  selection.addEventListener("reset", () => setTimeout(countSelected));
  selection.querySelector("[data-pick]").addEventListener("click", () => {
    for (const box of selection.querySelectorAll(".pick input")) box.checked = true;
    countSelected();
  });
  countSelected();
  if (!live) return;
  selection.addEventListener("submit", (event) => deleteSelected(event, live));
  const form = live.inbox.querySelector(".search");
  const later = () => { clearTimeout(typing); typing = setTimeout(() => search(form, live), 250); };
  form.addEventListener("input", later);
  form.addEventListener("submit", (event) => { event.preventDefault(); later(); });
}

// An address in one click needs the proof that it costs; without what makes it a link leads to the form.
function offerOneClick(form) {
  if (!window.crypto?.subtle) return;
  form.hidden = false;
  form.parentElement.querySelector("a").hidden = true;
}

// --- captcha -------------------------------------------------------------------------------------------------------
// The proof that a form asks for is made when it is sent; the script that makes it is fetched when somebody comes near
// the form. Whatever fails, the form is sent without a proof, and the answer is the form with a question in words.

const PROOF_DEADLINE = 30000;

class Captcha {
  constructor(field) {
    this.field = field;
    this.form = field.form;
    this.button = this.form.querySelector("[type=submit]");
    this.name = this.button.textContent;
    for (const near of ["pointerenter", "pointerdown", "focusin"]) {
      this.form.addEventListener(near, () => this.load(), { once: true, passive: true });
    }
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.link = this.form.querySelector(".captcha-link");
    this.link?.addEventListener("click", (event) => { event.preventDefault(); this.ask().focus(); });
    window.addEventListener("pageshow", (event) => { if (event.persisted) this.show(false); });
    // Plain http on another host has no Web Crypto. A form of one button has no room: its answer is one that has.
    const asks = field.dataset.captcha === "altcha" && !window.crypto?.subtle;
    if (asks && !("oneClick" in this.form.dataset)) this.ask();
  }

  load() {
    const make = this.field.dataset.captcha === "altcha" ? importAltcha : fetchScript;
    this.loading ??= make(this.field.dataset.script);
    this.loading.catch(() => { this.loading = null; });
    return this.loading;
  }

  async submit(event) {
    if (!this.field.isConnected) return; // a question was asked, its answer goes along
    event.preventDefault();
    if (this.working) return;
    this.show(true);
    const solve = this.field.dataset.captcha === "altcha" ? work : vouch;
    try {
      this.field.value = await Promise.race([this.load().then(() => solve(this.field.dataset)), late()]);
    } catch {
      this.field.value = "";
    }
    this.form.submit();
  }

  show(working) {
    this.working = working;
    this.button.textContent = working ? this.field.closest(".captcha").dataset.working : this.name;
    this.button.ariaDisabled = working ? "true" : null;
    if (working) announce(this.button.textContent);
  }

  ask() {
    const box = this.field.closest(".captcha");
    const asked = new DOMParser().parseFromString(box.querySelector("noscript").textContent, "text/html");
    box.replaceChildren(...asked.body.childNodes);
    this.link?.remove();
    return box.querySelector("[name=captcha_answer]");
  }
}

function late() {
  return new Promise((_, reject) => { setTimeout(reject, PROOF_DEADLINE); });
}

// With something of this id on the page ALTCHA puts in no <style>, which the policy forbids.
function importAltcha(url) {
  const style = document.createElement("template");
  style.id = "__altcha-css";
  document.head.append(style);
  return import(url);
}

// ALTCHA's element, never shown.
function work({ challenge }) {
  const widget = document.createElement("altcha-widget");
  widget.hidden = true;
  widget.setAttribute("challengeurl", challenge);
  return new Promise((resolve, reject) => {
    widget.addEventListener("load", () => widget.verify());
    widget.addEventListener("statechange", ({ detail }) => {
      if (detail.state === "verified") resolve(detail.payload);
      else if (detail.state === "error" || detail.state === "expired") reject();
    });
    document.body.append(widget);
  });
}

function fetchScript(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src: url, async: true, onload: resolve, onerror: reject });
    document.head.append(script);
  });
}

// Google's token for reCAPTCHA v3.
function vouch({ key, action }) {
  return new Promise((resolve, reject) => {
    window.grecaptcha.ready(() => window.grecaptcha.execute(key, { action }).then(resolve, reject));
  });
}

for (const field of document.querySelectorAll("[data-captcha]")) new Captcha(field);

// --- the recovery link: its key stands in the fragment, which no server sees ---------------------------------------

function openByFragment(form) {
  const key = location.hash.slice(1);
  if (!key.startsWith("tmt_")) return;
  history.replaceState(null, "", location.pathname);
  form.elements.token.value = key;
  if (form.dataset.open === "now") form.submit();
}

prepare(document);
tick();
setInterval(tick, 1000);
setInterval(() => { for (const time of document.querySelectorAll("time[data-ago]")) tell(time); }, 30000);

const inbox = document.querySelector("[data-events]");
const live = inbox && new LiveInbox(inbox);
if (selection) listenToList(live);
for (const form of document.querySelectorAll("form[data-one-click]")) offerOneClick(form);
document.querySelector(".switcher [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
const openForm = document.querySelector("form[data-open]");
if (openForm) openByFragment(openForm);
