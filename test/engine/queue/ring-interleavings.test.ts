import { describe, expect, it } from 'vitest';
import * as shipped from '../../../engine/queue/index.ts';
import { exploreInterleavings } from './interleaving-explorer.ts';
import { ringScenarios } from './ring-interleavings.ts';

describe('every interleaving of the shipped ring is right', () => {
  for (const [name, scenario] of Object.entries(ringScenarios(shipped))) {
    it(name, () => {
      const { states, endings } = exploreInterleavings(scenario());
      expect(states).toBeGreaterThan(10);
      expect(endings).toBeGreaterThan(0);
      if (process.env['SHOW_STATES'] !== undefined) console.log(`${states} states, ${endings} endings: ${name}`);
    });
  }
});
