// `millrace plan`: prints how a job would run, without running it: its stages, what is fused, and the exchanges between them.

import type { CommandContext } from './command-context.ts';
import { EXIT_DONE } from './error-report.ts';
import { jobParams, jobUrl } from './job-source.ts';

export const PLAN_FORMATS = ['text', 'mermaid', 'json'] as const;

export interface PlanCommandOptions {
  workers?: number;
  param: string[];
  format: (typeof PLAN_FORMATS)[number];
}

export async function planCommand(path: string, options: PlanCommandOptions, context: CommandContext): Promise<number> {
  const plan = await context.engine.explain(await jobUrl(path), {
    params: jobParams(options.param),
    ...(options.workers === undefined ? {} : { workers: options.workers }),
  });
  const text = {
    text: () => plan.renderText(),
    mermaid: () => plan.renderMermaid(),
    json: () => JSON.stringify(plan, null, 2),
  }[options.format]();
  context.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  return EXIT_DONE;
}
