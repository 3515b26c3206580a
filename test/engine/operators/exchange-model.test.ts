// What goes through an exchange arrives once, in order, and before what was promised behind it: whatever records, watermarks and receivers do.

import fc from 'fast-check';
import { describe, it } from 'vitest';
import { int32, nullable, optional, string } from '../../../engine/frame/column-types.ts';
import { type RecordSchema, record } from '../../../engine/frame/index.ts';
import { LIMITS } from '../../../engine/limits.ts';
import { LanePair } from '../frame/lane-pair.ts';
import { ExchangeModel, type Made, type ModelSettings } from './exchange-model.ts';

class Trade {
  readonly id: number;
  readonly n: number;

  constructor(id: number) {
    this.id = id;
    this.n = id;
  }
}

type Fields = Record<string, unknown> & { readonly id: number };

/** What records mostly are. */
const SHAPES: readonly ((id: number) => unknown)[] = [
  (id) => ({ id, n: id }),
  (id) => ({ id, n: id, s: `n${id % 7}` }),
  (id) => ({
    id,
    n: id / 2,
    s: id % 3 === 0 ? null : 'x',
    when: new Date(id),
    raw: new Uint8Array([id & 255]),
    own: [id],
  }),
  (id) => (id % 2 === 0 ? { id, n: id, s: 'even' } : { id, n: id }),
  (id) => ({ id, n: id, text: 'long'.repeat(id % 40) }),
  (id) => id,
  (id) => new Trade(id),
];

/** What some of them are instead. */
const ODDITIES: Readonly<Record<string, (id: number, fields: Fields) => unknown>> = {
  text: (_, fields) => ({ ...fields, n: 'text' }),
  fraction: (_, fields) => ({ ...fields, n: 1.5 }),
  beyondInt32: (_, fields) => ({ ...fields, n: 2 ** 31 }),
  minusZero: (_, fields) => ({ ...fields, n: -0 }),
  notANumber: (_, fields) => ({ ...fields, n: Number.NaN }),
  null: (_, fields) => ({ ...fields, n: null, s: null }),
  undefined: (_, fields) => ({ ...fields, n: undefined, s: undefined }),
  absent: (id) => ({ id }),
  more: (_, fields) => ({ ...fields, more: 'm' }),
  swapped: (id, fields) => ({ ...Object.fromEntries(Object.entries(fields).reverse()), id }),
  bigint: (_, fields) => ({ ...fields, n: 7n }),
  hugeBigint: (_, fields) => ({ ...fields, n: 2n ** 100n }),
  date: (_, fields) => ({ ...fields, n: new Date(Number.NaN) }),
  bytes: (_, fields) => ({ ...fields, s: new Uint8Array([1, 2, 3]) }),
  nested: (id, fields) => ({ ...fields, n: { deep: [id, { id }] } }),
  wide: (_, fields) => ({ ...fields, s: 'кл\ud800' }),
  long: (_, fields) => ({ ...fields, s: 'x'.repeat(900) }),
  number: (id) => id,
  string: (id) => `${id}th`,
  getter: (id, fields) => ({
    ...fields,
    get n() {
      return id;
    },
  }),
  keyless: (_, fields) => ({ ...fields, keyless: true }),
};

/** What no lane takes, or only a large one. */
const IMPOSSIBLE: Readonly<Record<string, (id: number, fields: Fields) => unknown>> = {
  function: (_, fields) => ({ ...fields, n: () => 1 }),
  symbol: (_, fields) => ({ ...fields, s: Symbol('s') }),
  huge: (_, fields) => ({ ...fields, s: 'x'.repeat(5_000) }),
  unreadable: (_, fields) => ({
    ...fields,
    get n(): number {
      throw new RangeError('not today');
    },
  }),
};

const KINDS = { ...ODDITIES, ...IMPOSSIBLE };

/** So many records of one shape that their strings travel as codes, to each receiver of three. */
const CODED = 4_700;

interface Oddity {
  readonly at: number;
  readonly run: number;
  readonly kind: string;
}

const DECLARED = record({
  id: int32,
  n: optional(nullable(int32)),
  s: optional(nullable(string)),
}) as RecordSchema<unknown>;

/** What comes out of a record that is declared: encoded alone. */
function declaredCopy(given: unknown): { readonly of: unknown } | undefined {
  try {
    return { of: new LanePair({ schema: DECLARED }).send([given])[0] };
  } catch {
    return undefined;
  }
}

