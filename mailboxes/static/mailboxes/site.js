// What the pages do beyond HTML: copy, count down, tell times in the visitor's zone, and show mail as it arrives.
// Every page works without it. All words come from the page, translated there.

const language = document.documentElement.lang;
const announcer = document.getElementById("announcer");

function announce(text) {
  announcer.textContent = "";
  // A live region is read when it changes: emptied and filled in one go it would not have.
  setTimeout(() => { announcer.textContent = text; }, 50);
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
  button.focus({ preventScroll: true });
  button.textContent = button.dataset.copied;
  announce(button.dataset.copied);
  clearTimeout(button.resetTimer);
  button.resetTimer = setTimeout(() => { button.textContent = name; }, 2000);
}

function prepare(root) {
  for (const button of root.querySelectorAll("button[data-copy]")) button.hidden = false;
  for (const time of root.querySelectorAll("time")) tell(time);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy]");
  if (button) copy(button);
});

// --- times ---------------------------------------------------------------------------------------------------------

const absolute = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });

function tell(time) {
  const then = new Date(time.dateTime);
  time.title = absolute.format(then);
  if ("local" in time.dataset) time.textContent = absolute.format(then);
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
}

function tick() {
  for (const element of document.querySelectorAll("[data-ends]")) countDown(element);
}

// --- new mail ------------------------------------------------------------------------------------------------------

const POLL = 15000;
const RETRY = 60000;

class LiveInbox {
  constructor(inbox) {
    this.inbox = inbox;
    this.messages = inbox.querySelector("#messages");
    this.state = inbox.querySelector("[data-state]");
    this.title = document.title;
    this.pending = null;
    this.again = false;
    this.over = false;
    this.badge();
    this.connect();
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.wake(); });
    window.addEventListener("pageshow", (event) => { if (event.persisted) this.wake(); });
    window.addEventListener("online", () => this.wake());
    window.addEventListener("pagehide", () => this.source.close());
  }

  get newest() {
    return this.messages.querySelector("[data-newest]")?.dataset.newest ?? "0";
  }

  connect() {
    this.source?.close();
    this.source = new EventSource(`${this.inbox.dataset.events}?after=${this.newest}`);
    this.source.onopen = () => { clearInterval(this.polling); this.polling = null; this.show("live"); };
    this.source.onmessage = () => this.refresh();
    this.source.addEventListener("ended", () => this.end());
    this.source.onerror = () => this.failed();
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
    if (this.over) return;
    this.refresh();
    if (this.source.readyState === EventSource.CLOSED) this.connect();
  }

  // One request at a time; what is told meanwhile is asked for afterwards.
  async refresh() {
    if (this.over) return;
    if (this.pending) { this.again = true; return; }
    this.pending = this.load();
    await this.pending;
    this.pending = null;
    if (this.again) { this.again = false; this.refresh(); }
  }

  async load() {
    try {
      const response = await fetch(this.inbox.dataset.list, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (response.status === 404) return this.end();
      if (response.ok) this.swap(await response.text());
    } catch {
      // Offline: the next event, poll or wake-up asks again.
    }
  }

  swap(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const known = new Set([...this.messages.querySelectorAll(".row")].map((row) => row.dataset.id));
    for (const part of this.messages.querySelectorAll("[data-part]")) {
      this.replace(part, fresh.querySelector(`[data-part="${part.dataset.part}"]`));
    }
    prepare(this.messages);
    this.greet([...this.messages.querySelectorAll(".row")].filter((row) => !known.has(row.dataset.id)));
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
    old.className = fresh.className;
    if (!fresh.querySelector(".dot")) old.querySelector(".dot")?.remove();
  }

  greet(rows) {
    for (const row of rows) row.classList.add("arrived");
    if (rows.length) announce(rows[0].dataset.announce);
    this.badge();
  }

  badge() {
    const unread = Number(this.messages.querySelector("[data-unread]")?.dataset.unread ?? 0);
    document.title = unread ? `(${unread}) ${this.title}` : this.title;
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
    const notice = document.getElementById("ended").content.cloneNode(true);
    announce(notice.querySelector("h3").textContent);
    this.messages.replaceChildren(notice);
    this.state.textContent = "";
    delete this.state.dataset.now;
    document.title = this.title;
    document.querySelector(".manage")?.remove();
    document.querySelector(".address-card").classList.add("over");
    for (const control of document.querySelectorAll(".address-card form, .address-card button")) control.remove();
    for (const element of document.querySelectorAll("[data-ends]")) {
      element.textContent = element.dataset.over;
      element.removeAttribute("data-ends");
    }
  }
}

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
if (inbox) new LiveInbox(inbox);
const openForm = document.querySelector("form[data-open]");
if (openForm) openByFragment(openForm);
