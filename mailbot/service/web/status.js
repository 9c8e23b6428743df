// The page is whole without this: it only keeps it up to date. Text goes in as text; markup comes from the page itself, read again.
"use strict";

const MOST = 100;           // as the service remembers
const BETWEEN = 1000;       // ms between two readings of the page
const LATER = 15000;        // ms until a stream that was refused is asked for again
const SECTIONS = ["verdict", "reasons", "tiles", "accounts", "rules", "hits"];

const actions = document.getElementById("actions");
const live = document.getElementById("live");
const pause = document.getElementById("pause");
let address = document.body.dataset.stream;
let stream = null;
let due = 0;

function row(cells) {
  const item = document.createElement("li");
  for (const [kind, text] of cells) {
    const span = document.createElement("span");
    span.className = kind;
    span.textContent = text;
    item.append(span, " ");
  }
  return item;
}

async function readAgain() {
  due = 0;
  try {
    const answer = await fetch("/", { cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of SECTIONS) {
      const fresh = page.getElementById(id);
      const here = document.getElementById(id);
      here.replaceChildren(...fresh.childNodes);
      here.className = fresh.className;
    }
    document.title = page.title;
  } catch {
    // The service is gone for now; the stream says so.
  }
}

function readSoon() {
  if (!due && stream) due = setTimeout(readAgain, BETWEEN);
}

function listen() {
  stream = new EventSource(address);
  stream.onopen = () => { live.textContent = "live; times in UTC"; };
  stream.onerror = () => {
    live.textContent = "not live: the service does not answer; trying again";
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => { if (stream?.readyState === EventSource.CLOSED) listen(); }, LATER);
  };
  stream.addEventListener("action", (event) => {
    address = "/events?after=" + event.lastEventId;
    const item = row(JSON.parse(event.data));
    item.className = "new";
    actions.prepend(item);
    while (actions.children.length > MOST) actions.lastElementChild.remove();
    readSoon();
  });
  stream.addEventListener("changed", (event) => {
    address = "/events?after=" + event.lastEventId;
    readSoon();
  });
  stream.addEventListener("anew", () => { stream.close(); location.reload(); });
}

pause.hidden = false;
pause.addEventListener("click", () => {
  const paused = Boolean(stream);
  pause.setAttribute("aria-pressed", String(paused));
  if (paused) {
    stream.close();
    stream = null;
    clearTimeout(due);
    due = 0;
    live.textContent = "paused";
  } else {
    readAgain();
    listen();
  }
});
listen();
