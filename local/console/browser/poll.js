/* global document, setTimeout, clearTimeout */

const periodMs = 2000;

/**
 * Runs `refresh` now and every two seconds while the page is to be seen and not paused; never two at a time.
 * `refresh` resolves to what the page says of itself, `{ tone, text }`, with `isSettled` when asking again is of no use.
 */
export function poll(refresh) {
  const live = document.getElementById('live');
  let timer;
  let running = false;
  let isPaused = false;
  let isStale = false;

  const rest = () => isPaused || document.hidden;
  const say = ({ tone, text }) => {
    live.className = `live ${tone}`;
    // A status that says the same again would be read aloud again.
    if (live.textContent !== text) live.textContent = text;
  };
  const run = async () => {
    clearTimeout(timer);
    if (running) {
      isStale = true;
      return;
    }
    running = true;
    let isSettled = false;
    try {
      do {
        isStale = false;
        const said = await refresh();
        isSettled = said.isSettled === true;
        if (!isStale) say(isPaused && said.tone === 'good' ? { tone: 'calm', text: 'Paused' } : said);
      } while (isStale);
    } finally {
      running = false;
      if (!rest() && !isSettled) timer = setTimeout(run, periodMs);
    }
  };

  document.addEventListener('visibilitychange', () => {
    if (rest()) clearTimeout(timer);
    else void run();
  });
  void run();
  return {
    now: () => void run(),
    pause(paused) {
      isPaused = paused;
      void run();
    },
  };
}
