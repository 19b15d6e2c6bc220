// Unary calls over the native HTTP/2 client: a request's bytes go to the socket from where the encoder put them.
import { version } from '../../../package.json';
import { nativePart } from '../../native.ts';
import { Failure } from './failure.ts';
import type { Http2Addon, NativeChannelOptions } from './http2-addon.ts';
import { answerOf, cancelled, channelClosed, type UnaryAnswer, type UnaryChannel } from './unary.ts';

export type NativeTarget = Omit<NativeChannelOptions, 'userAgent'>;

/**
 * Nothing is connected before the first call.
 * @throws Error in OpenSSL's words when the TLS texts cannot be used
 */
export function openNativeChannel(target: NativeTarget): UnaryChannel {
  const http2 = nativePart<Http2Addon>('http2');
  const open = new Map<number, (answer: UnaryAnswer) => void>();
  let last = 0;
  let closed = false;
  const channel = http2.open({ ...target, userAgent: USER_AGENT }, (id, code, details, message) => {
    const answer = open.get(id);
    if (!answer) return; // cancelled, and answered by that
    answer(advised(answerOf(code, details, message), target));
  });
  return {
    call(path, body, { timeoutMs, signal }) {
      if (signal?.aborted) return Promise.resolve(cancelled());
      if (closed) return Promise.resolve(channelClosed('the channel is closed'));
      return new Promise(resolve => {
        const id = ++last;
        const end = (answer: UnaryAnswer) => {
          open.delete(id);
          signal?.removeEventListener('abort', cancel);
          resolve(answer);
        };
        const cancel = () => {
          http2.cancel(channel, id);
          end(cancelled());
        };
        open.set(id, end);
        signal?.addEventListener('abort', cancel);
        try {
          http2.call(channel, id, path, body, timeoutMs);
        } catch (error) {
          end(channelClosed(error instanceof Error ? error.message : String(error)));
        }
      });
    },
    close() {
      closed = true;
      http2.close(channel);
    },
  };
}

// --- internal ---

const MAY_WANT_TLS = '(the server may want TLS: then write https:// in `public.endpoint`)';
const USER_AGENT = `milvus-sink/${version}`;

/** A server that wants TLS hangs up, or says something that is no HTTP/2. */
function advised(answer: UnaryAnswer, { tls }: NativeTarget): UnaryAnswer {
  if (tls || 'body' in answer || !answer.failure.reason.startsWith('Failed to connect')) return answer;
  const { kind, label, reason, fix, errorCode } = answer.failure;
  return { failure: new Failure(kind, label, `${reason} ${MAY_WANT_TLS}`, fix, errorCode) };
}
