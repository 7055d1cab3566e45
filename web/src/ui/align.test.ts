import { describe, expect, it } from 'vitest';
import { align, lonePoints, newest } from './align';

const series = (points: (number | null)[][]) => ({ id: 'a', name: 'A', points });

describe('align', () => {
  it('bridges a minute that one series lacks and the other has', () => {
    const { times, columns } = align(
      [
        series([
          [0, 1],
          [60, 2],
          [120, 3],
        ]),
        series([
          [0, 5],
          [120, 6],
        ]),
      ],
      60,
    );
    expect(times).toEqual([0, 60, 120]);
    expect(columns[1]).toEqual([5, undefined, 6]);
  });

  it('breaks the line where more than three intervals are missing', () => {
    const { times, columns } = align(
      [
        series([
          [0, 1],
          [60, 2],
          [600, 3],
          [660, 4],
        ]),
      ],
      60,
    );
    expect(times).toEqual([0, 60, 120, 600, 660]);
    expect(columns[0]).toEqual([1, 2, null, 3, 4]);
  });

  it('does not break a series that reports every five minutes', () => {
    const { columns } = align(
      [
        series([
          [0, 1],
          [300, 2],
          [600, 3],
          [900, 4],
        ]),
      ],
      60,
    );
    expect(columns[0]).toEqual([1, 2, 3, 4]);
  });

  it('keeps zero apart from no value', () => {
    expect(
      align(
        [
          series([
            [0, 0],
            [60, null],
          ]),
        ],
        60,
      ).columns[0],
    ).toEqual([0, undefined]);
    expect(
      newest([
        [0, 0],
        [60, null],
      ]),
    ).toEqual({ time: 0, value: 0 });
  });
});

describe('lonePoints', () => {
  it('are those without a neighbour to draw a line to', () => {
    expect(lonePoints([1, null, 2, 3, null, 4, null])).toEqual([0, 5]);
  });

  it('see past what the line bridges', () => {
    expect(lonePoints([1, undefined, 2, null, undefined, 3, undefined])).toEqual([5]);
  });

  it('are none in an unbroken line', () => {
    expect(lonePoints([1, 2, undefined, 3])).toEqual([]);
    expect(lonePoints([])).toEqual([]);
  });
});
