import { spawn } from 'node:child_process';

/** Asks the desktop to open an address; a machine without one just does nothing. */
export function openBrowser(url: string, platform: NodeJS.Platform = process.platform): void {
  const [program, ...before] =
    platform === 'darwin'
      ? ['open']
      : platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler']
        : ['xdg-open'];
  const child = spawn(program!, [...before, url], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
