import { writeFile } from "node:fs/promises";
import { parse, View } from "vega";
import { compile } from "vega-lite";

/** What the chart shows: the plain calls, without their variants. */
const SHOWN = [
  "find, hit",
  "find, miss",
  "getOrSet, hit",
  "mGet of 100",
  "set",
  "set with a TTL",
  "set of a new key",
  "delete",
  "setNX of a live key",
  "compareAndSwap",
  "incr",
];

/** In the order of the legend; namestore stands out by size, shape and its figure beside it. */
const COLOURS = {
  namestore: "#d6004b",
  "lru-cache": "#1b7f79",
  "cache-manager": "#e08e0b",
  keyv: "#3b6fb6",
  unstorage: "#7a9a2f",
  cacheable: "#8a5fb0",
  bentocache: "#7d6e63",
};
const OWN = "datum.library === 'namestore'";

/** Writes chart.svg: the ratio on the limit, a row an operation and a point a library. */
export async function chart(/** @type {import("./report.mjs").Report} */ { data }) {
  const results = /** @type {{ operation: string, costs: Record<string, { ratio: number }> }[]} */ (data);
  const points = results
    .filter(({ operation }) => SHOWN.includes(operation))
    .flatMap(({ operation, costs }) =>
      Object.keys(COLOURS).flatMap((library) => {
        const ratio = costs[library]?.ratio;
        return ratio === undefined ? [] : [{ operation, library, ratio }];
      }),
    );
  const view = new View(parse(compile(/** @type {any} */ (specification(points))).spec), { renderer: "none" });
  await writeFile(new URL("chart.svg", import.meta.url), `${await view.toSVG()}\n`);
}

/**
 * Points and not bars: a log axis has no zero for a bar to start from.
 *
 * @param {{ operation: string, library: string, ratio: number }[]} points
 */
function specification(points) {
  const x = {
    field: "ratio",
    type: "quantitative",
    scale: { type: "log", domain: [0.3, 100], nice: false },
    axis: { values: [0.5, 1, 2, 5, 10, 20, 50, 100], format: "~g", title: "CPU time a call, relative to a bare Map" },
  };
  const y = { field: "operation", type: "nominal", sort: SHOWN, axis: { title: null } };
  const color = {
    field: "library",
    type: "nominal",
    scale: { domain: Object.keys(COLOURS), range: Object.values(COLOURS) },
    legend: { orient: "top", title: null, columns: 7, symbolOpacity: 1 },
  };
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    width: 620,
    height: { step: 27 },
    background: "white",
    padding: 12,
    title: {
      text: "Seven stores in memory, beside a bare Map",
      subtitle: "left is faster; 1 is a Map with a prefixed key and one promise a call",
      anchor: "start",
      offset: 10,
    },
    data: { values: points },
    layer: [
      { mark: { type: "rule", color: "#555", strokeWidth: 1.5 }, encoding: { x: { datum: 1, type: "quantitative" } } },
      {
        transform: [{ filter: `!(${OWN})` }],
        mark: { type: "point", filled: true, size: 70, opacity: 0.85 },
        encoding: { x, y, color },
      },
      {
        transform: [{ filter: OWN }],
        mark: { type: "point", filled: true, size: 190, shape: "diamond", opacity: 1 },
        encoding: { x, y, color },
      },
      {
        transform: [{ filter: OWN }],
        mark: { type: "text", align: "right", dx: -11, fontWeight: "bold", color: COLOURS.namestore },
        encoding: { x, y, text: { field: "ratio", format: ".2f" } },
      },
    ],
    config: {
      font: "Helvetica, Arial, sans-serif",
      axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", gridColor: "#e6e6e6" },
      axisY: { grid: true, labelLimit: 220, ticks: false, domain: false, labelPadding: 8 },
      legend: { labelFontSize: 12, symbolSize: 90 },
      title: { fontSize: 15, subtitleFontSize: 12, subtitleColor: "#555" },
      view: { stroke: null },
    },
  };
}
