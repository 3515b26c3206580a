import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../../engine/errors/millrace-error.ts';
import type { DeadLetter, OperatorNode } from '../../../engine/graph/operator-node.ts';
import { Faults } from '../../../engine/operators/faults.ts';

const node: OperatorNode = {
  id: 3,
  operation: { kind: 'map', fn: (record) => record },
  inputs: [],
  name: 'parse',
  named: true,
  parallelism: undefined,
  policy: 'dead-letter',
};

function letterOf(thrown: unknown, near?: string): DeadLetter {
  const letters: DeadLetter[] = [];
  const counters = { recordsSkipped: () => {}, recordsDeadLettered: () => {} };
  const faults = new Faults({ job: 'j', stage: 's', worker: 1 }, counters);
  faults.deadLetters.set(node.id, (letter) => letters.push(letter));
  faults.near = () => near;
  faults.handle(node, thrown, { id: 7 }, () => undefined, 'ERR_OPERATOR');
  return letters[0]!;
}

describe('a dead letter', () => {
  it('says where the record stood apart from why it was refused', () => {
    const thrown = new MillraceError('ERR_MALFORMED_INPUT', 'A line must be one JSON value', {
      place: { position: 'a.ndjson line 4, byte 83' },
    });
    expect(letterOf(thrown, 'at or before a.ndjson line 9')).toEqual({
      job: 'j',
      stage: 's',
      operator: 'parse',
      worker: 1,
      position: 'a.ndjson line 4, byte 83',
      code: 'ERR_MALFORMED_INPUT',
      message: 'A line must be one JSON value',
      record: { id: 7 },
    });
  });

  it('is what the message of malformed input proposes, when that fails the job', () => {
    const counters = { recordsSkipped: () => {}, recordsDeadLettered: () => {} };
    const thrown = new MillraceError('ERR_MALFORMED_INPUT', "Column 'a' is declared 'number': \"x\" is none.", {
      place: { position: 'a.csv line 2, byte 22' },
      cause: 'why',
    });
    const faults = new Faults({ job: 'j', stage: 's', worker: 1 }, counters);
    const failing: OperatorNode = { ...node, policy: 'fail' };
    const failed = (): void => faults.handle(failing, thrown, 'x', () => undefined, 'ERR_MALFORMED_INPUT');
    expect(failed).toThrowError(
      `Column 'a' is declared 'number': "x" is none. To go on without such records, give the source .onError('skip') or a dead-letter sink ` +
        `(job 'j', stage 's', operator 'parse', worker 1, position a.csv line 2, byte 22)`,
    );
    expect(failed).toThrowError(expect.objectContaining({ code: 'ERR_MALFORMED_INPUT', cause: 'why' }) as Error);
  });

  it('says about where the source was when nothing nearer is known', () => {
    expect(letterOf(new TypeError('no such field'), 'at or before a.ndjson line 9')).toMatchObject({
      position: 'at or before a.ndjson line 9',
      code: 'ERR_OPERATOR',
      message: 'no such field',
    });
  });
});
