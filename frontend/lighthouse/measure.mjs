// node measure.mjs CATEGORIES URL…: Lighthouse (mobile) scores of each page as JSON, with what cost points; `times` in ms;
// `speed`: of the machine, about 2,700 when the one that this was written on had nothing else to do.
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const TIMES = { FCP: "first-contentful-paint", LCP: "largest-contentful-paint", TBT: "total-blocking-time" };

const [categories, ...urls] = process.argv.slice(2);
const chrome = await launch({
  chromePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  chromeFlags: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
});
try {
  const pages = [];
  for (const url of urls) pages.push(await settled(url));
  console.log(JSON.stringify(pages));
} finally {
  chrome.kill();
}

/** A page that Lighthouse could not measure (`error`) gets a second chance. */
async function settled(url) {
  const measured = await measure(url);
  return measured.error === null ? measured : measure(url);
}

async function measure(url) {
  const { lhr } = await lighthouse(url, { port: chrome.port, onlyCategories: categories.split(","), logLevel: "silent" });
  const scores = Object.values(lhr.categories).map(({ id, score }) => [id, Math.round((score ?? 0) * 100)]);
  const lost = Object.values(lhr.categories).flatMap(({ auditRefs }) =>
    auditRefs.filter(({ id, weight }) => weight > 0 && (lhr.audits[id].score ?? 1) < 1).map(({ id }) => id),
  );
  const times = Object.entries(TIMES).flatMap(([name, id]) => (lhr.audits[id] ? [[name, Math.round(lhr.audits[id].numericValue)]] : []));
  const error = lhr.runtimeError?.message ?? null;
  const speed = Math.round(lhr.environment.benchmarkIndex);
  return { url, scores: Object.fromEntries(scores), lost, error, times: Object.fromEntries(times), speed };
}
