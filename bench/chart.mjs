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
const isOwn = (/** @type {{ library: string }} */ { library }) => library === "namestore";

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
    scale: { type: "log", domain: [0.4, 30], nice: false },
    axis: { values: [0.5, 1, 2, 5, 10, 20], format: "~g", title: "CPU time a call, relative to a bare Map" },
  };
  const y = { field: "operation", type: "nominal", sort: SHOWN, axis: { title: null } };
  const libraries = Object.keys(COLOURS);
  const legend = { title: null, symbolOpacity: 1 };
  const color = {
    field: "library",
    type: "nominal",
    scale: { domain: libraries, range: Object.values(COLOURS) },
    legend,
  };
  const shapes = libraries.map((library) => (library === "namestore" ? "diamond" : "circle"));
  const shape = { field: "library", type: "nominal", scale: { domain: libraries, range: shapes }, legend };
  const alone = SHOWN.filter((operation) => points.every((point) => point.operation !== operation || isOwn(point)));
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
      {
        data: { values: [{ ratio: 1 }] },
        mark: { type: "rule", color: "#555", strokeWidth: 1.5 },
        encoding: { x },
      },
      {
        data: { values: alone.map((operation) => ({ operation, ratio: 1.15 })) },
        mark: {
          type: "text",
          align: "left",
          text: "none of the six others has it",
          fontStyle: "italic",
          color: "#767676",
        },
        encoding: { x, y },
      },
      {
        transform: [{ filter: `!(${OWN})` }],
        mark: { type: "point", filled: true, size: 70, opacity: 0.85 },
        encoding: { x, y, color, shape },
      },
      {
        transform: [{ filter: OWN }],
        mark: { type: "point", filled: true, size: 190, opacity: 1 },
        encoding: { x, y, color, shape },
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
      legend: { labelFontSize: 12, symbolSize: 90, rowPadding: 5 },
      title: { fontSize: 15, subtitleFontSize: 12, subtitleColor: "#555" },
      view: { stroke: null },
    },
  };
}
