// Percentile spectra as one SVG: several runs over each other, with a legend. Any process; a pure function of its input.
//
//   time |                       ___/ run B        x: each further nine as wide as the first
//        |        ______________/ ___/             y: decades of time
//        |_______/_______________/      run A
//        0 %  50 %  90 %  99 %  99.9 %
//
// Self-contained: no script, no font, no reference to anything outside. It follows the reader's choice of light or dark.

import { shareAxis, timeAxis } from './axes.ts';
import type { Spectrum } from './spectrum.ts';

export interface SpectrumPlot {
  readonly title: string;
  /** Drawn in this order; told apart by colour up to eight, by dashes beyond. */
  readonly spectra: readonly Spectrum[];
}

const WIDTH = 860;
const PLOT_HEIGHT = 360;
const MARGIN = { top: 48, right: 28, bottom: 52, left: 76 };
const LEGEND_LINE = 20;

/** Told apart by readers with any kind of colour vision (after Okabe and Ito), the darker ones brightened on a dark ground. */
const COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ['#0072b2', '#56b4e9'],
  ['#d55e00', '#ff8c42'],
  ['#009e73', '#2fd6a3'],
  ['#b0479a', '#e58fd0'],
  ['#8a6d00', '#f0d442'],
  ['#444444', '#dddddd'],
  ['#6a51c8', '#a898ff'],
  ['#a3000b', '#ff7d85'],
];
const DASHES = ['', '6 3', '2 3', '10 3 2 3'];

export function plotSpectra({ title, spectra }: SpectrumPlot): string {
  const x = shareAxis(spectra);
  const y = timeAxis(spectra);
  const right = WIDTH - MARGIN.right;
  const bottom = MARGIN.top + PLOT_HEIGHT;
  const height = bottom + MARGIN.bottom + spectra.length * LEGEND_LINE;
  const atX = (share: number): string => round(MARGIN.left + share * (right - MARGIN.left));
  const atY = (share: number): string => round(bottom - share * PLOT_HEIGHT);
  const grid = [
    ...x.ticks.flatMap(({ at, label }) => [
      `<line class="grid" x1="${atX(at)}" y1="${MARGIN.top}" x2="${atX(at)}" y2="${bottom}"/>`,
      `<text class="tick" text-anchor="middle" x="${atX(at)}" y="${bottom + 18}">${escapeXml(label)}</text>`,
    ]),
    ...y.ticks.flatMap(({ at, label }) => [
      `<line class="grid" x1="${MARGIN.left}" y1="${atY(at)}" x2="${right}" y2="${atY(at)}"/>`,
      `<text class="tick" text-anchor="end" x="${MARGIN.left - 8}" y="${atY(at - 4 / PLOT_HEIGHT)}">${escapeXml(label)}</text>`,
    ]),
  ];
  const lines = spectra.map(({ name, points }, index) => {
    const path = points.map(({ share, valueNs }) => `${atX(x.place(share))},${atY(y.place(valueNs))}`).join(' ');
    return `<polyline class="run ${classOf(index)}"${dashOf(index)} points="${path}"><title>${escapeXml(name)}</title></polyline>`;
  });
  const legend = spectra.flatMap(({ name }, index) => {
    const line = bottom + MARGIN.bottom + index * LEGEND_LINE;
    return [
      `<line class="run ${classOf(index)}"${dashOf(index)} x1="${MARGIN.left}" y1="${line}" x2="${MARGIN.left + 34}" y2="${line}"/>`,
      `<text x="${MARGIN.left + 44}" y="${line + 4}">${escapeXml(name)}</text>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${styleSheet()}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}"/>`,
    `<text class="title" x="${MARGIN.left}" y="28">${escapeXml(title)}</text>`,
    ...grid,
    ...lines,
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

/** The same as a page of its own. */
export function plotPage(plot: SpectrumPlot): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">',
    `<title>${escapeXml(plot.title)}</title>`,
    '<style>body{margin:1rem auto;max-width:900px}svg{max-width:100%;height:auto}</style>',
    '</head><body>',
    `${plotSpectra(plot)}</body></html>`,
    '',
  ].join('\n');
}

function styleSheet(): string {
  const colours = (which: 0 | 1): string =>
    COLOURS.map((pair, index) => `.run.c${index}{stroke:${pair[which]}}`).join('');
  return [
    'text{font:12px system-ui,sans-serif;fill:#222}.title{font-size:15px;font-weight:600}.tick{fill:#555}',
    '.ground{fill:#fff}.grid{stroke:#ddd;stroke-width:1}.run{fill:none;stroke-width:2}',
    colours(0),
    '@media (prefers-color-scheme:dark){text{fill:#eee}.tick{fill:#aaa}.ground{fill:#16181d}.grid{stroke:#3a3f4a}',
    `${colours(1)}}`,
  ].join('');
}

function classOf(index: number): string {
  return `c${index % COLOURS.length}`;
}

function dashOf(index: number): string {
  const dash = DASHES[Math.floor(index / COLOURS.length) % DASHES.length]!;
  return dash === '' ? '' : ` stroke-dasharray="${dash}"`;
}

/** For text and attributes. Control characters and lone surrogates, which XML 1.0 has no way to write, become the replacement character. */
function escapeXml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;')
  );
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