function make(id: number, shape: number, odd: string | undefined, settings: ModelSettings): Made {
  const { laneBytes, replaces, schema } = settings;
  const copyOf = (given: unknown): { readonly of: unknown } | undefined =>
    schema === undefined ? { of: structuredClone(given) } : declaredCopy(given);
  const usual = SHAPES[shape]!(id);
  // Dead letters are made by the engine: they can be read.
  if (odd === undefined || (odd === 'unreadable' && replaces)) {
    return { record: usual, copy: copyOf(usual), keyless: false };
  }
  const given = KINDS[odd]!(id, typeof usual === 'object' ? (usual as Fields) : { id, n: id });
  const arrives = !(odd in IMPOSSIBLE) || (odd === 'huge' && laneBytes > LIMITS.minLaneBytes);
  return { record: given, copy: arrives ? copyOf(given) : undefined, keyless: odd === 'keyless' };
}

const oddity: fc.Arbitrary<Oddity> = fc.record({
  at: fc.nat({ max: 700 }),
  run: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 200 })),
  kind: fc.constantFrom(...Object.keys(KINDS)),
});

const sender = fc.nat({ max: 1 });

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('batch' as const),
        sender,
        count: fc.oneof(fc.integer({ min: 1, max: 20 }), { weight: 2, arbitrary: fc.integer({ min: 100, max: 600 }) }),
        shape: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.nat({ max: SHAPES.length - 1 })),
        odd: fc.oneof(fc.constant<Oddity[]>([]), fc.array(oddity, { minLength: 1, maxLength: 3, size: 'max' })),
        atOnce: fc.constantFrom(512, 512, 512, 7, 100),
        /** What the actor does between two slices. */
        between: fc.constantFrom('nothing', 'nothing', 'flush', 'trickle', 'read'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('partials' as const),
        sender,
        count: fc.integer({ min: 1, max: 300 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('advance' as const), sender, times: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('idle' as const), sender }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('flush' as const, 'trickle' as const), sender }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('read' as const),
        frames: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constant(1_000)),
      }),
    },
  ),
  { minLength: 4, maxLength: 16, size: 'max' },
);

const settings: fc.Arbitrary<ModelSettings> = fc.record({
  senders: fc.integer({ min: 1, max: 2 }),
  receivers: fc.constantFrom(1, 1, 2, 3),
  laneBytes: fc.constantFrom(LIMITS.minLaneBytes, LIMITS.minLaneBytes, LIMITS.defaultLaneBytes),
  keys: fc.constantFrom(1, 5, 1_000),
  schema: fc.constantFrom(undefined, undefined, DECLARED),
  compiled: fc.constantFrom(true, true, true, false),
  beside: fc.constantFrom('nothing', 'nothing', 'nothing', 'in turn', 'to all'),
  replaces: fc.boolean(),
  receivesAtOnce: fc.constantFrom(512, 512, 100),
});

describe('an exchange', () => {
  it('brings every record once, in order, and before each watermark that came behind it', () => {
    fc.assert(
      fc.property(settings, steps, fc.constantFrom(0, 0, 0, 0, 0, CODED), (chosen, script, first) => {
        const model = new ExchangeModel(chosen);
        let next = 0;
        let watermarkMs = 0;
        const usual = Array.from({ length: first }, () => make(next++, 1, undefined, chosen));
        model.senders[0]!.push(usual, 0, 512, model.readFrame, () => {});
        for (const step of script) {
          const from = model.senders[('sender' in step ? step.sender : 0) % chosen.senders]!;
          switch (step.kind) {
            case 'batch': {
              const batch = Array.from({ length: step.count }, (_, i) => {
                const odd = step.odd.find(({ at, run }) => i >= at % step.count && i < (at % step.count) + run);
                return make(next++, step.shape, odd?.kind, chosen);
              });
              const between = (): void => {
                if (step.between === 'flush') for (const outlet of from.outlets) outlet.flush();
                else if (step.between === 'trickle') for (const outlet of from.outlets) outlet.trickle();
                else if (step.between === 'read') model.readFrame();
              };
              from.push(batch, next, step.atOnce, model.readFrame, between);
              break;
            }
            case 'partials':
              for (let i = 0; i < step.count; i++) from.pushPartial({ id: next++ }, next, model.readFrame);
              break;
            case 'advance':
              for (let i = 0; i < step.times; i++) from.advance((watermarkMs += 10));
              break;
            case 'idle':
              from.advance(Number.NaN);
              break;
            case 'flush':
              for (const outlet of from.outlets) outlet.flush();
              break;
            case 'trickle':
              for (const outlet of from.outlets) outlet.trickle();
              break;
            case 'read':
              for (let i = 0; i < step.frames && model.readFrame(); i++);
          }
        }
        model.end();
      }),
      { numRuns: 150 },
    );
  }, 120_000);
});
