// Makes a page live. A stream says that something has changed; the page is fetched again, and what differs is put in
// place: nothing that somebody reads, types or has opened is lost. Without this script every page works all the same.
"use strict";
(() => {
  const main = document.getElementById("main");
  const line = document.getElementById("live");
  const QUIET = 400; // milliseconds between two fetches, at least
  const FRESH = 1200; // for so long a question that has just come takes no click that was meant for another
  let source = null, timer = 0, later = 0, fetching = false, again = false, next = 0, said = main.dataset.say || "";

  // --- putting what differs in place

  const keyOf = (node) => node.nodeType === 1 ? node.dataset.key || node.id || "" : "";
  const same = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
  const KEPT = { DETAILS: ["open"], TEXTAREA: ["value"], INPUT: ["value", "checked"], OPTION: ["selected"], BUTTON: ["disabled"] };

  const attributes = (old, now) => {
    const kept = KEPT[old.nodeName] || [];
    for (const { name } of [...old.attributes]) if (!now.hasAttribute(name) && !kept.includes(name)) old.removeAttribute(name);
    for (const { name, value } of now.attributes) {
      if (old.getAttribute(name) !== value && !kept.includes(name)) old.setAttribute(name, value);
    }
  };

  const children = (old, now) => {
    const keyed = new Map();
    for (const child of old.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
    let place = old.firstChild;
    for (const wanted of [...now.childNodes]) {
      const known = keyOf(wanted) && keyed.get(keyOf(wanted));
      if (known && known.nodeName === wanted.nodeName) {
        if (known === place) place = place.nextSibling;
        else old.insertBefore(known, place);
        morph(known, wanted);
      } else if (place && same(place, wanted)) {
        const here = place;
        place = place.nextSibling;
        morph(here, wanted);
      } else {
        const made = document.importNode(wanted, true);
        old.insertBefore(made, place);
        if (made.nodeType === 1) arrived(made);
      }
    }
    while (place) {
      const gone = place;
      place = place.nextSibling;
      if (gone.nodeType === 1 && gone.hasAttribute("data-keep")) continue;
      if (gone.nodeType === 1) leaving(gone);
      gone.remove();
    }
  };

  const morph = (old, now) => {
    if (old.nodeType !== 1) {
      if (old.data !== now.data) old.data = now.data;
      return;
    }
    const follows = old.hasAttribute("data-tail") && old.scrollTop + old.clientHeight >= old.scrollHeight - 4;
    attributes(old, now);
    if (old.nodeName !== "TEXTAREA") children(old, now);
    if (follows) old.scrollTop = old.scrollHeight;
  };

  // A question that has just come: its buttons wait a moment, so that a click is a click on what was read.
  const arrived = (node) => {
    for (const form of [...(node.matches("[data-fresh]") ? [node] : []), ...node.querySelectorAll("[data-fresh]")]) {
      const buttons = form.querySelectorAll("button");
      buttons.forEach((button) => { button.disabled = true; });
      setTimeout(() => buttons.forEach((button) => { button.disabled = false; }), FRESH);
    }
    node.querySelectorAll("[data-tail]").forEach((tail) => { tail.scrollTop = tail.scrollHeight; });
  };

  // What was typed into something that is gone goes into the note box: nobody types twice.
  const leaving = (node) => {
    const typed = [...node.querySelectorAll("textarea, input:not([type=hidden])")]
      .map((field) => field.value === field.defaultValue ? "" : field.value.trim()).filter(Boolean).join("\n");
    const box = document.getElementById("note-text");
    if (typed && box && !node.contains(box)) {
      box.value = box.value ? `${box.value}\n${typed}` : typed;
      tell("What you had typed is in the note box: its question is gone.");
    }
  };

  // --- saying how it is

  const tell = (words, off = false) => {
    line.classList.toggle("off", off);
    if (line.textContent !== words) line.textContent = words;
  };

  const put = (now) => {
    const focused = document.activeElement;
    attributes(main, now);
    children(main, now);
    if (focused && focused !== document.body && !document.contains(focused)) main.focus({ preventScroll: true });
    const words = main.dataset.say || "";
    if (words !== said) tell(words);
    said = words;
  };

  // --- fetching

  const fetchAgain = async () => {
    clearTimeout(timer);
    timer = 0;
    if (fetching) { again = true; return; }
    fetching = true;
    const begun = performance.now();
    try {
      const answer = await fetch(main.dataset.self || location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      if (answer.redirected && new URL(answer.url).pathname === "/login") {
        tell("You are signed out: load this page again to sign in.", true);
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.title = page.title;
      put(page.getElementById("main"));
      if (line.classList.contains("off")) tell("");
    } catch {
      tell("Not live: the server cannot be reached. What you see may be old.", true);
    } finally {
      fetching = false;
      next = performance.now() + Math.max(QUIET, 3 * (performance.now() - begun));
      if (again) { again = false; soon(); }
      asked();
    }
  };

  const soon = () => {
    if (!timer) timer = setTimeout(fetchAgain, Math.max(0, next - performance.now()));
  };

  // A page that is not complete yet says after how many seconds it is to be looked at again.
  const asked = () => {
    const seconds = Number(main.dataset.again || 0);
    clearTimeout(later);
    if (seconds) later = setTimeout(soon, 1000 * seconds);
  };

  // --- the stream; a page that nobody looks at has none, since a browser has only a few

  const close = () => { if (source) source.close(); source = null; };
  const open = () => {
    if (!main.dataset.live || source) return;
    source = new EventSource(`/live?topics=${encodeURIComponent(main.dataset.live)}`);
    source.addEventListener("changed", soon);
    source.onopen = () => { line.dataset.on = "1"; if (line.classList.contains("off")) tell(""); soon(); };
    source.onerror = () => {
      delete line.dataset.on;
      tell("Not live: the server cannot be reached. What you see may be old.", true);
      if (source && source.readyState === EventSource.CLOSED) { close(); setTimeout(open, 5000); soon(); }
    };
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close(); else open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);

  // --- times as they pass

  const UNITS = [[86400, 172800, "d"], [3600, 7200, "h"], [60, 120, "min"], [1, 0, "s"]];
  const skew = Date.parse(main.dataset.now) - Date.now(); // the clock here may be wrong
  const apart = (at) => {
    const now = Date.now() + skew, seconds = Math.floor(Math.abs(now - at) / 1000);
    const [unit, , sign] = UNITS.find(([, from]) => seconds >= from);
    const count = `${Math.floor(seconds / unit)} ${sign}`;
    return at <= now ? `${count} ago` : `in ${count}`;
  };
  setInterval(() => {
    if (document.hidden) return;
    for (const one of document.querySelectorAll(".apart")) {
      const words = apart(Date.parse(one.dataset.at));
      if (one.textContent !== words) one.textContent = words;
    }
  }, 5000);

  // --- keys: j and k move, / searches, g h goes home; never while somebody types

  const PLACES = { h: "/", r: "/runs", b: "/runbooks", a: "/alerts", l: "/leases" };
  let went = 0;
  const move = (by) => {
    const rows = [...document.querySelectorAll("[data-row] a:first-of-type")];
    const here = rows.findIndex((one) => one.closest("[data-row]").contains(document.activeElement));
    const to = rows[here < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(here + by, 0), rows.length - 1)];
    if (to) to.focus();
  };
  document.addEventListener("keydown", (event) => {
    const at = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.nodeName)) return;
    if (event.key in PLACES && performance.now() - went < 1500) { location.href = PLACES[event.key]; return; }
    went = event.key === "g" ? performance.now() : 0;
    if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
    const search = event.key === "/" && document.querySelector("[data-search]");
    if (search) { event.preventDefault(); search.focus(); search.select(); }
  });

  document.querySelectorAll("[data-tail]").forEach((tail) => { tail.scrollTop = tail.scrollHeight; });
  if (!document.hidden) open();
  asked();
})();
