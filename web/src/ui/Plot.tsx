import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';
import { type Aligned, type Column, lonePoints } from './align';
import { exponentFrom, formatClock, formatDayMonth, formatValue } from './format';
import { tokenColor, useTheme } from './theme';

export type PlotProps = {
  data: Aligned;
  /** Number of the series' colour, 1 to 8. */
  colors: readonly number[];
  from: number;
  to: number;
  height: number;
  /** Charts of one page share their crosshair. */
  syncKey: string;
  onCursor: (index: number | null) => void;
  onZoom: (zoomed: boolean) => void;
};

/** Zooming is shared by the charts of a page, so resetting is too. */
const zooms = new Map<string, Set<() => void>>();

export function resetZoom(syncKey: string): void {
  for (const reset of zooms.get(syncKey) ?? []) reset();
}

const font = '11px "Geist Variable", sans-serif';

function options(
  element: HTMLElement,
  props: PlotProps,
  latest: { current: PlotProps; zoom: [number, number] | null },
): uPlot.Options {
  const ink = tokenColor('ink-3');
  const grid = tokenColor('line-weak');
  const axis: uPlot.Axis = { stroke: ink, font, ticks: { show: false }, border: { show: false } };
  return {
    width: element.clientWidth,
    height: props.height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 6 },
      sync: { key: props.syncKey },
      drag: { x: true, y: false, setScale: true },
    },
    scales: {
      x: {
        time: true,
        range: () => latest.zoom ?? [latest.current.from, latest.current.to],
      },
      y: {
        range: (_, low, high) => {
          if (low === null || high === null) return [0, 1];
          const pad = low === high ? Math.max(Math.abs(low) * 0.05, 0.5) : 0;
          return uPlot.rangeNum(low - pad, high + pad, 0.1, true);
        },
      },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        gap: 6,
        space: 70,
        // A label at the very end would be cut off.
        values: (u, splits) => {
          const { min = 0, max = 0 } = u.scales.x ?? {};
          const end = (max ?? 0) - ((max ?? 0) - (min ?? 0)) * 0.02;
          return splits.map((s) => {
            if (s > end) return null;
            return isMidnight(s) ? formatDayMonth(s * 1000) : formatClock(s * 1000);
          });
        },
      },
      {
        ...axis,
        grid: { stroke: grid, width: 1 },
        // As wide as its longest label, so that millions are not cut off.
        size: (_, labels) =>
          Math.max(46, 14 + Math.max(0, ...(labels ?? []).map((label) => label.length)) * 6.4),
        gap: 6,
        space: 34,
        values: (_, splits) => {
          const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0));
          // Millions are written short where that keeps neighbouring labels apart.
          const largest = Math.max(...splits.map(Math.abs));
          if (step >= 10_000 && largest >= 1e6 && largest < exponentFrom) {
            const decimals = decimalsOfStep(step / 1e6);
            return splits.map((s) => `${formatValue(s / 1e6, decimals)} M`);
          }
          return splits.map((s) => formatValue(s, decimalsOfStep(step)));
        },
      },
    ],
    series: [
      {},
      ...props.colors.map((color) => ({
        stroke: tokenColor(`series-${color}`),
        width: 1.5,
        points: {
          // A line through one point has no length.
          show: false,
          size: 5,
          fill: tokenColor(`series-${color}`),
          filter: (u: uPlot, index: number) => lonePoints(u.data[index] as Column),
        },
      })),
    ],
    hooks: {
      setCursor: [(u) => latest.current.onCursor(u.cursor.idx ?? null)],
      setSelect: [
        (u) => {
          if (u.select.width < 4) return;
          const low = u.posToVal(u.select.left, 'x');
          const high = u.posToVal(u.select.left + u.select.width, 'x');
          latest.zoom = [low, high];
          latest.current.onZoom(true);
        },
      ],
    },
  };
}

/** Midnight where the person is. */
function isMidnight(seconds: number): boolean {
  const time = new Date(seconds * 1000);
  return time.getHours() === 0 && time.getMinutes() === 0;
}

/** As few decimals as tell two neighbouring labels apart exactly. */
function decimalsOfStep(step: number): number {
  let decimals = 0;
  while (
    decimals < 6 &&
    Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6
  ) {
    decimals++;
  }
  return decimals;
}

const toUplot = (data: Aligned): uPlot.AlignedData =>
  [data.times, ...data.columns] as uPlot.AlignedData;

/** The canvas of a chart. What it shows in words and as a table is its surrounding's part. */
export default function Plot(props: PlotProps) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef<{ current: PlotProps; zoom: [number, number] | null }>({
    current: props,
    zoom: null,
  });
  latest.current.current = props;
  const theme = useTheme();
  const shape = `${theme} ${props.colors.join()} ${props.height} ${props.syncKey}`;

  // biome-ignore lint/correctness/useExhaustiveDependencies: data goes in below without a new canvas
  useEffect(() => {
    const host = element.current;
    if (!host) return;
    const state = latest.current;
    const created = new uPlot(
      options(host, state.current, state),
      toUplot(state.current.data),
      host,
    );
    plot.current = created;
    // Canvas does not wait for a web font by itself.
    void document.fonts
      ?.load(font)
      .then(() => plot.current === created && created.redraw(false, true));
    const { syncKey } = state.current;
    const reset = () => {
      if (!state.zoom) return;
      state.zoom = null;
      state.current.onZoom(false);
      created.setData(toUplot(state.current.data));
    };
    const together = zooms.get(syncKey) ?? new Set();
    zooms.set(syncKey, together.add(reset));
    created.over.addEventListener('dblclick', () => resetZoom(syncKey), { capture: true });
    const observer = new ResizeObserver(() => {
      if (host.clientWidth > 0 && host.clientWidth !== created.width) {
        created.setSize({ width: host.clientWidth, height: state.current.height });
      }
    });
    observer.observe(host);
    return () => {
      together.delete(reset);
      observer.disconnect();
      created.destroy();
      plot.current = null;
    };
  }, [shape]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: from and to move the x range, read in its callback
  useEffect(() => {
    plot.current?.setData(toUplot(props.data));
  }, [props.data, props.from, props.to]);

  return <div ref={element} style={{ height: props.height }} />;
}
