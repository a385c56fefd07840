import {
  BarController,
  BarElement,
  CategoryScale,
  Chart as ChartJs,
  Filler,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
  type ChartOptions,
} from "chart.js";
import { useEffect, useMemo, useState } from "react";
import { Chart } from "react-chartjs-2";

ChartJs.register(
  ...[BarController, BarElement, LineController, LineElement, PointElement],
  ...[CategoryScale, LinearScale, Filler, Legend, Tooltip],
);
ChartJs.defaults.font.family = getComputedStyle(document.documentElement).fontFamily;

export type Series = { label: string; values: (number | null)[]; kind?: "line" | "bar"; axis?: "left" | "right" };
export type ChartProps = {
  /** What the chart shows, in words, for who cannot see it. */
  summary: string;
  labels: string[];
  series: Series[];
  format?: (value: number) => string;
  /** Charts that move several times a second do not animate. */
  live?: boolean;
};

const COLOURS = ["--color-accent", "--color-warn", "--color-bad", "--color-muted"];

export default function ChartCanvas({ summary, labels, series, format, live = false }: ChartProps) {
  const colour = useColours();
  const data = {
    labels,
    datasets: series.map((one, index) => {
      const shade = colour(COLOURS[index % COLOURS.length] ?? "--color-accent");
      return {
        type: one.kind ?? ("line" as const),
        label: one.label,
        data: one.values,
        yAxisID: one.axis === "right" ? "right" : "y",
        borderColor: shade,
        backgroundColor: one.kind === "bar" ? shade : `color-mix(in srgb, ${shade} 12%, transparent)`,
        borderWidth: one.kind === "bar" ? 0 : 2,
        borderRadius: 4,
        order: one.kind === "bar" ? 1 : 0, // lines stand before bars
        pointRadius: labels.length > 40 ? 0 : 2,
        tension: 0.3,
        fill: one.kind !== "bar" && series.length === 1,
      };
    }),
  };
  const hasRight = series.some((one) => one.axis === "right");
  const options = useMemo<ChartOptions<"line" | "bar">>(() => {
    const ticks = { color: colour("--color-muted"), maxTicksLimit: 6 };
    const calm = live || window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    return {
      maintainAspectRatio: false,
      responsive: true,
      ...(calm ? { animation: false as const } : { animation: { duration: 400 } }),
      interaction: { mode: "index", intersect: false },
      plugins: {
        legend: { display: series.length > 1, labels: { color: colour("--color-ink"), boxWidth: 12 } },
        tooltip: format
          ? { callbacks: { label: (item) => `${item.dataset.label ?? ""}: ${format(Number(item.raw))}` } }
          : {},
      },
      scales: {
        x: { grid: { display: false }, ticks: { ...ticks, maxTicksLimit: 8, maxRotation: 0 } },
        y: {
          beginAtZero: true,
          border: { display: false },
          grid: { color: colour("--color-line") },
          ticks: format ? { ...ticks, callback: (value) => format(Number(value)) } : ticks,
        },
        ...(hasRight ? { right: { position: "right", beginAtZero: true, grid: { display: false }, ticks } } : {}),
      },
    };
  }, [colour, format, hasRight, live, series.length]);
  return <Chart type="line" role="img" aria-label={summary} data={data} options={options} />;
}

/** The tokens as they are now; a change of the theme draws anew. */
function useColours(): (token: string) => string {
  const [round, setRound] = useState(0);
  useEffect(() => {
    const again = (): void => setRound((before) => before + 1);
    const observer = new MutationObserver(again);
    observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", again);
    return () => {
      observer.disconnect();
      system.removeEventListener("change", again);
    };
  }, []);
  return useMemo(() => {
    void round;
    const resolved = new Map(
      [...COLOURS, "--color-ink", "--color-line"].map((token) => {
        const probe = document.createElement("span"); // a new one each: a change of colour may be a transition
        probe.style.color = `var(${token})`;
        document.body.append(probe);
        const { color } = getComputedStyle(probe);
        probe.remove();
        return [token, color] as const;
      }),
    );
    return (token: string) => resolved.get(token) ?? "gray";
  }, [round]);
}
