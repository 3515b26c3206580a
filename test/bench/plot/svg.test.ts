import { describe, expect, it } from 'vitest';
import { spectrumOf } from '../../../bench/plot/spectrum.ts';
import { plotPage, plotSpectra } from '../../../bench/plot/svg.ts';
import { recorded } from '../hdr/recorded.ts';
import { elementsOf } from './well-formed.ts';

const thousand = Array.from({ length: 1000 }, (_, i) => (i + 1) * 1_000);
const fast = spectrumOf('fast', recorded(thousand));
const slow = spectrumOf('slow', recorded(thousand.map((value) => value * 100)));

const runsOf = (svg: string) => elementsOf(svg).filter(({ name }) => name === 'polyline');
const pointsOf = (run: { attributes: Readonly<Record<string, string>> }): number[][] =>
  run.attributes['points']!.split(' ').map((pair) => pair.split(',').map(Number));

describe('a plot of spectra', () => {
  it('is well-formed, and holds every run as a line and in the legend', () => {
    const svg = plotSpectra({ title: 'two runs', spectra: [fast, slow] });
    const elements = elementsOf(svg);
    expect(elements.at(-1)!.name).toBe('svg');
    expect(runsOf(svg)).toHaveLength(2);
    const named = elements.filter(({ name, path }) => name === 'title' && path.at(-1) === 'polyline');
    expect(named.map(({ text }) => text)).toEqual(['fast', 'slow']);
    const labels = elements.filter(({ name }) => name === 'text').map(({ text }) => text);
    expect(labels).toEqual(expect.arrayContaining(['two runs', 'fast', 'slow', '99.9 %', '99.99 %', '1 ms', '100 ms']));
  });

  it('draws from left to right and upwards, the slower run above the faster one', () => {
    const [below, above] = runsOf(plotSpectra({ title: '', spectra: [fast, slow] })).map(pointsOf);
    for (const points of [below!, above!]) {
      for (let i = 1; i < points.length; i++) {
        expect(points[i]![0]).toBeGreaterThanOrEqual(points[i - 1]![0]!);
        expect(points[i]![1]).toBeLessThanOrEqual(points[i - 1]![1]!);
      }
    }
    // The axis of time points down in SVG.
    below!.forEach(([, y], i) => {
      expect(above![i]![1]).toBeLessThan(y!);
    });
  });

  it('gives each further nine as much room as the first', () => {
    const ticks = elementsOf(plotSpectra({ title: '', spectra: [fast] }))
      .filter(({ attributes }) => attributes['class'] === 'tick')
      .map(({ text, attributes }) => [text, Number(attributes['x'])] as const);
    const at = Object.fromEntries(ticks);
    expect(at['99 %']! - at['90 %']!).toBeCloseTo(at['90 %']! - at['0 %']!, 0);
    expect(at['99.99 %']! - at['99.9 %']!).toBeCloseTo(at['90 %']! - at['0 %']!, 0);
    expect(at['50 %']! - at['0 %']!).toBeCloseTo((at['90 %']! - at['0 %']!) * Math.log10(2), 0);
  });

  it('keeps all points inside its frame, also of values outside of any decade drawn', () => {
    const wide = spectrumOf('wide', recorded([0, 1, 2 ** 41]));
    const svg = plotSpectra({ title: '', spectra: [wide] });
    const root = elementsOf(svg).at(-1)!;
    const [, , width, height] = root.attributes['viewBox']!.split(' ').map(Number);
    for (const [x, y] of runsOf(svg).flatMap(pointsOf)) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(width!);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(height!);
    }
  });

  it('writes any name as it is, and lets none out of its place', () => {
    const named = (unwritable: readonly string[]): string =>
      `</title><script>alert("1")</script> & 'x' ]]> <!-- ${unwritable.join('')} ünï 漢 🐙`;
    const hostile = named(['\u0000', '\u0007', '\ud800']);
    const svg = plotSpectra({ title: hostile, spectra: [{ ...fast, name: hostile }] });
    const elements = elementsOf(svg);
    expect(elements.some(({ name }) => name === 'script')).toBe(false);
    const shown = named(['\ufffd', '\ufffd', '\ufffd']);
    expect(elements.filter(({ text }) => text === shown)).toHaveLength(4);
    expect(plotPage({ title: hostile, spectra: [fast] })).not.toContain('<script');
  });

  it('tells more runs apart than it has colours', () => {
    const spectra = Array.from({ length: 20 }, (_, i) => ({ ...fast, name: `run ${i}` }));
    const looks = runsOf(plotSpectra({ title: '', spectra })).map(
      ({ attributes }) => `${attributes['class']} ${attributes['stroke-dasharray']}`,
    );
    expect(new Set(looks).size).toBe(20);
  });

  it('needs nothing from outside, and reads in the light and in the dark', () => {
    for (const text of [plotSpectra({ title: 'x', spectra: [fast] }), plotPage({ title: 'x', spectra: [fast] })]) {
      expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|href|<script|@import|url\(/);
      expect(text).toContain('prefers-color-scheme:dark');
    }
  });

  it('is a plot without any run, or with one that holds nothing', () => {
    const empty = spectrumOf('empty', recorded([]));
    expect(empty.points).toEqual([]);
    expect(runsOf(plotSpectra({ title: '', spectra: [empty] }))).toHaveLength(1);
    expect(runsOf(plotSpectra({ title: '', spectra: [] }))).toHaveLength(0);
  });
});

describe('a spectrum', () => {
  it('has the percentiles of its histogram, and ends in the maximum', () => {
    const histogram = recorded(thousand);
    const { points } = spectrumOf('x', histogram);
    for (const { share, valueNs } of points.slice(0, -1)) {
      expect(valueNs).toBe(Math.min(histogram.getValueAtPercentile(share * 100), 1_000_000));
    }
    expect(points.at(-1)).toEqual({ share: 0.999, valueNs: 1_000_000 });
  });

  it('of one record is that record', () => {
    expect(spectrumOf('x', recorded([42])).points).toEqual([{ share: 0, valueNs: 42 }]);
  });
});
