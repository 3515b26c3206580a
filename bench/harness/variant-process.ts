// The process of one variant in one round: runs it once, sends the sample to its parent, ends. Started by rounds.ts with fork().
//
//   node variant-process.js <bench> <variant> <full|quick>

import { benchNamed } from '../registry.ts';
import type { Sample } from './bench.ts';

export type VariantMessage = { readonly sample: Sample } | { readonly failure: string };

const [benchName, variantName, scale] = process.argv.slice(2);

function answer(message: VariantMessage): void {
  // disconnect() only after the message has left; it also lets the process end.
  process.send!(message, () => process.disconnect());
}

try {
  const variant = benchNamed(benchName!)?.variants.find(({ name }) => name === variantName);
  if (variant === undefined) throw new Error(`there is no variant '${variantName}' of a bench '${benchName}'`);
  answer({ sample: await variant.run({ quick: scale === 'quick' }) });
} catch (error) {
  answer({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
