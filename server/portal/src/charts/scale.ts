// Where the charts place what they draw.

/** A round number of which about `count` make `top`: 1, 2 or 5 times a power of ten. */
function roundStep(top: number, count: number): number {
  const power = 10 ** Math.floor(Math.log10(top / count));
  const share = top / count / power;
  return power * (share > 7 ? 10 : share > 3 ? 5 : share > 1.4 ? 2 : 1);
}

export interface Axis {
  at(value: number): number;
  ticks: number[];
}

/** An axis of counts from 0 at `start` to a round number, no less than `top`, at `end`. */
export function axis(top: number, start: number, end: number, count = 4): Axis {
  const step = Math.max(1, roundStep(Math.max(1, top), count));
  const steps = Math.max(1, Math.ceil(top / step));
  return {
    at: (value) => start + (value / (steps * step)) * (end - start),
    ticks: Array.from({ length: steps + 1 }, (_, i) => i * step),
  };
}

/** The i-th of `count` places, the first at `start` and the last at `end`; one alone stands in the middle. */
export function place(i: number, count: number, start: number, end: number): number {
  return count > 1 ? start + (i * (end - start)) / (count - 1) : (start + end) / 2;
}

/** An SVG path through the points; null is a gap. */
export function line(points: ([x: number, y: number] | null)[]): string {
  return points.map((point, i) => point && `${i && points[i - 1] ? 'L' : 'M'}${point}`).join('');
}
