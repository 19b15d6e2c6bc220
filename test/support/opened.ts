// What a test has opened, closed behind it.
import { afterEach } from 'bun:test';

/** A list for what the tests of a file open: after each of them all of it is ended, the last first. */
export function openedByTests(): { close?(): void; stop?(): Promise<void> }[] {
  const open: { close?(): void; stop?(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) {
      one.close?.();
      await one.stop?.();
    }
  });
  return open;
}
