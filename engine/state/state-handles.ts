// The handles of the states that were declared, in the order of their slots. On the thread of the actor.

import { ListHandle } from './list-state.ts';
import { MapHandle } from './map-state.ts';
import { ObjectHandle } from './object-state.ts';
import type { StateAccess } from './state-access.ts';
import type { StateSpecs, TimeToLive } from './state-spec.ts';
import { ValueHandle } from './value-state.ts';

/** Adds them to `access`, and returns them by name; nothing for the one object that a function makes. */
export function handlesFor(
  access: StateAccess,
  state: StateSpecs | (() => object) | undefined,
  otherwise: { readonly ttlMs: number | undefined; readonly ttlTime: TimeToLive['ttlTime'] },
): Readonly<Record<string, object>> | undefined {
  if (typeof state === 'function') {
    access.handles.push(new ObjectHandle(access, state, otherwise.ttlMs, otherwise.ttlTime));
    return undefined;
  }
  const byName: Record<string, object> = Object.create(null);
  for (const [name, spec] of Object.entries(state ?? {})) {
    const slot = access.handles.length;
    const ttlMs = spec.ttlMs ?? otherwise.ttlMs;
    const ttlTime = spec.ttlTime ?? otherwise.ttlTime;
    const handle =
      spec.kind === 'value'
        ? new ValueHandle(access, slot, spec.initial, ttlMs, ttlTime)
        : spec.kind === 'list'
          ? new ListHandle(access, slot, ttlMs, ttlTime)
          : new MapHandle(access, slot, ttlMs, ttlTime);
    access.handles.push(handle);
    byName[name] = handle;
  }
  return Object.freeze(byName);
}
