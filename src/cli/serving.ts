import { catchInterrupt, type SignalSource } from './interrupt.js';
import { openBrowser } from './open-browser.js';

interface ServingEnvironment {
  readonly stderr: { write(text: string): unknown };
  readonly signals: SignalSource;
  readonly openBrowser?: (url: string) => void;
}

/** Prints where the viewer is (also with --quiet: nobody can guess a token), and opens it where asked to. */
export function announceViewer(
  urls: readonly string[],
  options: { open?: boolean },
  env: ServingEnvironment,
): void {
  env.stderr.write(`Viewer: ${urls.join('  or  ')}\n`);
  if (options.open) (env.openBrowser ?? openBrowser)(urls[0]!);
}

/** Keeps the viewer up until Ctrl-C or SIGTERM. */
export async function serveUntilInterrupt(env: ServingEnvironment): Promise<void> {
  env.stderr.write('The viewer stays open until Ctrl-C.\n');
  const interrupt = catchInterrupt(() => undefined, env.signals);
  try {
    await new Promise<void>((resolve) =>
      interrupt.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
  } finally {
    interrupt.dispose();
  }
}
