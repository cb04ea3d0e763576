import { bashExpansion, knownOperators } from './bash-expansion.ts';

export interface ExpandOptions {
  /** The value of a key, or undefined when there is none. */
  lookup(key: string): string | undefined;
  /** Whether `${KEY<operator>}` is a bash expansion; it is left as it stands otherwise. */
  readonly dynamic: boolean;
}

export interface Expanded {
  readonly text: string;
  /** Every key that the template names, found or not. */
  readonly keys: readonly string[];
  readonly errors: readonly string[];
}

/** The index of the brace that closes the one before `from`; -1 when none does. */
function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let index = from; index < text.length; index += 1) {
    if (text.startsWith('${', index)) depth += 1;
    else if (text[index] === '}') {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  return -1;
}

/**
 * One string with its substitutions made: `$KEY`, `${KEY}`, `$$` for a dollar sign, and with `dynamic` the bash
 * expansions. Lower-case names (`$foo`, `${foo}`) are the shell's and stay. A key without a value becomes "".
 */
export function expandTemplate(template: string, options: ExpandOptions): Expanded {
  const keys: string[] = [];
  const errors: string[] = [];
  const valueOf = (key: string): string => {
    keys.push(key);
    return options.lookup(key) ?? '';
  };
  const token = /\$(?:(\$)|\{([A-Z_][A-Z0-9_]*)|([A-Z_][A-Z0-9_]*))/g;
  let text = '';
  let end = 0;
  for (let found = token.exec(template); found; found = token.exec(template)) {
    const [whole, dollar, braced, bare] = found;
    text += template.slice(end, found.index);
    end = found.index + whole.length;
    if (dollar !== undefined) text += '$';
    else if (bare !== undefined) text += valueOf(bare);
    else if (template[end] === '}') {
      text += valueOf(braced ?? '');
      end += 1;
    } else {
      const close = options.dynamic ? closingBrace(template, end) : -1;
      if (close < 0 || /^[A-Za-z]/.test(template.slice(end))) text += whole;
      else {
        const operand = expandTemplate(template.slice(end, close), options);
        keys.push(...operand.keys);
        errors.push(...operand.errors);
        const expanded = bashExpansion(valueOf(braced ?? ''), operand.text);
        const source = template.slice(found.index, close + 1);
        if (expanded === undefined)
          errors.push(`${source}: this expansion is not supported; these are: ${knownOperators}`);
        text += expanded ?? '';
        end = close + 1;
      }
    }
    token.lastIndex = end;
  }
  return { text: text + template.slice(end), keys, errors };
}
