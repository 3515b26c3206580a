import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Interruption } from '../../cli/interruption.ts';

function interrupted() {
  const signals = new EventEmitter();
  const stops: unknown[] = [];
  const said: string[] = [];
  const left: number[] = [];
  const handle = {
    stop: async (options?: { drain?: boolean }) => {
      stops.push(options);
      throw new Error('told by completed');
    },
  };
  const interruption = new Interruption(
    handle,
    signals,
    (text) => said.push(text),
    (code) => left.push(code),
  );
  return { signals, stops, said, left, interruption };
}

describe('an interrupted job', () => {
  it('drains at the first signal, aborts at the second and is left at the third', () => {
    const { signals, stops, said, left, interruption } = interrupted();
    expect(interruption.exitCode).toBeUndefined();
    signals.emit('SIGINT', 'SIGINT');
    expect(stops).toEqual([{ drain: true }]);
    expect(said[0]).toContain('Ctrl-C again to abort');
    signals.emit('SIGINT', 'SIGINT');
    expect(stops).toEqual([{ drain: true }, { drain: false }]);
    expect(said[1]).toContain('aborting');
    expect(left).toEqual([]);
    signals.emit('SIGINT', 'SIGINT');
    expect(left).toEqual([130]);
    expect(interruption.exitCode).toBe(130);
  });

  it('drains at SIGTERM too, with its own exit code', () => {
    const { signals, stops, interruption } = interrupted();
    signals.emit('SIGTERM', 'SIGTERM');
    signals.emit('SIGINT', 'SIGINT');
    expect(stops).toEqual([{ drain: true }, { drain: false }]);
    expect(interruption.exitCode).toBe(143);
  });

  it('leaves no listener behind', () => {
    const { signals, interruption } = interrupted();
    interruption.close();
    expect(signals.eventNames()).toEqual([]);
  });
});
