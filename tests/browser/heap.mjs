// What the page holds while messages come for a long time: `node heap.mjs MESSAGES PER_SECOND`, by default an hour of ten
// a second. Prints the heap after a collection, ten times; fails if it still grows once the window is full.

import { shown, Stage, writer } from './stage.mjs';

const [messages = 36_000, perSecond = 10] = process.argv.slice(2).map(Number);
const STEPS = 10;
/** What may come and go between two looks. */
const TOLERANCE = 1.1;

const stage = await Stage.open({ PARLOR_LIMITS: 'off' });
try {
  const page = await stage.inGeneral('reader');
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  const heap = async () => {
    await cdp.send('HeapProfiler.collectGarbage');
    const { metrics } = await cdp.send('Performance.getMetrics');
    const of = (name) => metrics.find((metric) => metric.name === name).value;
    return { mib: of('JSHeapUsedSize') / 2 ** 20, nodes: of('Nodes'), listeners: of('JSEventListeners') };
  };

  const { ask, close } = await writer(stage.server, 'writer');
  const seen = [];
  const begun = performance.now();
  for (let sent = 0; sent < messages;) {
    const due = Math.min(messages, Math.ceil((performance.now() - begun) / 1_000 * perSecond));
    for (; sent < due; sent += 1) void ask('send', { room: 'general', cid: `heap${sent}`, body: `message ${sent} with **some** text and \`code\`` });
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (sent >= (seen.length + 1) * messages / STEPS) {
      await shown(page, `message ${sent - 1}`);
      const now = await heap();
      seen.push(now);
      console.log(`${sent} messages: ${now.mib.toFixed(1)} MiB, ${now.nodes} nodes, ${now.listeners} listeners`);
    }
  }
  close();
  const [before, last] = [seen.at(-3), seen.at(-1)];
  for (const figure of ['mib', 'nodes', 'listeners']) {
    if (last[figure] > before[figure] * TOLERANCE) throw new Error(`it grows: ${figure} ${before[figure]}, then ${last[figure]}`);
  }
} finally { await stage.close(); }
