import { expect, it } from 'vitest';
import { heldInMemoryNotice } from '../../../engine/graph/held-in-memory.ts';
import { describePlan } from '../../../engine/plan/describe-plan.ts';
import { plan } from '../../../engine/plan/planner.ts';
import { broadcastJoin, collect, count, global, type Job, job, session, sliding, sortByTime } from '../../../index.ts';

const planOf = (job: Job): string => {
  const graph = job.graph({});
  return describePlan(graph, plan(graph, { workers: 1 })).renderText();
};

it('says of plan and notice which state no folder takes, and of no other', () => {
  const mixed = job('mixed', (flow) => {
    const records = flow.from([{ key: 'a', at: 1 }]).eventTime((record) => record.at);
    const keyed = records.keyBy((record) => record.key);
    keyed
      .window(session({ gapMs: 5 }))
      .aggregate(count())
      .to(collect('sessions'));
    keyed
      .window(global({ everyCount: 2 }))
      .aggregate(count())
      .to(collect('global'));
    keyed
      .window(sliding({ sizeMs: 5 }))
      .aggregate(count())
      .to(collect('sliding'));
    const rows = flow.from([{ key: 'a', name: 'one' }]).keyBy((row) => row.key);
    broadcastJoin(keyed, rows, { select: (record, row) => ({ ...record, ...row }) }).to(collect('beside'));
    sortByTime(keyed).to(collect('sorted'));
  });
  const held = planOf(mixed)
    .split('\n')
    .filter((line) => line.includes('held in memory: '))
    .map((line) => line.replace(/.*held in memory: /, ''));
  expect(held.sort()).toEqual([
    'records that wait for their time',
    'records that wait for their time',
    'the rows of the side input',
  ]);
  const notice = heldInMemoryNotice(mixed.graph({}))!;
  for (const what of held) expect(notice).toContain(what);
  const spilling = job('spilling', (flow) => {
    flow
      .from(['a'])
      .keyBy((key) => key)
      .aggregate(count())
      .to(collect('counts'));
  });
  expect(planOf(spilling)).not.toContain('held in memory');
  expect(heldInMemoryNotice(spilling.graph({}))).toBeUndefined();
});
