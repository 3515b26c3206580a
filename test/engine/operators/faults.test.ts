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

  it('says about where the source was when nothing nearer is known', () => {
    expect(letterOf(new TypeError('no such field'), 'at or before a.ndjson line 9')).toMatchObject({
      position: 'at or before a.ndjson line 9',
      code: 'ERR_OPERATOR',
      message: 'no such field',
    });
  });
});
