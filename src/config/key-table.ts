// The README's tables of keys, made of what keys.ts declares.
import { KEY_NAMES, type KeyName, specOf } from './keys.ts';
import { allowed } from './value/schema.ts';

/** In markdown: a table for each origin and side. */
export function renderKeyTable(): string {
  const origins = ['kafka-connect-milvus', 'Kafka Connect', 'milvus-sink'] as const;
  const parts: string[] = [];
  for (const origin of origins) {
    for (const side of ['connector', 'worker'] as const) {
      const names = KEY_NAMES.filter(name => specOf(name).origin === origin && specOf(name).side === side);
      if (names.length === 0) continue;
      parts.push(`**Keys of ${origin}, in the ${side}'s file**`, '');
      parts.push('| key | default | allowed | meaning |', '|---|---|---|---|', ...names.map(renderRow), '');
    }
  }
  return parts.join('\n').trimEnd();
}

// --- internal ---

function renderRow(name: KeyName): string {
  const spec = specOf(name);
  const standard =
    spec.default === undefined
      ? (spec.unset ?? (spec.required ? 'required' : 'none'))
      : `\`${spec.default || '""'}\``;
  const cells = [`\`${name}\``, standard, allowed(spec.schema), spec.documentation];
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
