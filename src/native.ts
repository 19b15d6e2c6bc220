// Our own native code, which is linked into the official Kafka client's addon (src/native/addon.cc).
import { loadFailure } from './native-load.ts';

/** Bytes that native code has made and keeps, e.g. an encoded request (`sink::Bytes` in native/node-api.h). */
export interface NativeBytes {
  readonly nativeBytes: unique symbol;
}

let loaded: Record<string, unknown> | undefined;

/**
 * One part of it, by the name under which it registers itself; the caller knows its type. Loaded at the first call.
 * @throws SinkError NATIVE_LOAD when it cannot be loaded
 */
export function nativePart<T>(name: 'decode' | 'http2' | 'poller' | 'rows' | 'vectors'): T {
  if (!loaded) {
    try {
      // A static require with a specifier that scripts/native/plugin.ts resolves, so that the bundler embeds it.
      loaded = (require('milvus-sink-native.node') as { sink: Record<string, unknown> }).sink;
    } catch (error) {
      throw loadFailure(error, process.env);
    }
  }
  return loaded[name] as T;
}
